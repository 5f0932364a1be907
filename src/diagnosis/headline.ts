import { entriesOf, type FieldId, fieldRow } from '../fields.ts';
import { bytesText, durationText, rateText } from '../format.ts';
import { DAY_S, HOUR_S, MIB } from '../units.ts';
import { etaDueText } from './eta-text.ts';
import { hiddenRise } from './growth/hidden-rise.ts';
import { memoryLevelText, memoryNowText } from './level-text.ts';
import { outsideHeapBytes } from './outside-heap.ts';
import { openRiseText, steadyText } from './rise-text.ts';
import {
  areFlatText,
  capitalise,
  fillingHeapPerHour,
  flatFieldNames,
  isHeapCounted,
  memoryLimitNow,
  newestValue,
  type RuleContext,
  trendOf,
} from './rule-context.ts';
import { type Sentence, sentence } from './sentence.ts';
import { steadyRateText } from './steady-rate.ts';

/** The headline if no cause leads it: the state, then its meaning, then the advice. */
export function plainHeadline(context: RuleContext): Sentence {
  const { evaluation } = context;
  switch (evaluation.trend) {
    case 'not-enough-data':
      return tooShort(context);
    case 'settling':
      return openRiseText(context) ?? sentence`${settlingText(context)}`;
    case 'cyclic':
      return (
        hiddenRiseText(context) ??
        sentence`Memory used goes up and down${windowSeconds(context) > DAY_S ? ' with the day' : ''}, without lasting drift in ${durationText(windowSeconds(context))}.`
      );
    case 'shrinking':
      return sentence`Memory used shrinks ${rateText(Math.abs(trendOf(context, 'usage')?.slopeBytesPerHour ?? 0))}. Nothing grows.`;
    case 'growing':
      return sentence`${growingUnnamed(context)}`;
    case 'stable':
      return (
        hiddenRiseText(context) ??
        openRiseText(context) ??
        fillingWithinText(context) ??
        sentence`Nothing grows. ${memoryLevelText(context)}, ${steadyText(context, windowSeconds(context))}.${beforeFall(context)}${withoutCounters(context)}${earlierRunsText(context)}`
      );
    default:
      return evaluation.trend satisfies never;
  }
}

/** The JVM's own memory grows, and the container's trend does not show it; null: it is not so. */
function hiddenRiseText({ evaluation, anonGrowth }: RuleContext): Sentence | null {
  const rise = evaluation.leak === null ? hiddenRise(evaluation, anonGrowth) : null;
  return (
    rise &&
    sentence`The JVM's own memory (RSS) rose ${bytesText(rise.bytes)} in ${durationText(rise.seconds)}, outside its heap, while the container's memory has no lasting growth. Whether it leaks is not known yet.`
  );
}

/** A heap fills pages that it has touched before, and most of what it allocates survives; null: it does not. */
function fillingWithinText(context: RuleContext): Sentence | null {
  const { survivedBytes, survivedShare } = trendOf(context, 'heap_used')?.basis.statistics ?? {};
  if (survivedBytes === undefined || survivedShare === undefined || context.evaluation.leak !== null) return null;
  return sentence`Memory used stands at ${memoryLevelText(context)}, but the Java heap fills within it: ${bytesText(survivedBytes)}, about ${Math.round(survivedShare * 100)} % of what it allocated, survived its young collections. Whether that is a leak is known after its old generation has been collected.`;
}

/** What "nothing grows" leaves open where the JVM publishes no counters. */
const withoutCounters = (context: RuleContext): string =>
  isHeapCounted(context) || context.evaluation.leak !== null
    ? ''
    : ' The JVM publishes no counters: a leak within the Java heap shows only once the heap takes more memory.';

/** What runs before did that the newest is too young to show. */
function earlierRunsText(context: RuleContext): string {
  const { runsThatGrew, slopeOfRuns } = trendOf(context, 'anon')?.basis.statistics ?? {};
  if (context.evaluation.leak !== null || runsThatGrew === undefined || slopeOfRuns === undefined) return '';
  return ` But the ${runsThatGrew} runs before this one grew ${rateText(slopeOfRuns)} until they ended, and this one is too young to show whether it does.`;
}

function tooShort(context: RuleContext): Sentence {
  const { evaluation, ended, steady } = context;
  if (ended !== null) return sentence`It ran for too short a time for a verdict.${beforeFall(context)}`;
  const waitS = evaluation.needs === null ? null : Math.max(1, evaluation.needs.hours * HOUR_S);
  const wait = waitS === null ? '' : `: a first verdict comes in about ${durationText(waitS)}`;
  const isLong = waitS === null || waitS >= MIN_WAIT_S;
  // As the wait ends, what was told stays.
  const areParts = steady.keep('parts of memory now', isLong, { isSilent: (told, now) => told && !now });
  const level = areParts ? memoryNowText(context) : `${memoryLevelText(context)} now.`;
  return sentence`Not enough history yet${wait}. ${level}${beforeFall(context)}${earlierRunsText(context)}`;
}

/** Seconds. If the verdict comes sooner, it need not be bridged by what memory consists of. */
const MIN_WAIT_S = 60;

/** After a process has ended, less than this share of its memory remains. */
const LEFT_BY_A_PROCESS = 0.05;
/** A process has more. What an empty cgroup has left is given back in steps, too. */
const MIN_OF_A_PROCESS = MIB;

/** The newest fall to nearly nothing within one sample; an empty text if there is none. */
function beforeFall({ series }: RuleContext): string {
  const usage = [...(series.fields.get('usage') ?? [])].filter(Number.isFinite);
  const isLow = (value: number | undefined, before: number): boolean => value === undefined || value < LEFT_BY_A_PROCESS * before;
  const at = usage.findLastIndex(
    (_, i) => i > 0 && usage[i - 1]! >= MIN_OF_A_PROCESS && [0, 1, 2].every((ahead) => isLow(usage[i + ahead], usage[i - 1]!)),
  );
  if (at === -1) return '';
  return ` Before that it fell from ${bytesText(usage[at - 1]!)} to ${bytesText(usage[at]!)} in one sample: its process ended or was started again.`;
}

const settlingText = (context: RuleContext): string =>
  `Still settling: ${settlingPace(context)}. Ask again in ${durationText(Math.max(1800, windowSeconds(context) / 2))}.`;

function settlingPace(context: RuleContext): string {
  const rise = riseOf(context, 'usage') ?? riseOf(context, 'anon');
  if (rise === null || rise <= 0) return 'growth is levelling off';
  const slope = trendOf(context, 'usage')?.slopeBytesPerHour ?? trendOf(context, 'anon')?.slopeBytesPerHour ?? 0;
  const pace = slope * 24 >= MIN_PACE ? `, ${rateText(slope)} now` : '';
  return `memory used rose ${bytesText(rise)} in ${durationText(windowSeconds(context))}, and the growth is slowing${pace}`;
}

/** Bytes per day. A slower rate is not mentioned beside the rise. */
const MIN_PACE = MIB;

/** The rise of a field over the window of its trend, in bytes. */
function riseOf({ series, evaluation }: RuleContext, field: FieldId): number | null {
  const column = series.fields.get(field);
  const windowS = evaluation.fields[field]?.windowSeconds;
  const from = (series.t[series.t.length - 1] ?? 0) - (windowS ?? 0);
  const known = [...(column ?? [])].filter((v, i) => Number.isFinite(v) && series.t[i]! >= from);
  return windowS === undefined || known.length < 2 ? null : known[known.length - 1]! - known[0]!;
}

const OTHERS: FieldId = 'held_elsewhere';

function growingUnnamed(context: RuleContext): string {
  const fastest = entriesOf(context.evaluation.fields)
    // What others of a shared limit hold is no memory of this container.
    .filter(([id, f]) => f.trend === 'growing' && !fieldRow(id).isSum && fieldRow(id).unit === 'bytes' && id !== OTHERS)
    .sort((a, b) => (b[1].slopeBytesPerHour ?? 0) - (a[1].slopeBytesPerHour ?? 0))[0];
  const filling = fillingHeapPerHour(context);
  if (filling !== null)
    return `Memory grows ${steadyRateText(context, 'what fills', filling)} as the Java heap fills. Whether that is a leak is known after its old generation has been collected.${ceilingText(context)}`;
  const { fields } = context.series;
  // Kubelets of Windows nodes report no more, and some installs keep no more.
  if (fields.has('working_set') && !fields.has('anon') && !fields.has('file'))
    return `Memory grows. Its parts are not reported, so page cache cannot be told from memory that stays, and whether it leaks is not known.${untilLimit(context)}`;
  const flat = flatFieldNames(context, ['heap_used', 'threads', 'metaspace']);
  const but = flat.length > 0 ? ` ${capitalise(areFlatText(flat))}.` : '';
  const how = fastest ? ` ${rateText(fastest[1].slopeBytesPerHour ?? 0)} in ${fastest[0]}` : '';
  return `Memory grows${how}, and the cause is not known yet.${but}${untilLimit(context)}`;
}

/** Where a heap that fills or expands ends at the latest. That it does not fit the limit is a finding of its own, which begins the headline. */
function ceilingText(context: RuleContext): string {
  const { heapMaxBytes: most, limitBytes: limit } = context.series;
  const left = memoryLimitNow(context);
  if (typeof most !== 'number') return '';
  const outside = outsideHeapBytes(context);
  const ends = ` The heap ends at -Xmx (${bytesText(most)}) at the latest`;
  if (typeof limit !== 'number' || typeof left !== 'number' || outside === null) return `${ends}.`;
  const fits = context.steady.keep('-Xmx fits the limit', most + outside <= left);
  return fits ? `${ends}, which fits the limit of ${bytesText(limit)} with the ${bytesText(outside)} outside it.` : `${ends}.`;
}

/** The time at which usage, or the working set where that alone is known, reaches the limit at this rate. What happens then is not known, so the verdict has no ETA for it. */
function untilLimit(context: RuleContext): string {
  const sum = newestValue(context, 'usage') === null ? 'working_set' : 'usage';
  const usage = trendOf(context, sum);
  const limit = memoryLimitNow(context);
  const bytes = newestValue(context, sum);
  if (usage?.trend !== 'growing' || typeof limit !== 'number' || bytes === null || !(usage.high !== null && usage.high > 0))
    return '';
  const seconds = (perHour: number): number => (Math.max(0, limit - bytes) / perHour) * HOUR_S;
  const { low, high } = usage;
  const eta = {
    low: seconds(high),
    seconds: seconds(usage.slopeBytesPerHour ?? high),
    high: low !== null && low > 0 ? seconds(low) : null,
  };
  return ` At this pace the limit is reached ${etaDueText(context, { event: 'reclaim', ...eta })}.`;
}

/** The longest window of any field's trend, in seconds. */
function windowSeconds(context: RuleContext): number {
  const windows = entriesOf(context.evaluation.fields).map(([, f]) => f.windowSeconds);
  return windows.length > 0 ? Math.max(...windows) : 0;
}
