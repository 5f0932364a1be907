import type { Series } from '../history/series.ts';

/** One field's points in the life that is judged: times rising, no gaps left in. */
export interface Points {
  readonly t: Float64Array;
  readonly y: Float64Array;
}

/**
 * Row numbers in order of time, without doubled stamps (the later reading stays). A clock that was set back makes times that were
 * seen before: sorting puts them between, which moves a point by no more than the jump.
 */
export function orderedRows(t: Float64Array): Int32Array {
  const rows = Int32Array.from(t, (_, i) => i).sort((a, b) => t[a]! - t[b]! || a - b);
  let out = 0;
  for (let i = 0; i < rows.length; i++) {
    if (i + 1 < rows.length && t[rows[i]!] === t[rows[i + 1]!]) continue;
    rows[out++] = rows[i]!;
  }
  return rows.slice(0, out);
}

/** When the current life began: the last restart that was told, and before which there is a point. Epoch seconds. */
export function lifeBegin(series: Series): number {
  let begin = Number.NEGATIVE_INFINITY;
  for (const e of series.events) if (e.type === 'restart' && e.t > begin) begin = e.t;
  return begin;
}

export function pointsOf(series: Series, rows: Int32Array, column: Float64Array, from: number): Points {
  const t: number[] = [];
  const y: number[] = [];
  for (const row of rows) {
    const at = series.t[row]!;
    const value = column[row]!;
    if (at >= from && Number.isFinite(value)) {
      t.push(at);
      y.push(value);
    }
  }
  return { t: Float64Array.from(t), y: Float64Array.from(y) };
}

/** Points thinned to at most `most` blocks of equal time: the median of each, or its least value for a saw-tooth's floor. */
export function blocks(points: Points, most: number, floor: boolean): Points {
  const { t, y } = points;
  if (t.length <= most && !floor) return points;
  const first = t[0]!;
  const width = (t[t.length - 1]! - first) / Math.min(most, floor ? Math.max(8, t.length >> 2) : most) || 1;
  const outT: number[] = [];
  const outY: number[] = [];
  let from = 0;
  while (from < t.length) {
    const bin = Math.floor((t[from]! - first) / width);
    let to = from + 1;
    while (to < t.length && Math.floor((t[to]! - first) / width) === bin) to++;
    const values = y.slice(from, to).sort();
    const pick = floor ? y.indexOf(values[0]!, from) : -1;
    outT.push(floor ? t[pick]! : (t[from]! + t[to - 1]!) / 2);
    outY.push(floor ? values[0]! : median(values));
    from = to;
  }
  return { t: Float64Array.from(outT), y: Float64Array.from(outY) };
}

/** Of sorted values. */
const median = (sorted: Float64Array): number => {
  const m = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[m]! : (sorted[m - 1]! + sorted[m]!) / 2;
};
