import { sumPerHour } from '../../trends/together/growth-causes.ts';
import type { Eta, Evaluation } from '../../trends/types.ts';
import { HOUR_S } from '../../units.ts';

/**
 * The evaluation without the OOM kill of a heap that ends at -Xmx before it, and whose -Xmx fits the limit with what lies outside. A collector that
 * lets garbage stand makes all memory grow faster than what survives, up to -Xmx and no further. `outsideBytes`: null: not known.
 */
export function withHeapEnd(
  evaluation: Evaluation,
  {
    limitBytes,
    heapMaxBytes,
    outsideBytes,
  }: { readonly limitBytes: unknown; readonly heapMaxBytes: unknown; readonly outsideBytes: number | null },
): Evaluation {
  const { causes, etas } = evaluation;
  const isHeapAlone = causes.every(({ cause, reclaimable }) => cause === 'heap' || reclaimable);
  const ends = etas.some(({ event }) => event === 'heap-exhausted');
  if (!isHeapAlone || !ends || outsideBytes === null || typeof limitBytes !== 'number' || typeof heapMaxBytes !== 'number')
    return evaluation;
  if (heapMaxBytes + outsideBytes >= limitBytes) return evaluation;
  return { ...evaluation, etas: etas.filter(({ event }) => event !== 'oom-kill') };
}

/** By -XX:MinHeapFreeRatio=40 a heap that expands has at most so much beyond its floor, as a share of it. More was touched before, and is filled first. */
const MAX_GARBAGE = 1;
/** The slopes of the causes are those of lines, and pages come in steps. */
const UNEVENNESS = 0.1;

/**
 * The evaluation with the OOM kill at the pace of its causes, where the heap has a floor that rises. A heap takes new pages in steps, and a line
 * through so few of them is too flat between two and too steep at one. What it has beyond the floor is garbage, of which some is there at the end,
 * too. `outsideBytes`: unreclaimable memory without the heap.
 */
export function withPaceOfHeap(
  evaluation: Evaluation,
  {
    limitBytes,
    outsideBytes,
    unreclaimableBytes,
  }: { readonly limitBytes: unknown; readonly outsideBytes: number | null; readonly unreclaimableBytes: number | null },
): Evaluation {
  const { causes, etas, fields } = evaluation;
  const heap = causes.find(({ cause, what }) => cause === 'heap' && what === null);
  const line = fields.heap_used?.basis.line ?? null;
  if (heap === undefined || line === null || !etas.some(({ event }) => event === 'oom-kill')) return evaluation;
  if (typeof limitBytes !== 'number' || outsideBytes === null || unreclaimableBytes === null) return evaluation;
  const floor = line.level + line.slopePerSecond * (line.toT - line.fromT);
  const resident = unreclaimableBytes - outsideBytes;
  const perHour = sumPerHour(causes.filter(({ reclaimable }) => !reclaimable));
  const room = Math.max(0, limitBytes - unreclaimableBytes);
  const until = (bytes: number): number => (bytes / perHour) * HOUR_S;
  const [withGarbage, withoutGarbage] = [until(room), until(room + Math.max(0, resident - floor))];
  if (!(perHour > 0) || resident - floor > MAX_GARBAGE * floor) return evaluation;
  const oom: Eta = {
    event: 'oom-kill',
    seconds: (withGarbage + withoutGarbage) / 2,
    low: (1 - UNEVENNESS) * withGarbage,
    high: (1 + UNEVENNESS) * withoutGarbage,
  };
  return { ...evaluation, etas: etas.map((eta) => (eta.event === 'oom-kill' ? oom : eta)) };
}
