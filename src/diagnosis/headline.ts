import { duration, level, list, rate, span } from '../format.ts';
import { capital, flatOnes, now, type Scene, trendOf } from './rule-context.ts';

/** The headline where no named cause leads: what happens, then what it means, then what to do. */
export function plainHeadline(scene: Scene): string {
  const { judgement } = scene;
  switch (judgement.trend) {
    case 'not-enough-data':
      return tooShort(scene);
    case 'settling':
      return `Still settling: ${settlingPace(scene)}. Ask again in ${duration(Math.max(1800, observed(scene) / 2))}.`;
    case 'cyclic':
      return `Goes up and down${observed(scene) > 86400 ? ' with the day' : ''}, no lasting drift in ${duration(observed(scene))}.`;
    case 'shrinking':
      return `Memory used shrinks ${rate(Math.abs(trendOf(scene, 'usage')?.slopeBytesPerHour ?? 0))}. Nothing grows.`;
    case 'growing':
      return growingUnnamed(scene);
    case 'stable':
      return `Nothing grows. ${standing(scene)}, steady for ${duration(observed(scene))}.`;
    default:
      return judgement.trend satisfies never;
  }
}

function tooShort(scene: Scene): string {
  const { needs } = scene.judgement;
  const wait = needs === null ? '' : `: a first verdict comes in about ${duration(Math.max(1, needs.hours * 3600))}`;
  return `Not enough history yet${wait}. ${standing(scene)} now.`;
}

function settlingPace(scene: Scene): string {
  const rise = riseOf(scene, 'usage') ?? riseOf(scene, 'anon');
  if (rise === null || rise <= 0) return 'it grew and is slowing';
  const slope = trendOf(scene, 'usage')?.slopeBytesPerHour ?? trendOf(scene, 'anon')?.slopeBytesPerHour ?? 0;
  const pace = slope * 24 >= LEAST_PACE ? `, ${rate(slope)} now` : '';
  return `memory used rose ${level(rise)} in ${duration(observed(scene))}, ever more slowly${pace}`;
}

/** Slower than this, bytes a day, is no pace to be told beside a rise. */
const LEAST_PACE = 2 ** 20;

/** By how much a field rose over what the verdict rests on, in bytes. */
function riseOf({ series, judgement }: Scene, field: string): number | null {
  const column = series.fields.get(field);
  const windowS = judgement.fields[field]?.windowSeconds;
  const from = (series.t[series.t.length - 1] ?? 0) - (windowS ?? 0);
  const known = [...(column ?? [])].filter((v, i) => Number.isFinite(v) && series.t[i]! >= from);
  return windowS === undefined || known.length < 2 ? null : known[known.length - 1]! - known[0]!;
}

/** Fields that say no more than that something grows. */
const SUMS: ReadonlySet<string> = new Set(['usage', 'working_set', 'rss']);

function growingUnnamed(scene: Scene): string {
  const fastest = Object.entries(scene.judgement.fields)
    .filter(([id, f]) => f.trend === 'growing' && !SUMS.has(id))
    .sort((a, b) => (b[1].slopeBytesPerHour ?? 0) - (a[1].slopeBytesPerHour ?? 0))[0];
  const heap = trendOf(scene, 'heap_used')?.slopeBytesPerHour ?? 0;
  const anon = trendOf(scene, 'anon');
  // Not called growing, since the old generation has hardly been collected: it is what grows all the same.
  if (anon?.trend === 'growing' && heap >= 0.7 * (anon.slopeBytesPerHour ?? Number.POSITIVE_INFINITY))
    return `Memory grows ${rate(anon.slopeBytesPerHour ?? 0)} as the Java heap fills; whether that is a leak shows once its old generation has been collected.`;
  const flat = flatOnes(scene, ['heap_used', 'threads', 'metaspace']);
  const but = flat.length > 0 ? ` ${capital(list(flat))} ${flat.length > 1 ? 'are' : 'is'} flat.` : '';
  const how = fastest ? ` ${rate(fastest[1].slopeBytesPerHour ?? 0)} in ${fastest[0]}` : '';
  return `Memory grows${how}, and memhound cannot yet say by what.${but}${untilLimit(scene)}`;
}

/** When usage meets the limit if it goes on like this; what happens then is not known, so it is no end that the verdict tells. */
function untilLimit(scene: Scene): string {
  const usage = trendOf(scene, 'usage');
  const limit = scene.series.limitBytes;
  const bytes = now(scene, 'usage');
  if (usage?.trend !== 'growing' || typeof limit !== 'number' || bytes === null || !(usage.high !== null && usage.high > 0))
    return '';
  const seconds = (perHour: number): number => (Math.max(0, limit - bytes) / perHour) * 3600;
  const { low, high } = usage;
  return ` At this pace the limit is reached in ${span(seconds(high), low !== null && low > 0 ? seconds(low) : null)}.`;
}

/** "622 MiB of 2 GiB" */
function standing(scene: Scene): string {
  const usage = now(scene, 'usage') ?? now(scene, 'working_set');
  const limit = scene.series.limitBytes;
  if (usage === null) return 'Usage is not known';
  if (typeof limit === 'number') return `${level(usage)} of ${level(limit)}`;
  return limit === 'max' ? `${level(usage)}, no limit` : level(usage);
}

/** Seconds of history that the verdict rests on. */
function observed(scene: Scene): number {
  const windows = Object.values(scene.judgement.fields).map((f) => f.windowSeconds);
  return windows.length > 0 ? Math.max(...windows) : 0;
}
