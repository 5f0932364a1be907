import { median } from '../median.ts';
import { finiteSince } from './finite-since.ts';
import { sawtoothFloor } from './sawtooth-floor.ts';

/** A field that goes up and comes back, each time a little less far. */
export interface RisingFloor {
  /** How far the floor rose, in the field's unit. */
  readonly amount: number;
  readonly cycles: number;
  /** Times of the first and last trough. */
  readonly fromS: number;
  readonly toS: number;
}

/**
 * With fewer troughs there are not two rises of the floor. With more, the models know whether it drifts.
 *
 *         /|   /|   /|        a sample meets the bottom of a fall only within what the field climbs from one sample to the
 *     /| / |  / |  / |        next, so a rise of the floor counts if it is about as large
 *      |/  | /  | /  |/
 *          |/   |/
 */
const MIN_TROUGHS = 3;
const MAX_TROUGHS = 16;
const MIN_CLIMBS = 0.8;
/** A smaller rise is not worth a word beside the level. */
const MIN_SHARE = 0.03;

/** Since `fromS`; null: it is no sawtooth, or its floor does not rise: a later trough is as low as an earlier one. */
export function risingFloor(t: Float64Array, values: Float64Array, fromS: number): RisingFloor | null {
  const known = finiteSince(t, values, fromS);
  const [times, y] = [known.t, known.values];
  const floor = sawtoothFloor(times, y);
  if (floor === null || floor.cycles < MIN_TROUGHS || floor.cycles > MAX_TROUGHS) return null;
  const half = Math.floor(floor.cycles / 2);
  const [early, late] = [floor.values.subarray(0, half), floor.values.subarray(-half)];
  const between = floor.values.subarray(half, floor.cycles - half);
  const amount = median(late) - median(early);
  const isApart =
    Math.max(...early) < Math.min(...late) && between.every((value) => value > Math.min(...early) && value < Math.max(...late));
  if (!isApart || amount < MIN_SHARE * median(early)) return null;
  const climbs = y.map((value, i) => (i > 0 && value > y[i - 1]! ? value - y[i - 1]! : Number.NaN)).filter(Number.isFinite);
  if (amount < MIN_CLIMBS * median(climbs)) return null;
  return { amount, cycles: floor.cycles, fromS: floor.t[0]!, toS: floor.t[floor.cycles - 1]! };
}
