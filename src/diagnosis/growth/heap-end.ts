import type { Evaluation } from '../../trends/types.ts';

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
