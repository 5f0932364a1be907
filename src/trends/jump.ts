/**
 * Where a series jumps and stays: a cache loaded once, a pool resized, a job that came or went. A candidate only; whether it is a step is
 * weighed. A fall among other falls is a saw-tooth, and no step.
 *
 *     .  . . .
 *              |' ' '. '      a jump: far more than neighbours differ, and the levels beside it differ by most of it
 *     ........ |
 */
const LARGE = 8;
/** Neighbours on either side whose means must differ by most of the jump. */
const BESIDE = 5;
const LASTING = 0.6;

/** A fall counts where no other is larger than this share of it. */
const ALONE = 0.5;

/** First index after the largest lasting jump; null where there is none. */
export function jumpOf(y: Float64Array): number | null {
  const m = y.length;
  if (m < 4 * BESIDE) return null;
  const moves = Float64Array.from({ length: m - 1 }, (_, i) => Math.abs(y[i + 1]! - y[i]!));
  const usual = moves.slice().sort()[m >> 1]!;
  let found: number | null = null;
  let largest = LARGE * usual;
  for (let at = BESIDE; at <= m - BESIDE; at++) {
    const size = y[at]! - y[at - 1]!;
    if (Math.abs(size) <= largest) continue;
    if ((mean(y, at, at + BESIDE) - mean(y, at - BESIDE, at)) / size <= LASTING) continue;
    found = at;
    largest = Math.abs(size);
  }
  if (found === null || y[found]! > y[found - 1]!) return found;
  const others = moves.filter((_, i) => i + 1 !== found && y[i + 1]! < y[i]!);
  return others.every((size) => size < ALONE * largest) ? found : null;
}

function mean(y: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += y[i]!;
  return sum / (to - from);
}
