import { bytesText, joinWithAnd, safeName } from '../../format.ts';
import type { KilledProcess } from '../../sample/types.ts';
import { DAY_S, SECOND_MS } from '../../units.ts';
import type { ConditionFound, ConditionRule } from '../rule.ts';
import type { RuleContext } from '../rule-context.ts';
import { type Sentence, sentence, timePart } from '../sentence.ts';
import type { FindingLimit } from '../types.ts';

/** An operator probably looks for the cause of a kill within the last day; an older one is only information. */
const RECENT_SECONDS = DAY_S;

/** Maximum time between a kill and the end of the container that it caused. */
const KILL_NEAR_END_S = 120;

/** The OOM killer ended a process in this history, or the container that ran in this cgroup before. */
export const oomKilled: ConditionRule = {
  id: 'oom-killed',
  find(context) {
    const [ofContainer, ofProcesses] = [containerKills(context), processKills(context)];
    if (ofProcesses !== null && ofProcesses.last.t >= (ofContainer?.lastS ?? Number.NEGATIVE_INFINITY))
      return processesFound(context, ofProcesses);
    return ofContainer === null ? null : containerFound(context, ofContainer);
  },
};

interface ContainerKills {
  readonly count: number;
  readonly lastS: number;
  /** The kernel's count was not read, but the container was at its limit when it ended. */
  readonly likely: boolean;
}

function containerKills(context: RuleContext): ContainerKills | null {
  const { series, lastEnd } = context;
  const times = series.events.flatMap(({ t, type }) => (type === 'oom_kill' ? [t] : []));
  const endS = lastEnd === null || lastEnd.oomKilled === 'no' ? null : lastEnd.atMs / SECOND_MS;
  const isNew = endS !== null && isRecent(context, endS) && !times.some((t) => Math.abs(t - endS) <= KILL_NEAR_END_S);
  if (isNew) times.push(endS);
  return times.length === 0
    ? null
    : { count: times.length, lastS: Math.max(...times), likely: isNew && lastEnd?.oomKilled === 'likely' };
}

function containerFound(context: RuleContext, { count, lastS, likely }: ContainerKills): ConditionFound {
  const lastAt = timePart(lastS * SECOND_MS);
  const most = likely ? ' (most likely: it ended at its limit)' : '';
  return {
    severity: severityAt(context, lastS),
    title:
      count === 1
        ? sentence`1 OOM kill, at ${lastAt}${most}`
        : sentence`${count} OOM kills, the last at ${lastAt}${likely ? most : ''}`,
    outcome: 'was OOM-killed',
    evidence: { count, lastAt: new Date(lastS * SECOND_MS).toISOString(), limitBytes: context.series.limitBytes },
    advice: `${finalVerdictText(context, lastS)}If its heap was flat, memory outside the heap grew.`,
    limit: limitAtKill(context),
  };
}

/** The level at the kill is not known: the memory that was freed by it is gone from the counters. */
const limitAtKill = ({ series }: RuleContext): FindingLimit => ({
  kind: 'memory',
  bytes: series.limitBytes,
  level: 'unreclaimable',
  levelBytes: null,
});

/** A link only if it has an answer. */
const finalVerdictText = ({ lastEnd }: RuleContext, killS: number): string =>
  lastEnd !== null && lastEnd.atMs / SECOND_MS - killS >= -KILL_NEAR_END_S
    ? `Read the final verdict of the container that was killed: ${lastEnd.address}. `
    : '';

type ProcessKill = Extract<RuleContext['series']['events'][number], { type: 'process_oom_kill' }>;
interface ProcessKills {
  readonly count: number;
  readonly last: ProcessKill;
}

function processKills({ series }: RuleContext): ProcessKills | null {
  const kills = series.events.filter((event): event is ProcessKill => event.type === 'process_oom_kill');
  const last = kills.at(-1);
  return last === undefined ? null : { count: kills.length, last };
}

function processesFound(context: RuleContext, { count, last }: ProcessKills): ConditionFound {
  const at = timePart(last.t * SECOND_MS);
  const what = killedText(context, last.killed);
  const names = joinWithAnd([...new Set(last.killed.map(({ name }) => safeName(name)))]);
  const subject = names === '' ? 'that process' : names;
  return {
    severity: severityAt(context, last.t),
    title:
      count === 1
        ? sentence`The OOM killer ended ${what} at ${at}; ${survivorText(context)} still runs`
        : sentence`The OOM killer struck ${count} times, the last at ${at}: it ended ${what}; ${survivorText(context)} still runs`,
    outcome: 'had a process OOM-killed',
    evidence: {
      count,
      lastAt: new Date(last.t * SECOND_MS).toISOString(),
      limitBytes: context.series.limitBytes,
      killed: last.killed,
    },
    advice: `The container reached its limit, and the kernel ended another process than ${survivorText(context)}, so flags of the JVM do not help. Find out why ${subject} needs so much, give it a limit of its own (\`ulimit -v\`, its own memory option), limit how many such processes run at the same time, or raise the container's limit.`,
    limit: limitAtKill(context),
  };
}

/** "wkhtmltopdf (pid 12, 186 MiB, started by the JVM)" */
function killedText({ target }: RuleContext, killed: readonly KilledProcess[]): string {
  if (killed.length === 0) return 'a short-lived process of the container';
  const texts = killed.map(({ name, pid, anonBytes, parent }) => {
    const isJvm = target.jvm !== null && parent?.pid === target.pid;
    const starter = parent === null ? '' : `, started by ${isJvm ? 'the JVM' : `${safeName(parent.name)}, pid ${parent.pid}`}`;
    return `${safeName(name)} (pid ${pid}, ${bytesText(anonBytes)} when last seen${starter})`;
  });
  return joinWithAnd(texts);
}

const survivorText = ({ target }: RuleContext): string => (target.jvm === null ? "the container's main process" : 'the JVM');

const severityAt = (context: RuleContext, atS: number): 'critical' | 'warn' => (isRecent(context, atS) ? 'critical' : 'warn');

const isRecent = ({ atMs }: RuleContext, atS: number): boolean => atMs / SECOND_MS - atS <= RECENT_SECONDS;

/** The text that begins the headline for a day after a kill. */
export function recentKill(context: RuleContext): Sentence {
  const [ofContainer, ofProcesses] = [containerKills(context), processKills(context)];
  if (!isEmptyAfterKill(context) && ofProcesses !== null && isRecent(context, ofProcesses.last.t))
    return sentence`The OOM killer ended ${killedText(context, ofProcesses.last.killed)} at ${timePart(ofProcesses.last.t * SECOND_MS)}; ${survivorText(context)} still runs. `;
  // If a run follows, the findings report the kill.
  return isEmptyAfterKill(context)
    ? sentence`The process that ran here was ${ofContainer?.likely ? 'most likely ' : ''}OOM-killed at ${timePart((ofContainer?.lastS ?? 0) * SECOND_MS)}. `
    : [];
}

/** An empty cgroup has nothing to report but the kill that emptied it. */
export function isEmptyAfterKill(context: RuleContext): boolean {
  const [ofContainer, ofProcesses] = [containerKills(context), processKills(context)];
  return (
    ofContainer !== null &&
    (ofProcesses === null || ofProcesses.last.t < ofContainer.lastS) &&
    context.lastEnd !== null &&
    context.ended === null &&
    context.target.pid === null &&
    isRecent(context, ofContainer.lastS)
  );
}
