import type { CauseShare, Evaluation } from '../trends/types.ts';
import type { AnonGrowth, PartGrowth } from './growth/anon-growth.ts';
import { withUnknownLeak } from './leak-of-causes.ts';
import type { OtherJvm, RuleContext } from './rule-context.ts';

/** The growth of the process that a cause names; null: it was not measured. */
export const processPart = (growth: AnonGrowth | null, what: CauseShare['what']): PartGrowth | null =>
  growth?.parts.find(({ id, name }) => id === 'other-process' && name === what) ?? null;

/** The JVM that is meant if a process of the container is the cause; null: that process is no JVM. */
export function otherJvmOf(
  { anonGrowth, otherJvms }: Pick<RuleContext, 'anonGrowth' | 'otherJvms'>,
  { cause, what }: Pick<CauseShare, 'cause' | 'what'>,
): OtherJvm | null {
  if (cause !== 'process') return null;
  const part = processPart(anonGrowth, what);
  return otherJvms.find(({ pid, name }) => (part === null ? name === what : pid === part.process?.pid)) ?? null;
}

/**
 * The evaluation of growth in the heap of another JVM. Whether that is a leak, and when it ends, is known from the collections of that JVM: a heap
 * ends at its -Xmx, often before the limit of the container.
 */
export function withOtherHeap(evaluation: Evaluation, { heap }: OtherJvm): Evaluation {
  if (heap === null) return evaluation;
  const isBounded = heap.etas.some(({ event }) => event === 'heap-exhausted');
  const ended = isBounded ? { ...evaluation, etas: heap.etas } : evaluation;
  if (heap.leak === null) return withUnknownLeak(ended);
  return { ...ended, leak: heap.leak, confidence: heap.confidence };
}

/**
 * The evaluation of a container in which nothing seems to leak, while a heap of another JVM does: within pages that it has touched before, so that
 * no process grows.
 */
export function withHiddenLeak(evaluation: Evaluation, others: readonly OtherJvm[]): Evaluation {
  const other = evaluation.leak === true ? undefined : others.find(({ heap }) => heap?.leak === true);
  if (other === undefined) return evaluation;
  const share: CauseShare = { cause: 'process', bytesPerHour: other.heap!.bytesPerHour, reclaimable: false, what: other.name };
  const rest = evaluation.causes.filter(({ cause }) => cause !== 'process');
  return withOtherHeap({ ...evaluation, trend: 'growing', causes: [share, ...rest] }, other);
}
