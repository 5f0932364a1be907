import type { Window } from '../field/window.ts';
import type { OrderedSeries } from '../normalise.ts';

/*
 * Before the old generation is collected, nobody knows what of it is live. But what its young collections leave tells a heap that leaks from one that
 * allocates and forgets: of the first most survives, of the other little.
 *
 *     used  .|.|.|      leaks: it hardly falls, and all that was young becomes old     /|/|/|   forgets: it falls back to about where it was
 *          /                                                                        __/
 */
export interface Survivors {
  /** How much the old generation took in, in bytes. */
  readonly keptBytes: number;
  /** As a share of what was allocated meanwhile. */
  readonly share: number;
}

/** What the young collections since row `since` left; null: there were none, or the counters are missing. */
export function survivorsSince(
  { fields }: Pick<OrderedSeries, 'fields'>,
  { to }: Pick<Window, 'to'>,
  since: number,
): Survivors | null {
  const [used, old, counts] = [fields.get('heap_used'), fields.get('old_used'), fields.get('gc_count')];
  if (used === undefined || old === undefined || counts === undefined) return null;
  const isKnown = (i: number): boolean => Number.isFinite(used[i]!) && Number.isFinite(old[i]!) && Number.isFinite(counts[i]!);
  let [first, last, young] = [-1, -1, 0];
  for (let i = since; i < to; i++) {
    if (!isKnown(i)) continue;
    if (first < 0) first = i;
    last = i;
    young = Math.max(young, used[i]! - old[i]!);
  }
  const collections = first < 0 ? 0 : counts[last]! - counts[first]!;
  if (!(collections > 0) || !(young > 0)) return null;
  const keptBytes = old[last]! - old[first]!;
  // The young generation was seen at times, and collected when it was full: at most so much was allocated between two collections.
  return { keptBytes, share: keptBytes / (collections * young) };
}
