import type { Eta } from '../trends/types.ts';
import { endedAtLimit } from './ended-at-limit.ts';
import { plainHeadline } from './headline.ts';
import { nameCauses } from './name-causes.ts';
import type { Rule, RuleContext, RuleResult } from './rule-context.ts';
import { activeFile, dashboardsDisagree } from './rules/dashboards.ts';
import { diskFilling } from './rules/disk-filling.ts';
import { heapFloor } from './rules/heap-floor.ts';
import { aboveRequest, nearLimit, pinnedByCache } from './rules/limits.ts';
import { oomKilled, restarted } from './rules/lives.ts';
import { metaspaceGrowth } from './rules/metaspace.ts';
import { nativeGrowth } from './rules/native.ts';
import { pageCacheFile } from './rules/page-cache-file.ts';
import { shmemGrowth } from './rules/shmem.ts';
import { slabGrowth } from './rules/slab.ts';
import { threadGrowth } from './rules/threads.ts';
import { unnamedGrowth } from './rules/unnamed.ts';
import type { Finding, Verdict } from './types.ts';

const RULES: readonly Rule[] = [
  heapFloor,
  shmemGrowth,
  nativeGrowth,
  threadGrowth,
  metaspaceGrowth,
  slabGrowth,
  pageCacheFile,
  diskFilling,
  nearLimit,
  oomKilled,
  unnamedGrowth,
  aboveRequest,
  pinnedByCache,
  activeFile,
  dashboardsDisagree,
  restarted,
];

const SEVERITY = { critical: 0, warn: 1, info: 2 } as const;

/** The verdict in its public form: the judgement's numbers, with files named, findings, ends and the headline. Pure. */
export function diagnose(raw: RuleContext): Verdict {
  const causes = nameCauses(raw.evaluation.causes, raw.files);
  const context: RuleContext = { ...raw, evaluation: { ...raw.evaluation, causes } };
  const answers = RULES.map((rule) => rule(context)).filter((a): a is RuleResult => a !== null);
  const cause = causes[0]?.cause ?? 'none';
  const etas = earliestFirst([...context.evaluation.etas, ...answers.flatMap((a) => a.etas)]);
  const leading = answers.find((a) => a.cause === cause && a.headline !== null);
  const { trend, leak, confidence, needs, fields } = context.evaluation;
  return {
    schema: 'memhound.verdict/2',
    at: new Date(context.atMs).toISOString(),
    target: context.target,
    trend,
    leak,
    confidence,
    cause,
    causes,
    headline: leadingText(context) + (leading?.headline ?? plainHeadline(context)),
    eta: etas[0] ?? null,
    etas,
    needs,
    findings: sortResults(answers, leading ?? null),
    fields,
  };
}

/** That of the headline's cause, so that whoever takes the first advice takes the one that belongs to it; then by severity. */
function sortResults(answers: readonly RuleResult[], leading: RuleResult | null): Finding[] {
  const rest = answers.filter((a) => a !== leading).map((a) => a.finding);
  rest.sort((a, b) => SEVERITY[a.severity] - SEVERITY[b.severity]);
  return leading === null ? rest : [leading.finding, ...rest];
}

const earliestFirst = (etas: readonly Eta[]): Eta[] => [...etas].sort((a, b) => a.seconds - b.seconds);

const endingText = (context: RuleContext, { oomKilled }: NonNullable<RuleContext['ended']>): string =>
  oomKilled ? ', OOM-killed' : endedAtLimit(context) ? ', at its limit: most likely OOM-killed' : '';

/** What must be known before the rest: that the container is gone, or that this is no JVM's memory. */
function leadingText(context: RuleContext): string {
  const words: string[] = [];
  if (context.ended !== null)
    words.push(
      `The container ended at ${new Date(context.ended.atMs).toISOString()}${endingText(context, context.ended)}. Before that: `,
    );
  if (context.target.jvm === null && context.target.reach === 'own-cgroup')
    words.push('No JVM found; this is the own cgroup of memhound. ');
  return words.join('');
}
