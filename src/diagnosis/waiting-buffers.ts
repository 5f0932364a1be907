import type { CauseBasis, Evaluation } from '../trends/types.ts';
import { HOUR_S } from '../units.ts';
import { directBound, directBuffersGrow, hasNoExplicitCollections } from './direct-memory.ts';
import { withUnknownLeak } from './leak-of-causes.ts';
import type { RuleContext } from './rule-context.ts';

/** Growth that goes on for longer is that of a JVM which hardly collects at all. */
const MAX_WAIT_S = HOUR_S;

/**
 * The evaluation of direct buffers before the JVM's first collection since they grow. Buffers that nobody holds are freed by it, and it comes at the latest
 * where direct buffers end, if the limit of the container has room for that: until then it is open whether they leak.
 */
export function withWaitingBuffers(context: RuleContext): Evaluation {
  const { evaluation, steady } = context;
  if (evaluation.leak === false) return evaluation;
  const waits = steady.keep('direct buffers wait for a collection', mayWait(context), {
    atOnce: (published) => !published || hasCollected(context),
  });
  if (!waits) return evaluation;
  const basis = (one: CauseBasis): CauseBasis =>
    one.cause === 'native' && one.cappedBy !== 'heap-expansion' ? { ...one, cappedBy: 'collection' } : one;
  const open = withUnknownLeak(evaluation);
  return { ...open, causeBasis: open.causeBasis.map(basis) };
}

function mayWait(context: RuleContext): boolean {
  const { anonGrowth, evaluation } = context;
  const part = anonGrowth?.parts.find(({ id }) => id === 'direct-buffers');
  const isAlone = evaluation.causes.every(({ cause, reclaimable }) => cause === 'native' || reclaimable);
  if (anonGrowth === null || part === undefined || !isAlone || !directBuffersGrow(context)) return false;
  const isYoung = anonGrowth.toS - anonGrowth.fromS <= MAX_WAIT_S;
  return isYoung && !hasNoExplicitCollections(context) && !hasCollected(context) && directBound(context, part.bytes) !== null;
}

/** Whether the JVM has collected since the growth began; true: it does not count its collections. */
function hasCollected({ anonGrowth, series: { t, fields } }: RuleContext): boolean {
  const counts = fields.get('gc_count');
  if (counts === undefined || anonGrowth === null) return true;
  const known = counts.filter((count, i) => Number.isFinite(count) && t[i]! >= anonGrowth.fromS);
  return known.length === 0 || known.at(-1)! > known[0]!;
}
