import { meanAndError } from '../mean-and-error.ts';
import { median } from '../median.ts';
import { deepestFall, type Moves, movesOf } from '../moves.ts';

/**
 * Growth that comes in bursts with pauses between them: a spill file, a nightly import, a redeploy. Within a pause it looks as if it had stopped,
 * and to a model of few steps so it has. But it has paused before, for as long, and gone on.
 *
 *                  ___     a fourth burst is as far away as the ones before it were
 *             ____|
 *        ____|   pause
 *     __|
 */
export interface Staircase {
  /** Bursts that were seen. */
  readonly bursts: number;
  /** In the field's unit a second: the mean height of the bursts over the mean time from one to the next. */
  readonly slopePerSecond: number;
  /** Of the slope, relative: by how much heights and times differ. */
  readonly standardError: number;
  /** Seconds after the window began at which the first burst began. */
  readonly beganS: number;
}

/** A move is part of a burst if it is this many times the median move. */
const LARGE = 4;
/** With fewer bursts, no pause has ended. */
const MIN_BURSTS = 2;
/** From so many on, they are known to come back. A cache, a heap or a pool may well be enlarged three times, each time for good. */
export const BURSTS_THAT_COME_BACK = 4;
/** The smallest of the bursts, and the shortest of the pauses, as a share of the others' largest: a rhythm is even. */
const MIN_EVEN = 0.4;
/** Less than this share of the highest burst is none. */
const NOISE_SHARE = 0.15;
/** What it falls back by, as a share of the highest burst: allocators and caches give some back. */
const MAX_FALL = 0.25;
/** A pause is longer than this many blocks, and than the bursts beside it. */
const MIN_PAUSE_BLOCKS = 2;
/** It has stopped once it stands for longer than this many of its longest pauses. */
const MAX_STAND_PAUSES = 1.5;
/** The error of a time that is known to one of so many equal parts: the next burst may be due at once, or have just been. */
const ERROR_OF_PHASE = 1 / Math.sqrt(12);
/** The bursts are the growth: what rises and falls between them is less than this share of it. */
const MAX_OTHER_SHARE = 0.3;

interface Burst {
  /** Indexes of the block before it, and of its last block. */
  readonly from: number;
  to: number;
  height: number;
}

/** null: it does not rise in bursts that come back, or it has stood for too long. `timesS` and `y`: block means, seconds since the window began. */
export function staircase(
  timesS: Float64Array,
  y: Float64Array,
  windowS: number,
  movesIn: typeof movesOf = movesOf,
): Staircase | null {
  const moved = burstsOf(y, movesIn(y));
  const highest = Math.max(...moved.map(({ height }) => height));
  // Noise reaches the height of a move now and then, and not that of a burst.
  const bursts = moved.filter(({ height }) => height > NOISE_SHARE * highest);
  // One that goes on, or had begun before the window, may be lower by what is not seen of it.
  const isWhole = ({ from, to }: Burst): boolean => from > 0 && to < y.length - 1;
  const counted = bursts.filter((burst) => isWhole(burst) || burst.height >= MIN_EVEN * highest);
  if (counted.length < MIN_BURSTS) return null;
  const pauses = bursts.slice(1).map(({ from }, i) => timesS[from]! - timesS[bursts[i]!.to]!);
  const heights = counted.map(({ height }) => height);
  const longest = Math.max(...pauses);
  const stepS = windowS / y.length;
  const isEven = Math.min(...pauses) >= MIN_EVEN * longest && Math.min(...heights) >= MIN_EVEN * highest;
  if (!isEven || Math.min(...pauses) < MIN_PAUSE_BLOCKS * stepS) return null;
  const last = bursts[bursts.length - 1]!;
  if (windowS - timesS[last.to]! > MAX_STAND_PAUSES * longest || deepestFall(y) > MAX_FALL * highest) return null;
  const rise = y[y.length - 1]! - y[0]!;
  const sum = bursts.reduce((all, { height }) => all + height, 0);
  if (!(rise > 0) || Math.abs(sum - rise) > MAX_OTHER_SHARE * rise) return null;
  const periods = bursts.slice(1).map(({ from }, i) => timesS[from]! - timesS[bursts[i]!.from]!);
  const [height, period] = [meanAndError(heights), meanAndError(periods)];
  return {
    bursts: counted.length,
    slopePerSecond: height.mean / period.mean,
    standardError: Math.hypot(height.error, period.error, ERROR_OF_PHASE / periods.length),
    beganS: timesS[bursts[0]!.from]!,
  };
}

/** Neighbouring large moves are one burst. */
function burstsOf(y: Float64Array, { moves, sizes }: Moves): readonly Burst[] {
  const least = LARGE * median(sizes);
  const bursts: Burst[] = [];
  for (let i = 0; i < moves.length; i++) {
    if (!(moves[i]! > least)) continue;
    const last = bursts[bursts.length - 1];
    if (last !== undefined && last.to >= i - 1) [last.to, last.height] = [i + 1, y[i + 1]! - y[last.from]!];
    else bursts.push({ from: i, to: i + 1, height: moves[i]! });
  }
  return bursts;
}
