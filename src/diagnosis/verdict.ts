import type { Eta, Evaluation } from '../trends/types.ts';
import { SECOND_MS } from '../units.ts';
import { endedAtLimit } from './ended-at-limit.ts';
import { limitOfCause } from './finding-limit.ts';
import { type AnonGrowth, anonGrowth } from './growth/anon-growth.ts';
import { attribute, nativePartsOf } from './growth/attribute.ts';
import { withCacheInTimeOfUsage } from './growth/cache-in-time-of-usage.ts';
import { mayBeCompilers } from './growth/compiler-memory.ts';
import { withHeapEnd, withPaceOfHeap } from './growth/heap-end.ts';
import { isKernelMemoryHeld, withHeldKernelMemory } from './growth/held-kernel-memory.ts';
import { withKernelOfProcesses } from './growth/kernel-of-processes.ts';
import { withoutSharedHeap } from './growth/shared-heap.ts';
import { withEndByOthers } from './growth/shared-limit-end.ts';
import { withoutSlabOfFiles } from './growth/slab-of-files.ts';
import { plainHeadline } from './headline.ts';
import { withHeapThatFills } from './heap-that-fills.ts';
import { leadsOpenCauses, withCauses, withOpenCausesLast, withUnknownLeak } from './leak-of-causes.ts';
import { nameCauses } from './name-causes.ts';
import { otherJvmOf, withHiddenLeak, withOtherHeap } from './other-jvm.ts';
import { outsideHeapBytes } from './outside-heap.ts';
import { withoutStaleTrends } from './renewed-fields.ts';
import { isLeakOpen } from './rise-text.ts';
import type { Found, Rule } from './rule.ts';
import {
  isHeapCounted,
  memoryLimitNow,
  newestValue,
  type RuleContext,
  roomNow,
  swappedNow,
  unreclaimableNow,
} from './rule-context.ts';
import { isEmptyAfterKill, oomKilled, recentKill } from './rules/oom-killed.ts';
import { RULES } from './rules/registry.ts';
import { secondCauseText } from './second-cause.ts';
import { type Sentence, sentence, sentenceText, timePart } from './sentence.ts';
import { Steady, type SteadyState } from './steady.ts';
import { isOver, steadyCauses, steadyEvaluation, steadyFiles } from './steady-evaluation.ts';
import { type Finding, type FindingLimit, OOM_KILLED_TEXTS, type OomKilled, type Verdict } from './types.ts';
import { withWaitingBuffers } from './waiting-buffers.ts';

/**
 * A rule that applies, with its finding. `headline` is null if the rule explains no cause, or not the first one. `lead` is null if the condition
 * does not begin the headline.
 */
interface Answer {
  readonly finding: Finding;
  readonly headline: Sentence | null;
  readonly lead: Sentence | null;
  readonly etas: readonly Eta[];
}

/** The verdict in its public form: the evaluation's numbers with named causes, findings, times and the headline. Pure. */
export const diagnose = (raw: Undiagnosed): Verdict => diagnoseAfter(null, raw).verdict;

/** What a rule may use, before it is known which part of memory grew. */
type Undiagnosed = Omit<RuleContext, 'anonGrowth' | 'steady'>;

/** The same for a verdict that follows another one: what that one said stays until the evaluations have contradicted it for long enough. */
export function diagnoseAfter(
  before: SteadyState | null,
  raw: Undiagnosed,
): { readonly verdict: Verdict; readonly steady: SteadyState } {
  const atS = raw.atMs / SECOND_MS;
  const isEvent = before !== null && isOver(before, raw.evaluation);
  // A leak rests on several evaluations already.
  const isOfMoment = isEvent && raw.evaluation.leak !== true;
  const windowS = raw.evaluation.fields.usage?.windowSeconds ?? 0;
  const steady = new Steady(isEvent ? null : before, atS, windowS, isOfMoment);
  const kept = steadyEvaluation(steady, raw.evaluation, newestValue(raw, 'usage'));
  const growth = anonGrowthIn({ ...raw, evaluation: kept });
  const attributed = attribute({
    evaluation: kept,
    growth,
    heapCounted: isHeapCounted(raw),
    isSwapping: swappedNow(raw) !== null,
  });
  const ofHeap = withoutSharedHeap(attributed, raw.jvm, raw.grown, isHeapCounted(raw));
  const ofFiles = withCacheInTimeOfUsage(withoutSlabOfFiles(ofHeap, raw.grown), raw.series);
  const evaluation = withHeldKernel(withKernelOfProcesses(ofFiles, growth), raw, steady);
  const found = steadyCauses(steady, growth === null ? 'fields' : 'parts', evaluation);
  const grown = steadyFiles(steady, raw.series.files, raw.grown, atS);
  const causes = nameCauses(found, grown);
  const other = causes[0] === undefined ? null : otherJvmOf({ anonGrowth: growth, otherJvms: raw.otherJvms }, causes[0]);
  const outsideBytes = outsideHeapBytes(raw);
  const paced = withCauses(evaluation, causes);
  const limits = { limitBytes: memoryLimitNow(raw), heapMaxBytes: raw.series.heapMaxBytes, outsideBytes };
  // Without the mappings it is not known what the heap has in memory, and what is swapped out is not there.
  const isSized = growth !== null && swappedNow(raw) === null;
  const sized = isSized ? withPaceOfHeap(paced, { ...limits, unreclaimableBytes: unreclaimableNow(raw) }) : paced;
  // What is swapped out makes room.
  const caused = withEndByOthers(withHeapEnd(sized, limits), swappedNow(raw) === null ? roomNow(raw) : null);
  const judged = withHiddenLeak(other === null ? caused : withOtherHeap(caused, other), raw.otherJvms);
  const open = withWaitingBuffers({ ...raw, grown, anonGrowth: growth, evaluation: judged, steady });
  const filled = withHeapThatFills({ ...raw, grown, anonGrowth: growth, evaluation: open, steady });
  // What is known to leak is told at once.
  const mayEnd = growth === null || mayBeCompilers(growth, nativePartsOf(growth, filled.causes));
  const isLed = steady.keep('open causes come last', leadsOpenCauses(filled, mayEnd), {
    atOnce: (before) => before === null || filled.leak !== null,
  });
  const ordered = isLed === true ? withOpenCausesLast(filled) : filled;
  const context: RuleContext = { ...raw, grown, anonGrowth: growth, evaluation: ordered, steady };
  return { verdict: verdictOf(context), steady: steady.after };
}

/** Watches and files of a tmpfs hold kernel memory that the fields say may be taken back. */
function withHeldKernel(evaluation: Evaluation, raw: Undiagnosed, steady: Steady): Evaluation {
  const held = steady.keep(
    'kernel memory is held',
    isKernelMemoryHeld(evaluation, raw.kernelObjects, newestValue(raw, 'kernel')),
    {
      atOnce: (published) => !published,
    },
  );
  if (!held || !evaluation.causes.some(({ cause }) => cause === 'slab')) return evaluation;
  const room = roomNow(raw);
  const open = raw.target.cgroup.version === 1 ? 0 : (newestValue(raw, 'slab_reclaimable') ?? 0);
  return withHeldKernelMemory(evaluation, raw.kernelObjects, room === null ? null : Math.max(0, room - open));
}

function verdictOf(context: RuleContext): Verdict {
  const { causes } = context.evaluation;
  const answers = RULES.map((rule) => answerOf(rule, context)).filter((answer) => answer !== null);
  const leading = leadingAnswer(answers);
  const etas = earliestFirst([...context.evaluation.etas, ...answers.flatMap((answer) => answer.etas)]);
  const kill = recentKill(context);
  // What an empty cgroup holds says nothing about what ran in it.
  const plain = isEmptyAfterKill(context)
    ? sentence`${kill}${afterKill(context)}`
    : sentence`${kill}${leadText(leading)}${plainHeadline(context)}`;
  const headlineParts = sentence`${introduction(context)}${leading?.headline ? sentence`${kill}${leading.headline}${secondCauseText(context)}` : plain}`;
  const isOpen = context.evaluation.leak === false && causes.length === 0 && isLeakOpen(context);
  const { trend, leak, confidence, needs, causeBasis } = isOpen ? withUnknownLeak(context.evaluation) : context.evaluation;
  return {
    schema: 'memhound.verdict/2',
    at: new Date(context.atMs).toISOString(),
    target: context.target,
    trend,
    leak,
    confidence,
    cause: causes[0]?.cause ?? 'none',
    causes,
    headline: sentenceText(headlineParts),
    headlineParts,
    headlineRule: leading?.finding.rule ?? (kill.length > 0 ? oomKilled.id : null),
    eta: etas[0] ?? null,
    etas,
    ended: context.ended === null ? null : { at: new Date(context.ended.atMs).toISOString(), oomKilled: oomKilledIn(context) },
    needs,
    findings: sortFindings(answers, leading),
    growth: { anon: context.anonGrowth },
    fields: withoutStaleTrends(context),
    causeBasis,
  };
}

/** The growth of anonymous memory since its trend began; null: it was not read often enough, or the growth is too small. */
function anonGrowthIn(context: Undiagnosed): AnonGrowth | null {
  const { evaluation, series, atMs } = context;
  const { anon, usage } = evaluation.fields;
  const growthSince = (fromS: number): AnonGrowth | null => anonGrowth(series.parts, fromS, atMs / SECOND_MS);
  const runS = series.t[0] ?? 0;
  // The parts count swap, and the published fields do not: their trend may have ended when the kernel began to swap.
  const sinceS = swappedNow({ series }) === null ? (anon ?? usage)?.basis.line?.fromT : null;
  const killedS = series.events.findLast(({ type }) => type === 'process_oom_kill')?.t ?? runS;
  const growth = (killedS > (sinceS ?? runS) ? growthSince(killedS) : null) ?? growthSince(sinceS ?? runS);
  // A heap without counters is known by its mappings alone, and grows in steps: since its last step nothing has grown.
  return growth === null && !isHeapCounted(context) ? growthSince(runS) : growth;
}

function answerOf(rule: Rule, context: RuleContext): Answer | null {
  if ('find' in rule) {
    const found = rule.find(context);
    return found === null
      ? null
      : { finding: findingOf(rule, found, found.limit), headline: null, lead: found.lead ?? null, etas: found.etas ?? [] };
  }
  const { causes } = context.evaluation;
  const share = causes.find(({ cause }) => cause === rule.cause);
  if (share === undefined) return null;
  const found = rule.explain(context, share);
  const headline = share === causes[0] ? found.headline : null;
  return { finding: findingOf(rule, found, limitOfCause(context, share)), headline, lead: null, etas: found.etas ?? [] };
}

const findingOf = ({ id }: Rule, { severity, title, outcome, evidence, advice }: Found, limit: FindingLimit | null): Finding => ({
  rule: id,
  severity,
  title: sentenceText(title),
  titleParts: title,
  outcome: outcome ?? null,
  evidence,
  advice,
  limit,
});

const SEVERITY = { critical: 0, warn: 1, info: 2 } as const;

/** The subject of the headline: the first cause, else the most severe condition that may begin it. */
function leadingAnswer(answers: readonly Answer[]): Answer | null {
  const conditions = answers.filter(({ lead }) => lead !== null);
  conditions.sort((a, b) => SEVERITY[a.finding.severity] - SEVERITY[b.finding.severity]);
  return answers.find(({ headline }) => headline !== null) ?? conditions[0] ?? null;
}

const leadText = (leading: Answer | null): Sentence => (leading?.lead ? sentence`${leading.lead} ` : []);

const afterKill = ({ lastEnd }: RuleContext): string =>
  `No process has run in this cgroup since. ${lastEnd === null ? '' : `The verdict of what ran before: ${lastEnd.address}`}`.trimEnd();

/** The finding that the headline is about comes first, so that the first advice belongs to the headline; the others follow by severity. */
function sortFindings(answers: readonly Answer[], leading: Answer | null): Finding[] {
  const rest = answers.filter((answer) => answer !== leading).map((answer) => answer.finding);
  rest.sort((a, b) => SEVERITY[a.severity] - SEVERITY[b.severity]);
  return leading === null ? rest : [leading.finding, ...rest];
}

const earliestFirst = (etas: readonly Eta[]): Eta[] => [...etas].sort((a, b) => a.seconds - b.seconds);

/** The part that must come first: the container has ended, or this is not the memory of a JVM. */
function introduction(context: RuleContext): Sentence {
  const { ended, target } = context;
  const end =
    ended === null
      ? ''
      : sentence`The container ended at ${timePart(ended.atMs)}${OOM_KILLED_TEXTS[oomKilledIn(context)]}. Before that: `;
  const noJvm =
    target.jvm === null && target.reach === 'own-cgroup' ? 'No JVM found; this is the cgroup of memhound itself. ' : '';
  return sentence`${end}${noJvm}`;
}

function oomKilledIn(context: RuleContext): OomKilled {
  if (context.ended?.oomKilled === true) return 'recorded';
  return endedAtLimit(context) ? 'likely' : 'no';
}
