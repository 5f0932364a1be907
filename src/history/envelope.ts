import type { FieldColumns, FieldName } from '../fields.ts';
import type { Segment } from './segment.ts';

/** Minimum and maximum for each point of an answer, over all rows after the point before it, up to its own. */
export interface Envelope {
  readonly min: FieldColumns;
  readonly max: FieldColumns;
}

/** The source of rows: history in memory, or a segment. */
export interface EnvelopeRows {
  readonly t: ArrayLike<number>;
  /** NaN or null for a gap. */
  readonly low: (id: FieldName, row: number) => number | null | undefined;
  readonly high: (id: FieldName, row: number) => number | null | undefined;
}

/** Rows of a coarser segment with their minimum and maximum. */
export const envelopeRowsOf = ({ t, fields, min, max }: Segment): EnvelopeRows => ({
  t,
  low: (id, row) => min[id]?.[row] ?? fields[id]?.[row],
  high: (id, row) => max[id]?.[row] ?? fields[id]?.[row],
});

/** Builds the envelope of the points at `t` (rising) from rows in any order. Pure. */
export class EnvelopeBuilder {
  readonly #t: ArrayLike<number>;
  readonly #fromS: number;
  readonly #columns: ReadonlyMap<FieldName, { readonly min: Float64Array; readonly max: Float64Array }>;

  /** Rows before `fromS` belong to no point. */
  constructor(t: ArrayLike<number>, ids: Iterable<FieldName>, fromS: number) {
    const empty = () => new Float64Array(t.length).fill(Number.NaN);
    this.#t = t;
    this.#fromS = fromS;
    this.#columns = new Map(Array.from(ids, (id) => [id, { min: empty(), max: empty() }]));
  }

  add({ t, low, high }: EnvelopeRows): void {
    let point = 0;
    for (let row = 0; row < t.length; row++) {
      if (t[row]! < this.#fromS) continue;
      // Times on disk are rounded to the millisecond, those in memory are not.
      while (point < this.#t.length && this.#t[point]! < t[row]! - 1e-3) point++;
      if (point === this.#t.length) return;
      for (const [id, { min, max }] of this.#columns) {
        const [least, most] = [low(id, row) ?? Number.NaN, high(id, row) ?? Number.NaN];
        if (!(least >= min[point]!)) min[point] = Number.isNaN(least) ? min[point]! : least;
        if (!(most <= max[point]!)) max[point] = Number.isNaN(most) ? max[point]! : most;
      }
    }
  }

  get envelope(): Envelope {
    const values = (column: Float64Array) => Array.from(column, (v) => (Number.isNaN(v) ? null : v));
    const part = (which: 'min' | 'max') =>
      Object.fromEntries(Array.from(this.#columns, ([id, column]) => [id, values(column[which])]));
    return { min: part('min'), max: part('max') };
  }
}
