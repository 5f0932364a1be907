import { safeName } from '../format.ts';
import { sumPerHour } from '../trends/together/growth-causes.ts';
import type { Cause, CauseShare } from '../trends/types.ts';
import { SEVERAL_PROCESSES } from './growth/attribute.ts';
import { FILLING_HEAP } from './heap-that-fills.ts';
import { isHeapCounted, type RuleContext } from './rule-context.ts';
import { filePart, type Sentence, sentence } from './sentence.ts';
import { steadyRateText } from './steady-rate.ts';

/** A cause is told beside the first one from this share of all growth on, and until it has less than the other. */
const MIN_SHARE = 0.3;
const STILL_SHARE = 0.2;

/** Causes whose own headlines tell what grows beside them, and those that are no part of the growth of all memory used. */
const TOLD_BY_ITSELF: ReadonlySet<Cause> = new Set(['page-cache', 'active-cache']);

const isOne = (a: CauseShare | null, b: CauseShare | null): boolean => a?.cause === b?.cause && a?.what === b?.what;

/** " The Java heap's floor after GC rises 1.9 MB a second beside it."; empty: one cause has most of the growth. */
export function secondCauseText(context: RuleContext): Sentence {
  const { steady } = context;
  const causes = context.evaluation.causes.filter(({ cause }) => cause !== 'active-cache');
  const [first, second = null] = causes;
  if (first === undefined || TOLD_BY_ITSELF.has(first.cause)) return [];
  const all = sumPerHour(causes);
  const hasShare = ({ bytesPerHour }: CauseShare, share: number): boolean => bytesPerHour >= share * all;
  const found = second !== null && hasShare(first, MIN_SHARE) && hasShare(second, MIN_SHARE) ? second : null;
  const published = steady.keep<CauseShare | null>('second cause', found, {
    same: isOne,
    isSilent: (before) => before !== null && second !== null && isOne(before, second) && hasShare(second, STILL_SHARE),
  });
  // It was kept, and may be the first by now, or not found any more.
  const told = causes.find((share) => published !== null && isOne(share, published)) ?? null;
  if (told === null || told === first) return [];
  return sentence` ${subjectText(context, told)} ${steadyRateText(context, told.cause, told.bytesPerHour)} beside it.`;
}

const SUBJECTS: Partial<Record<Cause, string>> = {
  heap: "The Java heap's floor after GC rises",
  metaspace: 'Metaspace grows',
  native: 'Memory outside the Java heap grows',
  threads: 'Memory of threads grows',
  shmem: 'Shared memory grows',
  slab: 'Kernel memory grows',
  kernel: 'Kernel memory grows',
};

function subjectText(context: RuleContext, { cause, what }: CauseShare): Sentence {
  if (cause === 'page-cache') return what === null ? sentence`Page cache grows` : sentence`Page cache of ${filePart(what)} grows`;
  if (cause === 'process')
    return sentence`${what === null || what === SEVERAL_PROCESSES ? 'Other processes' : safeName(what)} grow${what === null || what === SEVERAL_PROCESSES ? '' : 's'}`;
  if (cause === 'heap' && (what === FILLING_HEAP || !isHeapCounted(context))) return sentence`The Java heap grows`;
  if (cause === 'native' && context.jvm === null) return sentence`Anonymous memory grows`;
  return sentence`${SUBJECTS[cause] ?? 'Other memory that the kernel cannot take back grows'}`;
}
