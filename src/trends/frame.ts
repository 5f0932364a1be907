import { NOISES, type Whitener, whitener } from './noise.ts';
import { type Shapes, shapesOf } from './shapes.ts';

/** All that weighing needs and that depends on the points alone, not on what was measured at them. */
export interface Frame extends Shapes {
  readonly noises: readonly FrameNoise[];
}

/** One series under one noise: sums of products of whitened columns. */
export interface Whitened {
  readonly logF: number;
  /** Products of the basis columns with one another, `size` x `size`. */
  readonly gram: Float64Array;
  readonly size: number;
  /** Products of the basis columns with the series. */
  readonly products: Float64Array;
  /** Product of the series with itself. */
  readonly total: number;
}

/** The basis under one noise, whitened once for all series at these points. */
class FrameNoise {
  readonly #whitener: Whitener;
  readonly #columns: Float64Array[];
  readonly #gram: Float64Array;

  constructor(whitener: Whitener, basis: readonly Float64Array[]) {
    this.#whitener = whitener;
    this.#columns = basis.map((column) => whitened(whitener, column));
    const size = basis.length;
    this.#gram = new Float64Array(size * size);
    for (let a = 0; a < size; a++)
      for (let b = 0; b <= a; b++)
        this.#gram[a * size + b] = this.#gram[b * size + a] = product(this.#columns[a]!, this.#columns[b]!);
  }

  withSeries(y: Float64Array): Whitened {
    const own = whitened(this.#whitener, y);
    return {
      logF: this.#whitener.logF,
      gram: this.#gram,
      size: this.#columns.length,
      products: Float64Array.from(this.#columns, (column) => product(column, own)),
      total: product(own, own),
    };
  }
}

function whitened(by: Whitener, column: Float64Array): Float64Array {
  const out = new Float64Array(column.length);
  by.whiten(column, out);
  return out;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The newest frame: the fields of one window have the same points, but for heaps and gaps. Kept for speed alone; it changes no answer. */
let newest: { readonly x: Float64Array; readonly windowS: number; readonly frame: Frame } | null = null;

/** `x`: seconds after the window's start. */
export function frameOf(x: Float64Array, windowS: number): Frame {
  if (newest !== null && newest.windowS === windowS && same(newest.x, x)) return newest.frame;
  const u = x.map((at) => at / windowS);
  const shapes = shapesOf(u, windowS);
  const frame = { ...shapes, noises: NOISES.map((noise) => new FrameNoise(whitener(u, noise), shapes.basis)) };
  newest = { x, windowS, frame };
  return frame;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
