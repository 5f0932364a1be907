import type { SealedSegment } from './segment-files.ts';

/** Minimum rows of a coarser segment: 1 h of minutes, 15 h of quarter hours, 5 days of two hours. */
const MIN_MERGED_ROWS = 60;

/**
 * The oldest segments of the tier `from` that end before `oldestS` and suffice for one of the tier `to`; none: nothing is to be merged yet. A merged
 * segment stands for all between its first and its last row, so they may not reach over one of another tier, or over one in `passed`, which
 * cannot be read. `sealed` is in order of time.
 */
export function mergeGroup(
  sealed: readonly SealedSegment[],
  {
    from,
    to,
    oldestS,
    passed,
  }: { readonly from: number; readonly to: number; readonly oldestS: number; readonly passed: readonly SealedSegment[] },
): readonly SealedSegment[] {
  let group: SealedSegment[] = [];
  for (const one of sealed) {
    if (one.step !== from || passed.includes(one)) {
      // It was passed over earlier, and what comes after it is merged already: no more will come to it.
      if (group.length > 0 && one.step > from) return group;
      group = [];
      continue;
    }
    if (one.endS >= oldestS) return [];
    group.push(one);
    if (one.endS - group[0]!.startS >= MIN_MERGED_ROWS * to) return group;
  }
  return [];
}
