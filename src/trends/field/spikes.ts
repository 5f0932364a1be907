import { median } from '../median.ts';
import { movesOf } from '../moves.ts';

/**
 * A spike comes and goes within three blocks: a request that needs much for a moment, a batch. It says nothing about the level beside it, but one
 * spike is worth the noise of many blocks.
 *
 *          |
 *     .  . |.  .       a spike: far above (or below) the levels on both sides
 *      .  .   .  .
 */
/** A spike is this many times what neighbours differ by. With 8, what remains of the peaks of a weekly load counts, and smaller ones move no slope. */
const LARGE = 16;
/** Blocks on either side whose median is the level there: two others that are spikes do not move it. At the ends there are fewer. */
const NEIGHBOURS = 5;
/** More spikes than this share of the blocks are how the series moves. */
const MAX_SHARE = 0.25;

/** The values, those of spikes replaced by the level beside them; the same array where there is none. `moves`: another implementation of `movesOf`. */
export function withoutSpikes(y: Float64Array, moves: typeof movesOf = movesOf): Float64Array {
  if (y.length < 4 * NEIGHBOURS) return y;
  const least = LARGE * median(moves(y).sizes);
  // Where spikes are close together, the levels beside one are known once others are gone.
  const once = withoutSpikesAbove(y, least);
  if (once === y) return y;
  const twice = withoutSpikesAbove(once, least);
  let count = 0;
  for (let i = 0; i < y.length; i++) if (twice[i] !== y[i]) count++;
  return count <= MAX_SHARE * y.length ? twice : y;
}

function withoutSpikesAbove(y: Float64Array, least: number): Float64Array {
  let quiet = y;
  for (let i = 1; i < y.length - 1; i++) {
    if (Math.abs(y[i]! - quiet[i - 1]!) <= least) continue;
    const before = median(quiet.subarray(Math.max(0, i - NEIGHBOURS), i));
    const after = median(y.subarray(i + 1, i + 1 + NEIGHBOURS));
    if (y[i]! <= Math.max(before, after) + least && y[i]! >= Math.min(before, after) - least) continue;
    if (quiet === y) quiet = y.slice();
    quiet[i] = (before + after) / 2;
  }
  return quiet;
}
