/**
 * Where a series jumps and stays: a cache loaded once, a pool resized, a job that came. Candidates only; whether it is a step is weighed.
 *
 *     .  . . .
 *              |' ' '. '      a jump: far more than neighbours differ, and the levels beside it differ by most of it
 *     ........ |
 */
const MOST = 1;
const LARGE = 8;
/** Neighbours on either side whose means must differ by most of the jump. */
const BESIDE = 5;
const LASTING = 0.6;

/** First index after each of the largest jumps, largest first. */
export function jumpsOf(y: Float64Array): number[] {
  const m = y.length;
  if (m < 4 * BESIDE) return [];
  const moves = Float64Array.from({ length: m - 1 }, (_, i) => Math.abs(y[i + 1]! - y[i]!));
  const usual = moves.slice().sort()[m >> 1]!;
  const order = Array.from(moves.keys())
    .filter((i) => y[i + 1]! - y[i]! > LARGE * usual)
    .sort((a, b) => moves[b]! - moves[a]!);
  const found: number[] = [];
  for (const i of order) {
    if (found.length === MOST) break;
    const at = i + 1;
    if (at < BESIDE || m - at < BESIDE || found.some((other) => Math.abs(other - at) < BESIDE)) continue;
    const size = y[at]! - y[i]!;
    const rise = mean(y, at, at + BESIDE) - mean(y, at - BESIDE, at);
    if (rise / size > LASTING) found.push(at);
  }
  return found;
}

function mean(y: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += y[i]!;
  return sum / (to - from);
}
