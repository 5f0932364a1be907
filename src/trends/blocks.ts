/** A field thinned to a few hundred values at even steps, which is all that a slope over the whole window needs. */
export interface Blocks {
  /** Middle of each block that has values, seconds after `fromT`. */
  readonly x: Float64Array;
  /** Median of the block. */
  readonly y: Float64Array;
  readonly fromT: number;
  readonly stepS: number;
  /** Samples that stand behind them. */
  readonly points: number;
  readonly windowS: number;
}

const DAY = 86_400;
/** Blocks that go evenly into a day, so that hours of a day can be compared. */
const EVEN = [60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400];

function blockSeconds(windowS: number, intervalS: number, most: number): number {
  const least = Math.max(windowS / most, intervalS);
  if (windowS < 1.2 * DAY) return least;
  return EVEN.find((step) => step >= least) ?? least;
}

/** Median of the first `count` values, which it reorders: Hoare 1961, "Algorithm 65: Find", linear where sorting is not. */
function median(values: Float64Array, count: number): number {
  const high = select(values, count, count >> 1);
  if (count % 2 === 1) return high;
  let low = values[0]!;
  for (let i = 1; i < count >> 1; i++) if (values[i]! > low) low = values[i]!;
  return (low + high) / 2;
}

function select(values: Float64Array, count: number, wanted: number): number {
  let left = 0;
  let right = count - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1]!;
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const held = values[i]!;
        values[i++] = values[j]!;
        values[j--] = held;
      }
    }
    if (wanted <= j) right = j;
    else if (wanted >= i) left = i;
    else break;
  }
  return values[wanted]!;
}

/** Block medians of samples `from` (inclusive) to `to` (exclusive); NaN is a gap. Resistant to single spikes, unlike means. */
export function blockMedians(
  t: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  intervalS: number,
  most = 240,
): Blocks {
  const fromT = t[from] ?? 0;
  const windowS = (t[to - 1] ?? fromT) - fromT;
  const stepS = blockSeconds(windowS, intervalS, most);
  const x: number[] = [];
  const y: number[] = [];
  const held = new Float64Array(to - from);
  let count = 0;
  let points = 0;
  let block = 0;
  const close = () => {
    if (count === 0) return;
    x.push((block + 0.5) * stepS);
    y.push(median(held, count));
    points += count;
    count = 0;
  };
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const at = Math.floor((t[i]! - fromT) / stepS);
    if (at !== block) {
      close();
      block = at;
    }
    held[count++] = value;
  }
  close();
  return { x: Float64Array.from(x), y: Float64Array.from(y), fromT, stepS, points, windowS };
}
