import { NOISES, type Whitener, whitener } from './noise.ts';
import { type Shapes, shapesOf } from './shapes.ts';

/** All that weighing needs and that depends on the points alone, not on what was measured at them. */
export interface Frame extends Shapes {
  /** The points as shares of the window. */
  readonly u: Float64Array;
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

/** The basis under one noise: each column is whitened when it is first asked for, once for all series at these points. */
export class FrameNoise {
  readonly #whitener: Whitener;
  readonly #basis: readonly Float64Array[];
  readonly #columns: (Float64Array | undefined)[];
  readonly #gram: Float64Array;
  /** Columns of which all products are in the gram. */
  readonly #ready = new Set<number>();

  constructor(whitener: Whitener, basis: readonly Float64Array[]) {
    this.#whitener = whitener;
    this.#basis = basis;
    this.#columns = new Array(basis.length);
    this.#gram = new Float64Array(basis.length ** 2);
  }

  whitened(y: Float64Array): Float64Array {
    const out = new Float64Array(y.length);
    this.#whitener.whiten(y, out);
    return out;
  }

  /** Products of the basis columns `wanted` and of a whitened series; columns of the series' own come after those of the basis. */
  products(series: Float64Array, wanted: readonly number[], extra: readonly Float64Array[] = []): Whitened {
    const size = this.#basis.length + extra.length;
    const products = new Float64Array(size);
    for (const index of wanted) {
      if (!this.#ready.has(index)) this.#make(index);
      products[index] = product(this.#columns[index]!, series);
    }
    const gram = extra.length === 0 ? this.#gram : this.#extended(extra, wanted, products, series);
    return { logF: this.#whitener.logF, gram, size, products, total: product(series, series) };
  }

  #extended(
    extra: readonly Float64Array[],
    wanted: readonly number[],
    products: Float64Array,
    series: Float64Array,
  ): Float64Array {
    const before = this.#basis.length;
    const size = before + extra.length;
    const gram = new Float64Array(size * size);
    for (let row = 0; row < before; row++) gram.set(this.#gram.subarray(row * before, (row + 1) * before), row * size);
    const columns = extra.map((column) => this.whitened(column));
    columns.forEach((column, k) => {
      const at = before + k;
      products[at] = product(column, series);
      for (const index of wanted) gram[at * size + index] = gram[index * size + at] = product(column, this.#columns[index]!);
      columns.forEach((other, l) => {
        gram[at * size + before + l] = product(column, other);
      });
    });
    return gram;
  }

  #make(index: number): void {
    const size = this.#basis.length;
    const column = this.whitened(this.#basis[index]!);
    this.#columns[index] = column;
    this.#ready.add(index);
    for (const other of this.#ready)
      this.#gram[index * size + other] = this.#gram[other * size + index] = product(column, this.#columns[other]!);
  }
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
  const frame = { ...shapes, u, noises: NOISES.map((noise) => new FrameNoise(whitener(u, noise), shapes.basis)) };
  newest = { x, windowS, frame };
  return frame;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
