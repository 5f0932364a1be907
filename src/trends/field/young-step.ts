import { median } from '../median.ts';

/**
 * A line through the last few values that is no line: one step, such as a file that was written at once. The models cannot tell the two from so few
 * values, and a step is no pace.
 *
 *                ____      the newest line        /
 *     __________|          would go on as        /
 */
/** A line of more blocks than this is told from a step by the models. */
const MAX_BLOCKS = 12;
/** Of the rise, what comes before and after its largest move. */
const MAX_BESIDE = 0.2;

/** Whether what rose since `fromS` rose in one move. `timesS` and `y`: block means. */
export function isYoungStep(timesS: Float64Array, y: Float64Array, fromS: number): boolean {
  // The move may have begun one block before the line does.
  const first = Math.max(0, timesS.findIndex((t) => t >= fromS) - 1);
  const values = y.subarray(first);
  if (values.length < 3 || values.length > MAX_BLOCKS) return false;
  let at = 1;
  for (let i = 2; i < values.length; i++) if (values[i]! - values[i - 1]! > values[at]! - values[at - 1]!) at = i;
  const [before, after] = [median(values.subarray(0, at)), median(values.subarray(at))];
  const step = after - before;
  const isFlat = (a: number, b: number): boolean => Math.abs(a - b) <= MAX_BESIDE * step;
  return (
    step > 0 && at < values.length - 1 && isFlat(values[0]!, values[at - 1]!) && isFlat(values[at]!, values[values.length - 1]!)
  );
}
