import { f64At, put } from './memory';

/** As `movesOf` in ../../../moves.ts: the moves of `m` values, m - 1, then their sizes, into `out`. */
export function moves(y: usize, m: i32, out: usize): void {
  for (let i = 0; i + 1 < m; i++) {
    const move = f64At(y, i + 1) - f64At(y, i);
    put(out, i, move);
    put(out, m - 1 + i, Math.abs(move));
  }
}

/** As `isAscending` there, of `m` values. */
export function isAscending(t: usize, m: i32): bool {
  let last = -Infinity;
  for (let i = 0; i < m; i++) {
    const at = f64At(t, i);
    if (!(at > last) || at === Infinity) return false;
    last = at;
  }
  return true;
}

/** As `fallsBelow` there, of `m` values: pairs of 32-bit indexes into `out`, which has room for m pairs. Returns how many pairs. */
export function fallsBelow(values: usize, m: i32, share: f64, out: usize): i32 {
  let count = 0;
  let before = 0;
  for (let i = 1; i < m; i++) {
    const value = f64At(values, i);
    if (!(Math.abs(value) < Infinity)) continue;
    if (value < share * f64At(values, before)) {
      store<i32>(out + ((<usize>count) << 3), before);
      store<i32>(out + ((<usize>count) << 3), i, 4);
      count++;
    }
    before = i;
  }
  return count;
}
