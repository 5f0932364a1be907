import { movesOf } from '../moves.ts';

/**
 * Where a series jumps and stays: a cache loaded once, a pool resized, a job that came or went. These are candidates: the model average decides
 * whether they are steps. A fall among other falls of its size belongs to a saw-tooth.
 *
 *     .  . . .
 *              |' ' '. '      a jump: far more than neighbours differ, and the levels beside it differ by most of it
 *     ........ |
 */
const LARGE = 8;
/** Neighbours on either side whose means must differ by most of the jump. */
const NEIGHBOURS = 5;
const LASTING_SHARE = 0.6;

/** Most steps that are looked for in one series. */
const MAX_STEPS = 3;
/** A fall counts if no other fall is larger than this share of it. */
const OTHER_FALLS = 0.5;

export interface StepChange {
  /** Index of the first block that has any of the step. */
  readonly at: number;
  /** How much of the step that block has: 1 if it came between two blocks. */
  readonly share: number;
}

/** The largest lasting jumps, the largest first. `movesIn`: another implementation of `movesOf`. */
export function stepChanges(y: Float64Array, movesIn: typeof movesOf = movesOf): StepChange[] {
  const m = y.length;
  if (m < 4 * NEIGHBOURS) return [];
  const { moves, sizes } = movesIn(y);
  const least = LARGE * sizes.slice().sort()[m >> 1]!;
  const found: number[] = [];
  while (found.length < MAX_STEPS) {
    let next: number | null = null;
    let largest = least;
    for (let at = NEIGHBOURS; at <= m - NEIGHBOURS; at++) {
      // Of most points one number is read: V8's interpreter makes an object of each.
      if (sizes[at - 1]! <= largest || found.some((other) => Math.abs(other - at) < NEIGHBOURS)) continue;
      if ((mean(y, at, at + NEIGHBOURS) - mean(y, at - NEIGHBOURS, at)) / moves[at - 1]! <= LASTING_SHARE) continue;
      next = at;
      largest = sizes[at - 1]!;
    }
    if (next === null) break;
    found.push(next);
  }
  const steps = found.map((at) => stepAt(y, at, least));
  const [first] = found;
  if (first === undefined || y[first]! > y[first - 1]!) return steps;
  const size = y[first - 1]! - y[first]!;
  const others = sizes.filter((_, i) => i + 1 !== first && y[i + 1]! < y[i]!);
  return others.every((other) => other < OTHER_FALLS * size) ? steps : [];
}

/**
 * Where one shift of the mean would explain most of the series: the first index after it. A step that is smaller than the noise of single blocks is
 * found by the means on both sides. null: too few blocks.
 */
export function likeliestShift(y: Float64Array): number | null {
  const m = y.length;
  if (m < 4 * NEIGHBOURS) return null;
  let all = 0;
  for (let i = 0; i < m; i++) all += y[i]!;
  let [before, largest, at] = [0, 0, null as number | null];
  for (let i = 1; i <= m - NEIGHBOURS; i++) {
    before += y[i - 1]!;
    // The sum of squares that the two means explain, times the number of blocks.
    const explained = (m * before - i * all) ** 2 / (i * (m - i));
    if (i >= NEIGHBOURS && explained > largest) [largest, at] = [explained, i];
  }
  return at;
}

/**
 * A step within a block is two jumps the same way, one after the other. `at`: the first index after the larger one. `least`: what the smaller one
 * must exceed.
 */
function stepAt(y: Float64Array, at: number, least: number): StepChange {
  const size = y[at]! - y[at - 1]!;
  const along = (move: number): number => (Math.sign(move) === Math.sign(size) && Math.abs(move) > least ? move : 0);
  const before = along(y[at - 1]! - y[at - 2]!);
  const after = along(y[at + 1]! - y[at]!);
  if (Math.abs(before) > Math.abs(after)) return { at: at - 1, share: before / (before + size) };
  return { at, share: size / (size + after) };
}

function mean(y: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += y[i]!;
  return sum / (to - from);
}
