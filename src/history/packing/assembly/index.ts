/**
 * The rows of a column in the bits by which they differ. A value is (base + k * 2^shift) / divisor, and exactly so: base and k are whole numbers, and
 * the divisor is 1 (bytes, counts) or 1000 (seconds in milliseconds). A packed column is its base (f64) and then each k, `bits` bits wide; where the
 * column has gaps, k with all bits set is NaN.
 */

const MOST_ROWS = 1024;
const MOST_BITS = 32;
const BASE_BYTES = 8;
const EXACT: f64 = 9007199254740992;
const NOT_WHOLE = i64.MIN_VALUE;

const rows: usize = 4096;
/** After it is room for reading eight bytes at the last k. */
const column: usize = rows + MOST_ROWS * 8;
/** What `measure` found, three i64. */
const measures: usize = rows - 24;

/** Where the rows of a column are, f64. */
export function rowsAt(): usize {
  return rows;
}

/** Where a packed column is. */
export function packedAt(): usize {
  return column;
}

function row(i: i32): f64 {
  return load<f64>(rows + ((<usize>i) << 3));
}

/** The value times the divisor, if dividing gives the value again. */
function whole(value: f64, divisor: f64): i64 {
  const times = nearest(value * divisor);
  if (!(abs(times) <= EXACT) || times / divisor !== value) return NOT_WHOLE;
  if (times === 0 && reinterpret<i64>(value) !== 0) return NOT_WHOLE; // -0
  return <i64>times;
}

/** Puts the least, the greatest, and the bits in which any differs from the first. Returns whether all rows but gaps are whole numbers by this divisor. */
function measure(count: i32, divisor: f64): bool {
  let first = NOT_WHOLE;
  let least: i64 = 0;
  let most: i64 = 0;
  let differing: i64 = 0;
  for (let i = 0; i < count; i++) {
    const value = row(i);
    if (isNaN(value)) continue;
    const n = whole(value, divisor);
    if (n === NOT_WHOLE) return false;
    if (first === NOT_WHOLE) {
      first = n;
      least = n;
      most = n;
    }
    least = min(least, n);
    most = max(most, n);
    differing |= n - first;
  }
  store<i64>(measures, least);
  store<i64>(measures + 8, most);
  store<i64>(measures + 16, differing);
  return true;
}

const UNPACKED = -1;
const CONSTANT = -2;

/** Packs the first `count` rows. Returns how (see `unpack`), UNPACKED if they cannot be packed, or CONSTANT if all are the same. */
export function pack(count: i32): i32 {
  let gaps = 0;
  let same = 0;
  const first = reinterpret<i64>(row(0));
  for (let i = 0; i < count; i++) {
    if (isNaN(row(i))) gaps++;
    if (reinterpret<i64>(row(i)) === first) same++;
  }
  if (same === count || gaps === count) return CONSTANT;
  let isMilli = false;
  if (!measure(count, 1)) {
    isMilli = true;
    if (!measure(count, 1000)) return UNPACKED;
  }
  const least = load<i64>(measures);
  const most = load<i64>(measures + 8);
  const differing = load<i64>(measures + 16);
  const shift = <i32>(differing === 0 ? 0 : ctz(differing));
  const codes = ((most - least) >> shift) + (gaps > 0 ? 1 : 0);
  const bits = 64 - <i32>clz(codes);
  if (bits > MOST_BITS) return UNPACKED;
  store<f64>(column, <f64>least);
  memory.fill(column + BASE_BYTES, 0, (<usize>(count * bits) >> 3) + 8);
  const divisor: f64 = isMilli ? 1000 : 1;
  const gap = ((<i64>1) << bits) - 1;
  for (let i = 0; i < count; i++) {
    const value = row(i);
    const k = isNaN(value) ? gap : (whole(value, divisor) - least) >> shift;
    const bit = i * bits;
    const at = column + BASE_BYTES + <usize>(bit >> 3);
    store<i64>(at, load<i64>(at) | (k << (bit & 7)));
  }
  return bits | (shift << 6) | ((gaps > 0 ? 1 : 0) << 12) | ((isMilli ? 1 : 0) << 13);
}

/** Unpacks rows `from` (inclusive) to `to` (exclusive) of the packed column. `how`: bits in 6 bits, shift in 6, whether there are gaps, whether the divisor is 1000. */
export function unpack(how: i32, from: i32, to: i32): void {
  const bits = how & 63;
  const unit: f64 = <f64>((<i64>1) << ((how >> 6) & 63));
  const hasGaps = ((how >> 12) & 1) !== 0;
  const divisor: f64 = how >> 13 !== 0 ? 1000 : 1;
  const base = load<f64>(column);
  const mask = ((<i64>1) << bits) - 1;
  for (let i = from; i < to; i++) {
    const bit = i * bits;
    const k = (load<i64>(column + BASE_BYTES + <usize>(bit >> 3)) >>> (bit & 7)) & mask;
    store<f64>(rows + ((<usize>(i - from)) << 3), hasGaps && k === mask ? NaN : (base + <f64>k * unit) / divisor);
  }
}
