import type { JvmReading } from '../types.ts';

/** G1 begins to mark when the old generation holds this share of the heap (InitiatingHeapOccupancyPercent; not adaptive before JDK 9). */
const DEFAULT_START_PERCENT = 45;
/** A cycle is marking, followed by at most eight mixed collections (G1MixedGCCountTarget). Each of them counts as a young collection. */
const COLLECTIONS_OF_A_CYCLE = 10;

/**
 * Counts concurrent cycles of a G1 that does not count them (JDK 8). Above the threshold, each young collection starts a cycle unless one
 * runs. So after every ten collections above it, one whole cycle has ended, and the minimum of the old generation during them is the live
 * set. A fall below the threshold ends a cycle too. Cycles before the first reading are not counted.
 */
export class G1CycleCounter {
  #cycles = 0;
  #collections: number | null = null;
  #pastThreshold = 0;

  count({
    collections,
    generations,
    flags,
  }: Pick<JvmReading, 'generations' | 'flags'> & { readonly collections: number }): number {
    const capacity = generations.reduce((sum, g) => sum + g.capacityBytes, 0);
    const old = generations[generations.length - 1]?.spaces.reduce((sum, s) => sum + s.usedBytes, 0) ?? 0;
    const newOnes = this.#collections === null ? 0 : Math.max(0, collections - this.#collections);
    this.#collections = collections;
    if (old > (capacity * startPercent(flags)) / 100) {
      this.#pastThreshold += newOnes;
      while (this.#pastThreshold >= COLLECTIONS_OF_A_CYCLE) {
        this.#pastThreshold -= COLLECTIONS_OF_A_CYCLE;
        this.#cycles++;
      }
    } else if (this.#pastThreshold > 0) {
      this.#pastThreshold = 0;
      this.#cycles++;
    }
    return this.#cycles;
  }
}

function startPercent(flags: readonly string[]): number {
  const given = flags.findLast((f) => f.startsWith('-XX:InitiatingHeapOccupancyPercent='))?.split('=')[1];
  const percent = Number(given);
  return given !== undefined && percent > 0 && percent <= 100 ? percent : DEFAULT_START_PERCENT;
}
