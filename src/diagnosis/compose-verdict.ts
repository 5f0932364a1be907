import type { Series } from '../history/series.ts';
import { NO_NAMES } from '../sources/process/process-names.ts';
import type { JvmReading } from '../sources/types.ts';
import type { Evaluation } from '../trends/types.ts';
import { diskGrowths, grownFiles } from './growth/file-growth.ts';
import type { PodResources, RuleContext } from './rule-context.ts';
import type { SteadyState } from './steady.ts';
import type { TargetInfo, Verdict } from './types.ts';
import { diagnoseAfter } from './verdict.ts';

export interface VerdictInput {
  readonly atMs: number;
  readonly target: TargetInfo;
  readonly evaluation: Evaluation;
  /** The current run. */
  readonly series: Series;
  /** Events of all runs. A kill or restart before the current run is reported, although no trend is fitted across it. */
  readonly events: Series['events'];
  readonly jvm: JvmReading | null;
  /** The allocator that serves malloc in the JVM; null: its mappings were not read. */
  readonly allocator: RuleContext['allocator'];
  readonly pod: PodResources;
  /** The end of the container; null: it is running. */
  readonly ended: RuleContext['ended'];
  readonly lastEnd: RuleContext['lastEnd'];
  readonly otherJvms: RuleContext['otherJvms'];
  readonly leftByRuns: RuleContext['leftByRuns'];
  readonly shmemHolder: RuleContext['shmemHolder'];
  readonly kernelObjects: RuleContext['kernelObjects'];
  readonly processNames: RuleContext['processNames'];
}

/** What only `watch` can know: a recording, and a series of another tool, has none of it. */
export const NOT_WATCHED = {
  allocator: null,
  ended: null,
  lastEnd: null,
  otherJvms: [],
  leftByRuns: null,
  shmemHolder: null,
  kernelObjects: [],
  processNames: NO_NAMES,
} as const satisfies Partial<VerdictInput>;

/** The one place where an evaluation and a series become a verdict: for `watch`, `analyze` and the tests. */
export const composeVerdict = (input: VerdictInput): Verdict => composeVerdictAfter(null, input).verdict;

/** The same for `watch`, where one verdict follows another. */
export function composeVerdictAfter(
  before: SteadyState | null,
  { series, events, ...rest }: VerdictInput,
): ReturnType<typeof diagnoseAfter> {
  // A history builds the tracks of its files again at each access, so they are read only once.
  const whole: Series = { ...series, events };
  return diagnoseAfter(before, {
    ...rest,
    series: whole,
    grown: grownFiles(whole, rest.evaluation),
    disks: diskGrowths(whole.files),
  });
}
