import { bytesText, durationText, intervalText, joinWithAnd, rateText } from '../format.ts';
import { capitalise, flatFieldNames, newestValue, type RuleContext, trendOf } from './rule-context.ts';

/** The headline where no named cause leads: what happens, then what it means, then what to do. */
export function plainHeadline(context: RuleContext): string {
  const { evaluation: judgement } = context;
  switch (judgement.trend) {
    case 'not-enough-data':
      return tooShort(context);
    case 'settling':
      return `Still settling: ${settlingPace(context)}. Ask again in ${durationText(Math.max(1800, windowText(context) / 2))}.`;
    case 'cyclic':
      return `Goes up and down${windowText(context) > 86400 ? ' with the day' : ''}, no lasting drift in ${durationText(windowText(context))}.`;
    case 'shrinking':
      return `Memory used shrinks ${rateText(Math.abs(trendOf(context, 'usage')?.slopeBytesPerHour ?? 0))}. Nothing grows.`;
    case 'growing':
      return growingUnnamed(context);
    case 'stable':
      return `Nothing grows. ${memoryLevelText(context)}, steady for ${durationText(windowText(context))}.`;
    default:
      return judgement.trend satisfies never;
  }
}

function tooShort(context: RuleContext): string {
  const { needs } = context.evaluation;
  const wait = needs === null ? '' : `: a first verdict comes in about ${durationText(Math.max(1, needs.hours * 3600))}`;
  return `Not enough history yet${wait}. ${memoryLevelText(context)} now.`;
}

function settlingPace(context: RuleContext): string {
  const rise = riseOf(context, 'usage') ?? riseOf(context, 'anon');
  if (rise === null || rise <= 0) return 'it grew and is slowing';
  const slope = trendOf(context, 'usage')?.slopeBytesPerHour ?? trendOf(context, 'anon')?.slopeBytesPerHour ?? 0;
  const pace = slope * 24 >= MIN_PACE ? `, ${rateText(slope)} now` : '';
  return `memory used rose ${bytesText(rise)} in ${durationText(windowText(context))}, ever more slowly${pace}`;
}

/** Slower than this, bytes a day, is no pace to be told beside a rise. */
const MIN_PACE = 2 ** 20;

/** By how much a field rose over what the verdict rests on, in bytes. */
function riseOf({ series, evaluation: judgement }: RuleContext, field: string): number | null {
  const column = series.fields.get(field);
  const windowS = judgement.fields[field]?.windowSeconds;
  const from = (series.t[series.t.length - 1] ?? 0) - (windowS ?? 0);
  const known = [...(column ?? [])].filter((v, i) => Number.isFinite(v) && series.t[i]! >= from);
  return windowS === undefined || known.length < 2 ? null : known[known.length - 1]! - known[0]!;
}

/** Fields that say no more than that something grows. */
const SUMS: ReadonlySet<string> = new Set(['usage', 'working_set', 'rss']);

function growingUnnamed(context: RuleContext): string {
  const fastest = Object.entries(context.evaluation.fields)
    .filter(([id, f]) => f.trend === 'growing' && !SUMS.has(id))
    .sort((a, b) => (b[1].slopeBytesPerHour ?? 0) - (a[1].slopeBytesPerHour ?? 0))[0];
  const heap = trendOf(context, 'heap_used')?.slopeBytesPerHour ?? 0;
  const anon = trendOf(context, 'anon');
  // Not called growing, since the old generation has hardly been collected: it is what grows all the same.
  if (anon?.trend === 'growing' && heap >= 0.7 * (anon.slopeBytesPerHour ?? Number.POSITIVE_INFINITY))
    return `Memory grows ${rateText(anon.slopeBytesPerHour ?? 0)} as the Java heap fills; whether that is a leak shows once its old generation has been collected.`;
  const flat = flatFieldNames(context, ['heap_used', 'threads', 'metaspace']);
  const but = flat.length > 0 ? ` ${capitalise(joinWithAnd(flat))} ${flat.length > 1 ? 'are' : 'is'} flat.` : '';
  const how = fastest ? ` ${rateText(fastest[1].slopeBytesPerHour ?? 0)} in ${fastest[0]}` : '';
  return `Memory grows${how}, and memhound cannot yet say by what.${but}${untilLimit(context)}`;
}

/** When usage meets the limit if it goes on like this; what happens then is not known, so it is no end that the verdict tells. */
function untilLimit(context: RuleContext): string {
  const usage = trendOf(context, 'usage');
  const limit = context.series.limitBytes;
  const bytes = newestValue(context, 'usage');
  if (usage?.trend !== 'growing' || typeof limit !== 'number' || bytes === null || !(usage.high !== null && usage.high > 0))
    return '';
  const seconds = (perHour: number): number => (Math.max(0, limit - bytes) / perHour) * 3600;
  const { low, high } = usage;
  return ` At this pace the limit is reached in ${intervalText(seconds(high), low !== null && low > 0 ? seconds(low) : null)}.`;
}

/** "622 MiB of 2 GiB" */
function memoryLevelText(context: RuleContext): string {
  const usage = newestValue(context, 'usage') ?? newestValue(context, 'working_set');
  const limit = context.series.limitBytes;
  if (usage === null) return 'Usage is not known';
  if (typeof limit === 'number') return `${bytesText(usage)} of ${bytesText(limit)}`;
  return limit === 'max' ? `${bytesText(usage)}, no limit` : bytesText(usage);
}

/** Seconds of history that the verdict rests on. */
function windowText(context: RuleContext): number {
  const windows = Object.values(context.evaluation.fields).map((f) => f.windowSeconds);
  return windows.length > 0 ? Math.max(...windows) : 0;
}
