import type { CountedObjects } from '../../sources/process/kernel-objects.ts';
import { byWeight } from '../../trends/together/growth-causes.ts';
import type { CauseShare, Eta, Evaluation } from '../../trends/types.ts';
import { HOUR_S, KIB, MINUTE_S } from '../../units.ts';
import { withUnknownLeak } from '../leak-of-causes.ts';

/**
 * What one of them takes of kernel memory at least: an inode and a name, what a watch has, the record of a process. Of pipes and sockets it depends
 * on what is in them.
 */
const LEAST_BYTES: Partial<Record<CountedObjects['kind'], number>> = {
  'tmpfs-file': 0.8 * KIB,
  watch: KIB,
  zombie: 5 * KIB,
};
/**
 * What one end of a pipe, a socket or a selector takes with nothing in it, and with as much as it may hold. What is in it nobody tells, so they are the
 * growth if that, shared among those that came, is neither less nor more.
 */
export const BYTES_OF_ONE = {
  pipe: { least: 0.8 * KIB, most: 33 * KIB },
  socket: { least: 1.5 * KIB, most: 208 * KIB },
  epoll: { least: 0.25 * KIB, most: 4 * KIB },
  eventfd: { least: 0.25 * KIB, most: 4 * KIB },
} as const;
const MIN_GROWN = 200;

/** They are the growth if they are this share of it; less than the smaller share explains none of it. */
const MIN_SHARE = 0.5;
const MIN_SHARE_NAMED = 0.25;
/** Objects that take more than all of the growth are charged to another container, which writes to the same tmpfs. */
const MAX_SHARE = 1.25;
/** A shorter count may be of a moment. */
const MIN_SECONDS = 10;
const MIN_SECONDS_NAMED = 5;
/** A leak is known after so long, where its end is near, as that of other memory is; else after the first minutes, in which pools fill. */
const SOON_SECONDS = 30;
const NEAR_END_S = 30 * MINUTE_S;
const NEAR_END_TIMES = 24;
const START_S = 5 * MINUTE_S;
const MAX_CONFIDENCE = 0.95;

/** What one takes of kernel memory at least; undefined: that is not known. */
const leastBytesOf = (objects: CountedObjects): number | undefined =>
  'leastBytes' in objects && objects.count > 0 ? objects.leastBytes! / objects.count : LEAST_BYTES[objects.kind];

/** What they take at least of what kernel memory grows by in an hour; null: what one of them takes is not known, or how fast they become more. */
function leastPerHour(objects: CountedObjects, minSeconds: number): number | null {
  const { grew, seconds } = objects;
  const least = leastBytesOf(objects);
  return least === undefined || seconds < minSeconds ? null : (grew / seconds) * HOUR_S * least;
}

const isShareOf = (kernelPerHour: number, leastPerHour: number | null, minShare: number): boolean =>
  leastPerHour !== null && leastPerHour >= minShare * kernelPerHour && leastPerHour <= MAX_SHARE * kernelPerHour;

/** Whether the growth fits so many that came and were not closed. */
function fitsThoseThatCame({ kind, grew, seconds }: CountedObjects, kernelPerHour: number): boolean {
  const one = kind in BYTES_OF_ONE ? BYTES_OF_ONE[kind as keyof typeof BYTES_OF_ONE] : null;
  if (one === null || seconds < MIN_SECONDS || grew < MIN_GROWN) return false;
  const bytes = kernelPerHour / ((grew / seconds) * HOUR_S);
  // Where there are thousands, both are estimates.
  return bytes >= one.least / MAX_SHARE && bytes <= one.most * MAX_SHARE;
}

/** What processes hold is theirs from the first look on, where it is at least so much of all kernel memory. Another container may write to a tmpfs. */
const MIN_SHARE_OF_ALL = 0.5;

/** Whether they are most of all kernel memory, where they were counted for too short a time (`minSeconds`) to know how many came. */
const areMostSoFar = (objects: CountedObjects, kernelBytes: number | null, minSeconds: number): boolean =>
  objects.seconds < minSeconds &&
  objects.kind !== 'tmpfs-file' &&
  kernelBytes !== null &&
  (leastBytesOf(objects) ?? 0) * objects.count >= MIN_SHARE_OF_ALL * kernelBytes;

/** Kernel memory: how much there is, null where it is not known, and what it grows by. */
interface KernelMemory {
  readonly bytes: number | null;
  readonly perHour: number;
}

/** Whether the objects may be what kernel memory grows by. */
export function mayExplain(objects: CountedObjects, kernel: KernelMemory): boolean {
  if (leastBytesOf(objects) === undefined || areMostSoFar(objects, kernel.bytes, MIN_SECONDS_NAMED)) return true;
  return isShareOf(kernel.perHour, leastPerHour(objects, MIN_SECONDS_NAMED), MIN_SHARE_NAMED);
}

/** Whether kernel memory that is taken to be reclaimable, or of which cgroup v1 does not say it, grows by objects that stay until they are closed or removed. */
export function isKernelMemoryHeld(
  { causes, fields }: Evaluation,
  objects: readonly CountedObjects[],
  kernelBytes: number | null,
): boolean {
  const slab = causes.find(({ cause }) => cause === 'slab');
  if (slab?.reclaimable !== true) return false;
  return objects.some(
    (one) =>
      isShareOf(slab.bytesPerHour, leastPerHour(one, MIN_SECONDS), MIN_SHARE) ||
      // Where the kernel says what it can take back, what is in them is no part of that.
      (fields.slab_reclaimable === undefined && fitsThoseThatCame(one, slab.bytesPerHour)) ||
      areMostSoFar(one, kernelBytes, MIN_SECONDS),
  );
}

/** The evaluation with that memory as what the kernel cannot reclaim. `roomBytes`: what is left of the limit; null: there is none. */
export function withHeldKernelMemory(
  evaluation: Evaluation,
  objects: readonly CountedObjects[],
  roomBytes: number | null,
): Evaluation {
  const { causes, fields, causeBasis } = evaluation;
  const held = causes
    .map((share): CauseShare => (share.cause === 'slab' ? { ...share, reclaimable: false } : share))
    .sort(byWeight);
  const isAlone = held.every(({ cause, reclaimable }) => cause === 'slab' || reclaimable);
  if (!isAlone) return { ...evaluation, causes: held };
  const slab = held.find(({ cause }) => cause === 'slab')!;
  const field = fields.slab_reclaimable ?? fields.kernel;
  const until = (perHour: number): number => ((roomBytes ?? 0) / perHour) * HOUR_S;
  const seconds = until(slab.bytesPerHour);
  const low = field?.low ?? null;
  const eta: Eta = {
    event: 'oom-kill',
    seconds,
    low: Math.min(seconds, until(Math.max(slab.bytesPerHour, field?.high ?? 0))),
    high: low !== null && low > 0 ? Math.max(seconds, until(low)) : null,
  };
  const countedS = Math.max(0, ...objects.map(({ seconds }) => seconds));
  const grewS = field?.windowSeconds ?? 0;
  const isNear = roomBytes !== null && seconds < NEAR_END_S && seconds < NEAR_END_TIMES * grewS;
  const isLeak = countedS >= SOON_SECONDS && (grewS >= START_S || isNear);
  const posterior = causeBasis.find(({ cause }) => cause === 'slab')?.posterior ?? 0;
  const answered: Evaluation = isLeak
    ? { ...evaluation, leak: true, confidence: Math.min(MAX_CONFIDENCE, Math.max(evaluation.confidence, posterior)) }
    : withUnknownLeak(evaluation);
  return {
    ...answered,
    causes: held,
    etas: [...evaluation.etas.filter(({ event }) => event !== 'reclaim'), ...(roomBytes === null ? [] : [eta])],
  };
}
