import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import type { AnonPart, AnonPartId } from './anon-kinds.ts';

/** Swapped-out bytes by part. Parts without any are absent. */
export type SwappedParts = ReadonlyMap<AnonPartId, number>;

/** Swapped-out bytes by the kind of their mapping. */
export type SwappedKinds = ReadonlyMap<AnonPartId | 'unnamed', number>;

/** Parts that consist of unnamed memory. Which of them is swapped out is not known, so the one that the JVM does not need for itself comes first. */
const UNNAMED: readonly AnonPartId[] = ['direct-buffers', 'unnamed-mappings', 'vm-structures', 'metaspace'];

/**
 * The mappings, with swapped-out bytes counted as if they were resident: the JVM's own values count both. Swap of a shared mapping belongs to
 * tmpfs, and each process that maps it reports all of it.
 */
export const withSwapCounted = (mappings: readonly Mapping[]): readonly Mapping[] =>
  mappings.some(holdsSwap)
    ? mappings.map((m) =>
        holdsSwap(m)
          ? { ...m, anonBytes: m.anonBytes + m.swapBytes, rssBytes: m.rssBytes + m.swapBytes }
          : { ...m, swapBytes: 0 },
      )
    : mappings;

const holdsSwap = ({ swapBytes, perms }: Mapping): boolean => swapBytes > 0 && perms[3] === 'p';

/** Divides parts that count swapped-out memory: what is resident of each, and what is in swap. Pure. */
export function withoutSwap(
  counted: readonly AnonPart[],
  swapped: SwappedKinds,
): { readonly parts: readonly AnonPart[]; readonly swapped: SwappedParts } {
  const byPart = new Map<AnonPartId, number>();
  const take = (id: AnonPartId, bytes: number): number => {
    const taken = Math.min(bytes, counted.find((part) => part.id === id)?.bytes ?? 0);
    if (taken > 0) byPart.set(id, (byPart.get(id) ?? 0) + taken);
    return bytes - taken;
  };
  let unnamed = 0;
  for (const [kind, bytes] of swapped) unnamed += kind === 'unnamed' ? bytes : take(kind, bytes);
  for (const id of UNNAMED) unnamed = take(id, unnamed);
  const parts = counted.map((part) => {
    const bytes = byPart.get(part.id) ?? 0;
    return bytes === 0
      ? part
      : { ...part, bytes: part.bytes - bytes, low: Math.max(0, part.low - bytes), high: Math.max(0, part.high - bytes) };
  });
  return { parts, swapped: byPart };
}
