import { entriesOf, type FieldId, fieldRow } from '../fields.ts';
import { bytesText, dueText, durationText, rateText } from '../format.ts';
import { DAY_S, HOUR_S, MIB } from '../units.ts';
import { areFlatText, capitalise, flatFieldNames, newestValue, type RuleContext, trendOf } from './rule-context.ts';

/** The headline where no cause leads: what happens, then what it means, then what to do. */
export function plainHeadline(context: RuleContext): string {
  const { evaluation } = context;
  switch (evaluation.trend) {
    case 'not-enough-data':
      return tooShort(context);
    case 'settling':
      return `Still settling: ${settlingPace(context)}. Ask again in ${durationText(Math.max(1800, windowSeconds(context) / 2))}.`;
    case 'cyclic':
      return `Memory used goes up and down${windowSeconds(context) > DAY_S ? ' with the day' : ''}, without lasting drift in ${durationText(windowSeconds(context))}.`;
    case 'shrinking':
      return `Memory used shrinks ${rateText(Math.abs(trendOf(context, 'usage')?.slopeBytesPerHour ?? 0))}. Nothing grows.`;
    case 'growing':
      return growingUnnamed(context);
    case 'stable':
      return `Nothing grows. ${memoryLevelText(context)}, steady for ${durationText(windowSeconds(context))}.`;
    default:
      return evaluation.trend satisfies never;
  }
}

function tooShort(context: RuleContext): string {
  const { needs } = context.evaluation;
  const wait = needs === null ? '' : `: a first verdict comes in about ${durationText(Math.max(1, needs.hours * HOUR_S))}`;
  return `Not enough history yet${wait}. ${memoryLevelText(context)} now.`;
}

function settlingPace(context: RuleContext): string {
  const rise = riseOf(context, 'usage') ?? riseOf(context, 'anon');
  if (rise === null || rise <= 0) return 'growth is levelling off';
  const slope = trendOf(context, 'usage')?.slopeBytesPerHour ?? trendOf(context, 'anon')?.slopeBytesPerHour ?? 0;
  const pace = slope * 24 >= MIN_PACE ? `, ${rateText(slope)} now` : '';
  return `memory used rose ${bytesText(rise)} in ${durationText(windowSeconds(context))}, and the growth is slowing${pace}`;
}

/** Bytes a day. A slower pace is not worth naming beside the rise. */
const MIN_PACE = MIB;

/** By how much a field rose over the window of its trend, in bytes. */
function riseOf({ series, evaluation }: RuleContext, field: FieldId): number | null {
  const column = series.fields.get(field);
  const windowS = evaluation.fields[field]?.windowSeconds;
  const from = (series.t[series.t.length - 1] ?? 0) - (windowS ?? 0);
  const known = [...(column ?? [])].filter((v, i) => Number.isFinite(v) && series.t[i]! >= from);
  return windowS === undefined || known.length < 2 ? null : known[known.length - 1]! - known[0]!;
}

function growingUnnamed(context: RuleContext): string {
  const fastest = entriesOf(context.evaluation.fields)
    .filter(([id, f]) => f.trend === 'growing' && !fieldRow(id).isSum)
    .sort((a, b) => (b[1].slopeBytesPerHour ?? 0) - (a[1].slopeBytesPerHour ?? 0))[0];
  const heap = trendOf(context, 'heap_used')?.slopeBytesPerHour ?? 0;
  const anon = trendOf(context, 'anon');
  // The heap is not called growing while its old generation has hardly been collected, but it is what grows here.
  if (anon?.trend === 'growing' && heap >= 0.7 * (anon.slopeBytesPerHour ?? Number.POSITIVE_INFINITY))
    return `Memory grows ${rateText(anon.slopeBytesPerHour ?? 0)} as the Java heap fills. Whether that is a leak is known after its old generation has been collected.`;
  const flat = flatFieldNames(context, ['heap_used', 'threads', 'metaspace']);
  const but = flat.length > 0 ? ` ${capitalise(areFlatText(flat))}.` : '';
  const how = fastest ? ` ${rateText(fastest[1].slopeBytesPerHour ?? 0)} in ${fastest[0]}` : '';
  return `Memory grows${how}, and the cause is not known yet.${but}${untilLimit(context)}`;
}

/** When usage reaches the limit at this pace. What happens then is not known, so the verdict carries no eta for it. */
function untilLimit(context: RuleContext): string {
  const usage = trendOf(context, 'usage');
  const limit = context.series.limitBytes;
  const bytes = newestValue(context, 'usage');
  if (usage?.trend !== 'growing' || typeof limit !== 'number' || bytes === null || !(usage.high !== null && usage.high > 0))
    return '';
  const seconds = (perHour: number): number => (Math.max(0, limit - bytes) / perHour) * HOUR_S;
  const { low, high } = usage;
  return ` At this pace the limit is reached ${dueText(seconds(high), low !== null && low > 0 ? seconds(low) : null)}.`;
}

/** "622 MiB of 2 GiB" */
function memoryLevelText(context: RuleContext): string {
  const usage = newestValue(context, 'usage') ?? newestValue(context, 'working_set');
  const limit = context.series.limitBytes;
  if (usage === null) return 'Usage is not known';
  if (typeof limit === 'number') return `${bytesText(usage)} of ${bytesText(limit)}`;
  return limit === 'max' ? `${bytesText(usage)}, no limit` : bytesText(usage);
}

/** The longest window of any field's trend, in seconds. */
function windowSeconds(context: RuleContext): number {
  const windows = entriesOf(context.evaluation.fields).map(([, f]) => f.windowSeconds);
  return windows.length > 0 ? Math.max(...windows) : 0;
}
