import { NOISES, type Whitener, whitener } from './noise.ts';
import { type Shape, type Shapes, shapesOf } from './shapes.ts';

/** All that weighing needs and that depends on the points alone, not on what was measured at them. */
export interface Frame extends Shapes {
  /** The points as shares of the window. */
  readonly u: Float64Array;
  readonly noises: readonly FrameNoise[];
  readonly probing: Need;
  readonly all: Need;
}

/** The columns, and the pairs of them, that some shapes are made of: of a basis of dozens no other products are worked out. */
export interface Need {
  readonly columns: readonly number[];
  readonly pairs: readonly (readonly [number, number])[];
}

export function needOf(shapes: readonly Shape[]): Need {
  const columns = new Set<number>();
  const pairs = new Map<number, readonly [number, number]>();
  for (const shape of shapes)
    for (const a of shape.columns) {
      columns.add(a);
      for (const b of shape.columns) if (b <= a) pairs.set(a * MOST_COLUMNS + b, [a, b]);
    }
  return { columns: [...columns], pairs: [...pairs.values()] };
}

/** More than there ever are. */
const MOST_COLUMNS = 1024;

/**
 * Room for many arrays of one length, in one piece. Thousands of small ones a verdict are each asked of malloc, and those that are let go
 * leave holes in its heap: through a day it grew by a megabyte.
 */
function rooms(count: number, length: number, value = 0): Float64Array[] {
  const block = new Float64Array(count * length);
  if (value !== 0) block.fill(value);
  return Array.from({ length: count }, (_, i) => block.subarray(i * length, (i + 1) * length));
}

/** The basis under one noise: each column is whitened when it is first asked for, once for all series at these points. */
export class FrameNoise {
  readonly #whitener: Whitener;
  readonly #basis: readonly Float64Array[];
  readonly #columns: (Float64Array | undefined)[];
  /** Room for all of them. */
  readonly #block: Float64Array;
  /** Products of the basis columns with one another, as far as they were needed. */
  readonly gram: Float64Array;
  readonly #filled = new Set<Need>();

  constructor(whitener: Whitener, basis: readonly Float64Array[]) {
    this.#whitener = whitener;
    this.#basis = basis;
    this.#columns = new Array(basis.length);
    this.#block = new Float64Array(basis.length * basis[0]!.length);
    this.gram = new Float64Array(basis.length ** 2).fill(Number.NaN);
  }

  get logF(): number {
    return this.#whitener.logF;
  }

  get size(): number {
    return this.#basis.length;
  }

  whiten(y: Float64Array, out: Float64Array): void {
    this.#whitener.whiten(y, out);
  }

  column(index: number): Float64Array {
    const known = this.#columns[index];
    if (known !== undefined) return known;
    const from = this.#basis[index]!;
    const made = this.#block.subarray(index * from.length, (index + 1) * from.length);
    this.whiten(from, made);
    this.#columns[index] = made;
    return made;
  }

  fill(need: Need): void {
    if (this.#filled.has(need)) return;
    this.#filled.add(need);
    const { gram, size } = this;
    for (const [a, b] of need.pairs)
      if (Number.isNaN(gram[a * size + b]!)) gram[a * size + b] = gram[b * size + a] = product(this.column(a), this.column(b));
  }
}

/** One series under one noise: sums of products of whitened columns. */
export class Whitened {
  readonly noise: FrameNoise;
  readonly #series: Float64Array;
  /** Products of the columns with one another, `size` x `size`: those of the basis, then the series' own. */
  readonly gram: Float64Array;
  readonly size: number;
  /** Products of the columns with the series. */
  readonly products: Float64Array;
  /** Product of the series with itself. */
  readonly total: number;

  private constructor(noise: FrameNoise, series: Float64Array, total: number, gram: Float64Array, products: Float64Array) {
    this.noise = noise;
    this.#series = series;
    this.total = total;
    this.gram = gram;
    this.products = products;
    this.size = products.length;
  }

  /** A series under each of the noises of a frame. */
  static all(noises: readonly FrameNoise[], y: Float64Array): Whitened[] {
    const series = rooms(noises.length, y.length);
    const products = rooms(noises.length, noises[0]!.size, Number.NaN);
    return noises.map((noise, g) => {
      noise.whiten(y, series[g]!);
      return new Whitened(noise, series[g]!, product(series[g]!, series[g]!), noise.gram, products[g]!);
    });
  }

  get logF(): number {
    return this.noise.logF;
  }

  /** Works out what is needed of the basis. */
  fill(need: Need): void {
    this.noise.fill(need);
    for (const index of need.columns)
      if (Number.isNaN(this.products[index]!)) this.products[index] = product(this.noise.column(index), this.#series);
  }

  /** The same with columns of the series' own, of which `need` tells what is needed. */
  static extended(all: readonly Whitened[], own: readonly Float64Array[], need: Need): Whitened[] {
    const before = all[0]!.noise.size;
    const size = before + own.length;
    const columns = rooms(own.length, own[0]!.length);
    const grams = rooms(all.length, size ** 2);
    const products = rooms(all.length, size);
    return all.map((one, g) => one.#extended(own, columns, need, grams[g]!, products[g]!));
  }

  /** `columns`: room for its own, whitened; they are not asked for again. */
  #extended(
    own: readonly Float64Array[],
    columns: readonly Float64Array[],
    need: Need,
    gram: Float64Array,
    products: Float64Array,
  ): Whitened {
    const { noise } = this;
    const before = noise.size;
    const size = products.length;
    for (let row = 0; row < before; row++)
      for (let column = 0; column < before; column++) gram[row * size + column] = noise.gram[row * before + column]!;
    for (let i = 0; i < own.length; i++) noise.whiten(own[i]!, columns[i]!);
    const at = (index: number): Float64Array => (index < before ? noise.column(index) : columns[index - before]!);
    for (const [a, b] of need.pairs)
      if (a >= before || Number.isNaN(noise.gram[a * before + b]!))
        gram[a * size + b] = gram[b * size + a] = product(at(a), at(b));
    products.set(this.products);
    for (const index of need.columns)
      if (index >= before || Number.isNaN(products[index]!)) products[index] = product(at(index), this.#series);
    return new Whitened(noise, this.#series, this.total, gram, products);
  }
}

/** Four at a time, in the order of one at a time. */
function product(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let sum = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) sum = sum + a[i]! * b[i]! + a[i + 1]! * b[i + 1]! + a[i + 2]! * b[i + 2]! + a[i + 3]! * b[i + 3]!;
  for (; i < n; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The newest frame: the fields of one window have the same points, but for heaps and gaps. Kept for speed alone; it changes no answer. */
let newest: { readonly x: Float64Array; readonly windowS: number; readonly frame: Frame } | null = null;

/** It holds a megabyte, which nobody needs until the next judgement. */
export function forgetFrame(): void {
  newest = null;
}

/** `x`: seconds after the window's start. */
export function frameOf(x: Float64Array, windowS: number): Frame {
  if (newest !== null && newest.windowS === windowS && same(newest.x, x)) return newest.frame;
  const u = x.map((at) => at / windowS);
  const shapes = shapesOf(u, windowS);
  const noises = NOISES.map((noise) => new FrameNoise(whitener(u, noise), shapes.basis));
  const frame = { ...shapes, u, noises, probing: needOf(shapes.probes), all: needOf(shapes.shapes) };
  newest = { x, windowS, frame };
  return frame;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
