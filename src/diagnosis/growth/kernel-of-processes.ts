import type { GrowthCause } from '../../fields.ts';
import { byWeight, sumPerHour } from '../../trends/together/growth-causes.ts';
import type { CauseShare, Evaluation } from '../../trends/types.ts';
import { MIB } from '../../units.ts';
import type { AnonGrowth, PartGrowth } from './anon-growth.ts';
import { kernelStackGrowth } from './attribute.ts';

/** Fewer processes of one name are not said to become more: each of them may grow. */
const MIN_PROCESSES = 16;
/** A process takes no more kernel memory than this: page tables, stack, descriptors, and what the kernel keeps of each (0.4 to 1.5 MiB of a `sleep`). */
const MAX_KERNEL_PER_PROCESS_BYTES = 4 * MIB;
/** Less than this share of the known causes changes neither their order nor the end. */
const MIN_SHARE = 0.1;
const KERNEL_CAUSES: ReadonlySet<string> = new Set<GrowthCause>(['slab', 'kernel', 'page-tables']);

/**
 * The evaluation with kernel memory as part of the processes that become more and more: each takes more of it than of its own where it is small.
 * cgroup v1 has one figure for all kernel memory, so its trends leave it out beside other growth, and with it the time to the OOM kill.
 */
export function withKernelOfProcesses(evaluated: Evaluation, growth: AnonGrowth | null): Evaluation {
  const evaluation = withoutStacksOfProcesses(evaluated, growth);
  const { causes, fields } = evaluation;
  const kernel = fields.kernel?.trend === 'growing' ? (fields.kernel.slopeBytesPerHour ?? 0) : 0;
  const parts = (growth?.parts ?? []).filter((part) => newPerHour(part) > 0);
  const [most] = parts;
  if (most === undefined || causes.some(({ cause }) => KERNEL_CAUSES.has(cause))) return evaluation;
  const threads = causes.some(({ cause }) => cause === 'threads') ? (fields.threads?.slopeBytesPerHour ?? 0) : 0;
  const rest = kernel - kernelStackGrowth(fields, threads);
  const made = parts.reduce((sum, part) => sum + newPerHour(part), 0);
  const before = sumPerHour(causes.filter(({ reclaimable }) => !reclaimable));
  if (rest <= MIN_SHARE * before || rest > made * MAX_KERNEL_PER_PROCESS_BYTES) return evaluation;
  const withKernel = parts.map((part): CauseShare => {
    const own = causes.find(({ cause, what }) => cause === 'process' && what === part.name)?.bytesPerHour ?? part.bytesPerHour;
    return { cause: 'process', what: part.name, reclaimable: false, bytesPerHour: own + (rest * newPerHour(part)) / made };
  });
  const others = causes.filter(({ cause, what }) => cause !== 'process' || !parts.some(({ name }) => name === what));
  const sooner = before > 0 ? before / (before + rest) : 1;
  return {
    ...evaluation,
    causes: [...others, ...withKernel].sort(byWeight),
    etas: evaluation.etas.map((eta) =>
      eta.event === 'oom-kill'
        ? { ...eta, seconds: eta.seconds * sooner, low: eta.low * sooner, high: eta.high === null ? null : eta.high * sooner }
        : eta,
    ),
  };
}

/** Kernel stacks that grow while the JVM starts no threads are those of processes that become more. */
function withoutStacksOfProcesses(evaluation: Evaluation, growth: AnonGrowth | null): Evaluation {
  const { causes, fields } = evaluation;
  const areMore = growth?.parts.some((part) => newPerHour(part) > 0) === true;
  if (!areMore || fields.threads === undefined || fields.threads.trend === 'growing') return evaluation;
  const stacks = causes.find(({ cause }) => cause === 'threads');
  const first = causes.find(({ cause }) => cause === 'process');
  if (stacks === undefined || first === undefined) return evaluation;
  const whole = { ...first, bytesPerHour: first.bytesPerHour + stacks.bytesPerHour };
  return {
    ...evaluation,
    causes: causes.flatMap((share) => (share === stacks ? [] : [share === first ? whole : share])).sort(byWeight),
  };
}

/** How many processes of the name start in an hour and stay, each of the size that they have; 0: they are few, or do not grow. */
const newPerHour = ({ process, bytes, bytesPerHour }: PartGrowth): number =>
  process !== null && process.processes >= MIN_PROCESSES && bytes > 0 ? process.processes * Math.max(0, bytesPerHour / bytes) : 0;
