import { heapCountedIn } from '../../sources/jvm/collectors.ts';
import type { JvmReading } from '../../sources/types.ts';
import { byWeight } from '../../trends/together/growth-causes.ts';
import type { CauseShare, Evaluation } from '../../trends/types.ts';
import { isHeapFile } from '../ledger/page-cache-part.ts';
import type { GrownFiles } from './file-growth.ts';

/** Without a collection it is not known what of the heap is live. */
const MAX_CONFIDENCE = 0.75;

/** Kernel memory for the tables and trees of shared pages. */
const SLAB_SHARE = 0.08;

/** Whether shared memory that grows is the Java heap (ZGC), as far as files tell. */
export const isHeapInShmem = (jvm: Pick<JvmReading, 'collector'> | null, shmem: GrownFiles['shmem']): boolean =>
  heapCountedIn(jvm?.collector ?? null) === 'shmem' && shmem.every(isHeapFile);

/** Whether the file of a heap is all that grows in shared memory: a JVM without counters tells its collector by it. */
export const isHeapFileAlone = ({ shmem }: GrownFiles): boolean => shmem.length > 0 && shmem.every(isHeapFile);

/** Less than this share of what the heap's pages grow by is what a JVM takes beside them. */
const MIN_SHARE = 0.1;

/**
 * The evaluation without a heap's shared memory as a cause of its own: the heap's floor tells whether it leaks. If the heap is not counted, it is the
 * cause, and nobody knows what a collection leaves of it.
 */
export function withoutSharedHeap(
  evaluation: Evaluation,
  jvm: JvmReading | null,
  grown: GrownFiles,
  heapCounted: boolean,
): Evaluation {
  const shared = evaluation.causes.find(({ cause }) => cause === 'shmem');
  if (shared === undefined || !(heapCounted ? isHeapInShmem(jvm, grown.shmem) : isHeapFileAlone(grown))) return evaluation;
  const isOfItsPages = ({ cause, reclaimable, bytesPerHour }: CauseShare): boolean =>
    cause === 'slab' && reclaimable && bytesPerHour < SLAB_SHARE * shared.bytesPerHour;
  const rest = evaluation.causes.filter((share) => share !== shared && !isOfItsPages(share));
  const heap: CauseShare = { ...shared, cause: 'heap', what: null };
  // In anonymous memory, too, so little beside a heap that fills is no cause.
  const told = rest.filter(
    ({ cause, reclaimable, bytesPerHour }) => reclaimable || cause === 'heap' || bytesPerHour >= MIN_SHARE * shared.bytesPerHour,
  );
  const causes: readonly CauseShare[] = heapCounted ? told : [...rest, heap].sort(byWeight);
  // What grows more slowly than a heap does not say whether that leaks.
  const isAnswered = told.some(
    ({ cause, reclaimable, bytesPerHour }) => cause === 'heap' || (!reclaimable && bytesPerHour >= shared.bytesPerHour),
  );
  if (isAnswered) return { ...evaluation, causes };
  return {
    ...evaluation,
    causes,
    leak: null,
    confidence: Math.min(evaluation.confidence, MAX_CONFIDENCE),
    etas: evaluation.etas.filter(({ event }) => event === 'disk-full' || event === 'reclaim'),
  };
}
