import type { Series } from '../history/series.ts';
import type { JvmReading } from '../sources/types.ts';
import type { Evaluation } from '../trends/types.ts';
import { diskGrowths, grownFiles } from './growth/file-growth.ts';
import type { PodResources, RuleContext } from './rule-context.ts';
import type { TargetInfo, Verdict } from './types.ts';
import { diagnose } from './verdict.ts';

export interface VerdictInput {
  readonly atMs: number;
  readonly target: TargetInfo;
  readonly evaluation: Evaluation;
  /** The current run. */
  readonly series: Series;
  /** Of all runs: a kill or restart before the current one is reported, though nothing is fitted across it. */
  readonly events: Series['events'];
  readonly jvm: JvmReading | null;
  /** What serves malloc in the JVM; null where its mappings were not read. */
  readonly allocator: RuleContext['allocator'];
  readonly pod: PodResources;
  /** The container has ended; null: it runs. */
  readonly ended: RuleContext['ended'];
  readonly lastEnd: RuleContext['lastEnd'];
  readonly otherJvms: RuleContext['otherJvms'];
}

/** The one place where an evaluation and a series become a verdict: for `watch`, `analyze` and the tests. */
export function composeVerdict({ series, events, ...rest }: VerdictInput): Verdict {
  // A history makes the tracks of its files anew at each reading: once is enough.
  const whole: Series = { ...series, events };
  return diagnose({
    ...rest,
    series: whole,
    grown: grownFiles(whole, rest.evaluation),
    disks: diskGrowths(whole.files),
  });
}
