import type { GrowthCause } from '../../fields.ts';
import { byWeight, MAX_KERNEL_PER_THREAD_BYTES, sumPerHour } from '../../trends/together/growth-causes.ts';
import type { CauseShare, Evaluation } from '../../trends/types.ts';
import { HOUR_S, KIB } from '../../units.ts';
import { withCauses, withUnknownLeak } from '../leak-of-causes.ts';
import {
  type AnonGrowth,
  CAUSES_OF_PARTS,
  causeAmong,
  causeOfPart,
  gainedBytes,
  MIN_GROWTH_BYTES,
  type PartGrowth,
} from './anon-growth.ts';
import { mayBeCompilers } from './compiler-memory.ts';
import { hiddenRise } from './hidden-rise.ts';

/*
 * The trends of the fields show that anonymous memory grows; the ledger over time shows which part of it. If both are known, the causes are
 * those whose parts grew, in the order of the measured bytes. Pure.
 */

/** A part with less than this share of all growth is not a separate cause. */
const MIN_SHARE = 0.1;
/** Less than this share, and fewer bytes than count as growth at all, are what a JVM takes beside a heap that fills. */
const MAIN_SHARE = 0.5;
/** A cause with less than this share of the largest one is not reported beside it: alone it would not matter for as long as the other lasts. */
const MIN_SHARE_OF_MAIN = 0.03;
/** `what` of processes of several names that grow together, none of them by enough to be a cause of its own. */
export const SEVERAL_PROCESSES = 'several processes';
/** If one kind has this share of the native growth, the growth is named after that kind. */
const NAMING_SHARE = 0.6;
/** Memory of a thread beside its stack: its structures in the JVM and its first blocks of malloc. */
const NATIVE_PER_THREAD_BYTES = 128 * KIB;
/** Class loaders use at most this many bytes of malloc for each byte of resident metaspace. */
const NATIVE_PER_METASPACE = 1;

export interface AttributionInput {
  readonly evaluation: Evaluation;
  /** null: the parts were not read often enough, or their growth is too small. */
  readonly growth: AnonGrowth | null;
  /** Whether the JVM's own values of its heap are known. */
  readonly heapCounted: boolean;
  /** Some of what the processes hold is in swap: causes and parts count it, the field `anon` does not. */
  readonly isSwapping?: boolean;
}

const CAUSES_IN_ANON: ReadonlySet<string> = new Set(CAUSES_OF_PARTS);

/**
 * The evaluation, with the causes in anonymous memory replaced by those that the measured parts indicate. If a JVM does not count its heap,
 * growth that was not measured is not called native, because it may be in the heap. Native memory that the JVM's compilers may have taken is no
 * leak yet.
 */
export function attribute({
  evaluation: evaluated,
  growth: measured,
  heapCounted,
  isSwapping = false,
}: AttributionInput): Evaluation {
  const growth = measured !== null && isSplit(measured) ? measured : null;
  const evaluation = heapCounted ? evaluated : withFillingHeap(evaluated, growth);
  if (!heapCounted && evaluation.leak === false && evaluation.trend !== 'growing') return withUnknownLeak(evaluation);
  if (evaluation.leak === false && hiddenRise(evaluation, growth) !== null) return withUnknownLeak(evaluation);
  const found = evaluation.causes.filter(({ cause }) => CAUSES_IN_ANON.has(cause));
  const anonGrows = evaluation.fields.anon?.trend === 'growing';
  if (evaluation.trend !== 'growing' || (found.length === 0 && !anonGrows)) return evaluation;
  // A heap takes pages in steps, and the trend of all memory is then not that of what grows evenly beside it.
  const takesPages = growth?.parts.some(({ id, grewBytes }) => causeOfPart(id) === 'heap' && grewBytes > 0) ?? false;
  const isStepped = heapCounted && takesPages && found.some(({ cause }) => cause === 'heap');
  const inAnon =
    growth === null
      ? found.filter(({ cause }) => cause !== 'native' || heapCounted)
      : causesInAnon(
          found,
          measuredGrowth(growth, isStepped ? 1 : rateOf(evaluation, found, isSwapping) / sumPerHour(growth.parts)),
          evaluation,
          heapCounted,
        );
  if (inAnon.length === found.length && (growth === null || found.length === 0)) return evaluation;
  const isWarmUp = growth !== null && mayBeCompilers(growth, nativePartsOf(growth, inAnon));
  const causes = [...inAnon, ...evaluation.causes.filter((share) => !found.includes(share))];
  causes.sort(byWeight);
  const certain = causes.some(
    ({ cause, reclaimable }) => !reclaimable && (cause !== 'heap' || heapCounted) && (cause !== 'native' || !isWarmUp),
  );
  if (certain) return withCauses(evaluation, causes);
  return {
    ...withUnknownLeak(evaluation),
    causes,
    etas: evaluation.etas.filter(({ event }) => event === 'disk-full' || event === 'reclaim'),
  };
}

/** The parts of native memory that grew. Stacks are part of it unless threads grow: then they are theirs. */
export function nativePartsOf({ parts }: AnonGrowth, causes: readonly CauseShare[]): readonly PartGrowth[] {
  const threadsGrow = causes.some(({ cause }) => cause === 'threads');
  const isNative = (part: PartGrowth): boolean => {
    const cause = causeAmong(parts, part);
    return cause === 'native' || (cause === 'threads' && !threadsGrow);
  };
  return parts.filter((part) => part.grewBytes > 0 && isNative(part));
}

/** Whether most of the growth is in parts with a name of their own. Without the mappings, anonymous memory is one part. */
function isSplit({ parts }: AnonGrowth): boolean {
  const whole = gainedBytes(parts);
  return gainedBytes(parts.filter(({ id }) => causeOfPart(id) !== null)) >= NAMING_SHARE * whole;
}

/**
 * A heap without counters that rose, and now stands. A JVM commits its heap in steps, and by -XX:MinHeapFreeRatio=40 a step is up to two
 * thirds of what was there: if what it holds grows evenly, it stands for up to two thirds of the time that it rose, and then goes on. Until it
 * has stood for as long as it rose, it is reported as growing.
 */
function withFillingHeap(evaluation: Evaluation, growth: AnonGrowth | null): Evaluation {
  const { rise, roseSeconds, standsSeconds } = evaluation.fields.anon?.basis.statistics ?? {};
  if (growth === null || evaluation.trend === 'growing' || evaluation.trend === 'not-enough-data') return evaluation;
  if (rise === undefined || roseSeconds === undefined || standsSeconds === undefined || standsSeconds >= roseSeconds)
    return evaluation;
  const inHeap = growth.parts.filter(({ id }) => causeOfPart(id) === 'heap');
  if (gainedBytes(inHeap) < NAMING_SHARE * gainedBytes(growth.parts)) return evaluation;
  const bytesPerHour = (rise / (roseSeconds + standsSeconds)) * HOUR_S;
  return {
    ...withUnknownLeak(evaluation),
    trend: 'growing',
    causes: [{ cause: 'heap', bytesPerHour, reclaimable: false, what: null }, ...evaluation.causes],
    etas: [],
  };
}

/** Growth of the parts of one cause: bytes over the readings, and bytes per hour at the rate of the trend. */
interface Measured {
  readonly grewBytes: number;
  readonly bytesPerHour: number;
  readonly share: number;
  readonly parts: readonly PartGrowth[];
}

/** The growth rate of anonymous memory by its trend, with what is in swap. */
const rateOf = ({ fields }: Evaluation, found: readonly CauseShare[], isSwapping: boolean): number =>
  (fields.anon?.trend === 'growing' && !isSwapping ? fields.anon.slopeBytesPerHour : null) ?? sumPerHour(found);

/**
 * The parts by cause. The readings may cover another time than the trend; `scale` converts their rate to that of the trend, so that no part is
 * faster than the whole. A trend that is many times as fast is that of a moment which the readings have not seen.
 */
function measuredGrowth({ parts }: AnonGrowth, scale: number): (...causes: readonly GrowthCause[]) => Measured {
  const gained = gainedBytes(parts);
  const factor = scale > 0 && scale < 2 ? scale : 1;
  return (...causes) => {
    const own = parts.filter((part) => part.grewBytes > 0 && causes.some((cause) => causeAmong(parts, part) === cause));
    const grewBytes = gainedBytes(own);
    return {
      grewBytes,
      bytesPerHour: factor * sumPerHour(own),
      share: grewBytes / gained,
      parts: own,
    };
  };
}

function causesInAnon(
  found: readonly CauseShare[],
  measured: (...causes: readonly GrowthCause[]) => Measured,
  { fields }: Evaluation,
  heapCounted: boolean,
): CauseShare[] {
  const by = (cause: GrowthCause) => found.find((share) => share.cause === cause) ?? null;
  const [heap, threads] = [by('heap'), by('threads')];
  const [inHeap, inMetaspace, inStacks, inNative] = [
    measured('heap'),
    measured('metaspace'),
    measured('threads'),
    // Stacks that grow under a steady number of threads are touched further down, and no thread is to blame.
    threads === null ? measured('native', 'threads') : measured('native'),
  ];
  const causes: CauseShare[] = [];
  const add = (cause: GrowthCause, bytesPerHour: number, what: string | null = null) =>
    causes.push({ cause, bytesPerHour, reclaimable: false, what });

  if (heap !== null) causes.push(heap);
  else if (!heapCounted && inHeap.share >= MIN_SHARE) add('heap', inHeap.bytesPerHour);

  // Memory that threads and class loaders use beside their own parts counts as theirs.
  const threadsPerHour = fields.threads?.trend === 'growing' ? (fields.threads.slopeBytesPerHour ?? 0) : 0;
  const ofThreads =
    threads === null ? 0 : Math.min(besideBuffers(inNative), inStacks.bytesPerHour + threadsPerHour * NATIVE_PER_THREAD_BYTES);
  // The JVM updates its value of metaspace only at a collection, so the mappings may show the growth earlier: unless no class is loaded any more,
  // and other native memory grows. Then it is what the start has left in the readings.
  const isOfStart = loadsNoClass(fields) && inNative.share >= MIN_SHARE;
  const metaspaceGrows = by('metaspace') !== null || (isEvident(inMetaspace) && !isOfStart);
  const ofLoaders = metaspaceGrows
    ? Math.min(besideCode(inNative) - ofThreads, NATIVE_PER_METASPACE * inMetaspace.bytesPerHour)
    : 0;
  const nativePerHour = inNative.bytesPerHour - ofThreads - ofLoaders;
  const nativeShare = inNative.bytesPerHour > 0 ? inNative.share * (nativePerHour / inNative.bytesPerHour) : 0;
  if (isEvident(inNative, nativeShare)) add('native', nativePerHour, mainPart(inNative));
  if (threads !== null) {
    add('threads', inStacks.bytesPerHour + ofThreads + kernelStackGrowth(fields, threadsPerHour));
  }
  if (metaspaceGrows) add('metaspace', inMetaspace.bytesPerHour + ofLoaders);
  const inProcesses = measured('process');
  const shareOf = ({ grewBytes }: PartGrowth): number => inProcesses.share * (grewBytes / inProcesses.grewBytes);
  for (const part of inProcesses.parts) if (shareOf(part) >= MIN_SHARE) add('process', part.bytesPerHour, part.name);
  const small = inProcesses.parts.filter((part) => shareOf(part) < MIN_SHARE);
  if (small.reduce((sum, part) => sum + shareOf(part), 0) >= MIN_SHARE) add('process', sumPerHour(small), SEVERAL_PROCESSES);
  const most = Math.max(...causes.map(({ bytesPerHour }) => bytesPerHour));
  return causes.filter(({ bytesPerHour }) => bytesPerHour >= MIN_SHARE_OF_MAIN * most);
}

/** Whether so much grew that it is a cause of its own; `share`: of all growth, without what counts as another cause's. */
const isEvident = (measured: Measured, share = measured.share): boolean =>
  share >= MIN_SHARE && (share >= MAIN_SHARE || measured.grewBytes * (share / measured.share) >= MIN_GROWTH_BYTES);

/** Whether fewer than one class was loaded in the window; false: it is not known. The number of loaded classes is always up to date. */
const loadsNoClass = ({ classes }: Evaluation['fields']): boolean =>
  classes?.trend === 'stable' && ((classes.slopeBytesPerHour ?? 0) / HOUR_S) * classes.windowSeconds < 1;

/** Native growth without that of one part. */
function beside(without: PartGrowth['id'], { parts, grewBytes, bytesPerHour }: Measured): number {
  const inPart = gainedBytes(parts.filter(({ id }) => id === without));
  return grewBytes > 0 ? bytesPerHour * (1 - inPart / grewBytes) : 0;
}

/** Native growth without blocks past 128 KiB: those of a thread beside its stack are smaller. */
const besideBuffers = (native: Measured): number => beside('direct-buffers', native);

/** Native growth without compiled code: what class loaders bring beside metaspace is malloc. */
const besideCode = (native: Measured): number => beside('code-cache', native);

/** Kernel memory that belongs to the threads which become more, per hour. */
export function kernelStackGrowth({ kernel_stack: stacks, kernel }: Evaluation['fields'], threadsPerHour: number): number {
  if (stacks !== undefined) return Math.max(0, stacks.slopeBytesPerHour ?? 0);
  const growth = kernel?.trend === 'growing' ? (kernel.slopeBytesPerHour ?? 0) : 0;
  return Math.min(growth, threadsPerHour * MAX_KERNEL_PER_THREAD_BYTES);
}

/** The kind of native memory that has most of the growth; null: no kind has most of it. */
const mainPart = ({ parts, grewBytes }: Measured): string | null =>
  parts.find((part) => part.grewBytes >= NAMING_SHARE * grewBytes)?.name ?? null;
