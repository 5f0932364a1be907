import { duration, level, list, rate } from '../format.ts';
import { capital, flatOnes, now, type Scene, trendOf } from './scene.ts';

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
  const wait = needs === null ? '' : `: ${needs.for} shows after about ${duration(needs.hours * 3600)}`;
  return `Not enough history yet${wait}. ${standing(scene)} now.`;
}

function settlingPace(scene: Scene): string {
  const slope = trendOf(scene, 'usage')?.slopeBytesPerHour ?? trendOf(scene, 'anon')?.slopeBytesPerHour ?? null;
  return slope === null ? 'it grew and is slowing' : `it grew and is slowing, ${rate(slope)} now`;
}

function growingUnnamed(scene: Scene): string {
  const fastest = Object.entries(scene.judgement.fields)
    .filter(([, f]) => f.trend === 'growing')
    .sort((a, b) => (b[1].slopeBytesPerHour ?? 0) - (a[1].slopeBytesPerHour ?? 0))[0];
  const heap = trendOf(scene, 'heap_used')?.slopeBytesPerHour ?? 0;
  const anon = trendOf(scene, 'anon');
  // Not called growing, since the old generation has hardly been collected: it is what grows all the same.
  if (anon?.trend === 'growing' && heap >= 0.7 * (anon.slopeBytesPerHour ?? Number.POSITIVE_INFINITY))
    return `Memory grows ${rate(anon.slopeBytesPerHour ?? 0)} as the Java heap fills; whether that is a leak shows once its old generation has been collected.`;
  const flat = flatOnes(scene, ['heap_used', 'threads', 'metaspace']);
  const but = flat.length > 0 ? ` ${capital(list(flat))} ${flat.length > 1 ? 'are' : 'is'} flat.` : '';
  return fastest
    ? `Memory grows ${rate(fastest[1].slopeBytesPerHour ?? 0)} in ${fastest[0]}, and memhound cannot yet say by what.${but}`
    : `Memory grows, and memhound cannot yet say by what.${but}`;
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
