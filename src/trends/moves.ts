export interface Moves {
  /** From each value to the next. */
  readonly moves: Float64Array;
  /** The size of each. */
  readonly sizes: Float64Array;
}

export function movesOf(y: Float64Array): Moves {
  const moves = new Float64Array(Math.max(0, y.length - 1));
  for (let i = 0; i < moves.length; i++) moves[i] = y[i + 1]! - y[i]!;
  return { moves, sizes: moves.map(Math.abs) };
}

/** Whether each value is larger than the one before it, and finite. */
export function isAscending(t: Float64Array): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const at of t) {
    if (!(at > last) || at === Number.POSITIVE_INFINITY) return false;
    last = at;
  }
  return true;
}

/** Where a value is less than `share` of the one before it: the indexes of both, one after the other. What is not finite is passed over. */
export function fallsBelow(values: Float64Array, share: number): Int32Array {
  const found: number[] = [];
  let before = 0;
  for (let i = 1; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    if (values[i]! < share * values[before]!) found.push(before, i);
    before = i;
  }
  return Int32Array.from(found);
}

/** The farthest below an earlier value. */
export function deepestFall(y: Float64Array): number {
  let [highest, fall] = [Number.NEGATIVE_INFINITY, 0];
  // A loop by index: V8's interpreter allocates an object for each value of an iterator.
  for (let i = 0; i < y.length; i++) {
    const value = y[i]!;
    if (value > highest) highest = value;
    else if (highest - value > fall) fall = highest - value;
  }
  return fall;
}
