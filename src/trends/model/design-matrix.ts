import { Pairs, type Plan } from './cross-products.ts';
import { type Kernel, kernel } from './kernel/kernel.ts';
import { type Beside, type Shape, type Shapes, shapesOf } from './mean-models.ts';
import { NOISES } from './noise-models.ts';

/** A shape, and where the kernel finds it. */
export interface Placed {
  readonly shape: Shape;
  readonly at: number;
}

/** Columns of one series alone (its steps, finer fills), after those of the frame; and their products with one another. */
const OWN_COLUMNS = 32;
const OWN_PAIRS = 256;
/** As in kernel/assembly/shape.ts: before the products with the series stand these two. */
const PRODUCTS = 2;

/**
 * One shape under one noise: places of the logarithm of its restricted likelihood, of the drift over the whole window, and of the drift's
 * deviation. An object for each would be a third of what a verdict leaves behind.
 */
export const FIT = { restricted: 0, mean: 1, deviation: 2, numbers: 3 } as const;

/**
 * All that weighing needs and that depends on the points alone, in the kernel's memory; and in the same place, one after the other, the series
 * that are weighed at these points. Of each noise it has the filter and a row (kernel/assembly/shape.ts).
 */
export class Frame {
  readonly x: Float64Array;
  readonly windowS: number;
  /** The points as shares of the window. */
  readonly u: Float64Array;
  readonly shapes: readonly Placed[];
  /** Stiff and supple: tell between them which noises are likely at all. */
  readonly probes: readonly Placed[];
  readonly beside: Beside;
  /** Offset of the pairs in a row, in numbers. */
  readonly #pairsAt: number;
  readonly #kernel: Kernel = kernel();
  readonly #basis: Float64Array[];
  readonly #shared: number;
  readonly #pairs: Pairs;
  readonly #plans: { readonly probing: Plan; readonly all: Plan };
  readonly #probing: readonly number[];
  readonly #columns: number;
  readonly #filters: readonly number[];
  readonly #rows: readonly number[];
  #probed = false;
  readonly #filled: boolean[];
  readonly #room: number;
  readonly #y: number;
  readonly #end: number;

  constructor(x: Float64Array, windowS: number) {
    this.x = x;
    this.windowS = windowS;
    this.u = x.map((at) => at / windowS);
    const { basis, shapes, probes, beside } = shapesOf(this.u, windowS);
    this.beside = beside;
    this.#basis = [...basis];
    this.#shared = basis.length;
    const k = this.#kernel;
    const m = x.length;
    const most = this.#shared + OWN_COLUMNS;
    this.#pairs = new Pairs(most);
    this.probes = probes.map((shape) => this.#place(shape));
    this.#probing = [...new Set(probes.flatMap(({ columns }) => columns))];
    const probing = this.#pairs.plan(k);
    this.shapes = shapes.map((shape) => this.#place(shape));
    this.#plans = { probing, all: this.#pairs.plan(k) };
    this.#pairs.share();
    this.#columns = k.take(most * m);
    basis.forEach((column, i) => void k.f64.set(column, (this.#columns >> 3) + i * m));
    this.#pairsAt = PRODUCTS + most;
    const u = k.copy(this.u);
    const rowLength = this.#pairsAt + this.#pairs.count + OWN_PAIRS;
    this.#rows = NOISES.map(() => k.take(rowLength));
    this.#filters = NOISES.map(({ wanderings, white }, g) => {
      const filter = k.take(m * (2 * wanderings.length + 1));
      const noise = k.copy(wanderings.flatMap(({ decay, variance }) => [decay, variance]));
      k.f64[this.#rows[g]! >> 3] = k.call.kalman(u, m, noise, wanderings.length, white, filter);
      return filter;
    });
    this.#filled = NOISES.map(() => false);
    this.#room = k.take(m);
    this.#y = k.take(m);
    this.#end = k.top;
  }

  /** The columns that shapes are made of: of the frame, then of the series. */
  get basis(): readonly Float64Array[] {
    return this.#basis;
  }

  /**
   * Takes up a series: what belonged to the one before is forgotten. Logarithms of its likelihoods by the probes, of which each noise in turn
   * has as many.
   */
  begin(y: Float64Array): Float64Array {
    const k = this.#kernel;
    k.giveBack(this.#end);
    this.#basis.length = this.#shared;
    this.#pairs.forgetOwn();
    k.f64.set(y, this.#y >> 3);
    const list = k.copyInts(this.#probing);
    for (let g = 0; g < this.#rows.length; g++) {
      if (!this.#probed) this.#fill(g, this.#plans.probing);
      this.#series(g, list, this.#probing.length);
    }
    this.#probed = true;
    return this.#ask('likelihoods', this.probes, this.#rows, this.#rows.length * this.probes.length);
  }

  /** Of each shape the logarithm of its mean likelihood over these noises; NaN where the points cannot tell its columns apart. */
  evidences(placed: readonly Placed[], noises: readonly number[]): Float64Array {
    return this.#ask('evidences', placed, this.#rowsOf(noises), placed.length);
  }

  /** A shape under each of these noises (`FIT` numbers each), and its coefficients under the likeliest. */
  fits({ shape, at }: Placed, noises: readonly number[]): { readonly each: Float64Array; readonly best: Float64Array } {
    const k = this.#kernel;
    const fits = FIT.numbers * noises.length;
    const numbers = k.borrow(() => {
      const rows = k.copyInts(this.#rowsOf(noises));
      const out = k.take(fits + shape.columns.length);
      k.call.fits(at, rows, noises.length, this.#pairsAt, this.x.length, out);
      return k.numbers(out, fits + shape.columns.length);
    });
    return { each: numbers.subarray(0, fits), best: numbers.subarray(fits) };
  }

  /** Shapes that the series at hand has for itself, made of columns of its own, which follow on those there are. */
  own({ basis, shapes }: Pick<Shapes, 'basis' | 'shapes'>): Placed[] {
    const k = this.#kernel;
    const m = this.x.length;
    if (this.#basis.length + basis.length > this.#shared + OWN_COLUMNS)
      throw new RangeError('more columns than there is room for');
    for (const column of basis) {
      k.f64.set(column, (this.#columns >> 3) + this.#basis.length * m);
      this.#basis.push(column);
    }
    return shapes.map((shape) => this.#place(shape));
  }

  /** Works out what the shapes need under these noises: those of the frame, unless only its first two and the own ones are weighed. */
  fill(noises: readonly number[], plain: boolean): void {
    const k = this.#kernel;
    k.borrow(() => {
      const own = this.#pairs.plan(k);
      if (this.#pairs.ownCount > OWN_PAIRS) throw new RangeError('more pairs of columns than there is room for');
      const list = k.copyInts(this.#basis.map((_, i) => i));
      for (const g of noises) {
        if (!plain && !this.#filled[g]) {
          this.#fill(g, this.#plans.all);
          this.#filled[g] = true;
        }
        this.#fill(g, own);
        this.#series(g, list, this.#basis.length);
      }
    });
  }

  #rowsOf(noises: readonly number[]): number[] {
    return noises.map((g) => this.#rows[g]!);
  }

  #ask(what: 'likelihoods' | 'evidences', placed: readonly Placed[], rows: readonly number[], answers: number): Float64Array {
    const k = this.#kernel;
    return k.borrow(() => {
      const list = k.copyInts(placed.map(({ at }) => at));
      const rowList = k.copyInts(rows);
      const out = k.take(answers);
      k.call[what](list, placed.length, rowList, rows.length, this.#pairsAt, this.x.length, out);
      return k.numbers(out, answers);
    });
  }

  #fill(g: number, { from, to }: Plan): void {
    const row = this.#rows[g]! + 8 * this.#pairsAt;
    const parts = NOISES[g]!.wanderings.length;
    this.#kernel.call.pairs(this.#filters[g]!, parts, this.x.length, this.#columns, from, to, row, this.#room);
  }

  #series(g: number, list: number, count: number): void {
    const row = this.#rows[g]!;
    const parts = NOISES[g]!.wanderings.length;
    const products = row + 8 * PRODUCTS;
    const m = this.x.length;
    const { call, f64 } = this.#kernel;
    f64[(row >> 3) + 1] = call.series(this.#filters[g]!, parts, m, this.#y, this.#columns, list, count, products, this.#room);
  }

  #place(shape: Shape): Placed {
    const { columns, drift } = shape;
    const factors = drift === null ? 0 : this.#kernel.copy(drift);
    const numbers = [columns.length, factors, ...columns];
    for (let j = 0; j < columns.length; j++)
      for (let i = 0; i <= j; i++) numbers.push(this.#pairs.placeOf(columns[j]!, columns[i]!));
    return { shape, at: this.#kernel.copyInts(numbers) };
  }
}

/** The newest frame: the fields of one window have the same points, but for heaps and gaps. Kept for speed alone; it changes no answer. */
let newest: Frame | null = null;
let bottom: number | null = null;

/** Nobody needs it until the next judgement. */
export function forgetFrame(): void {
  newest = null;
}

/** `x`: seconds after the window's start. */
export function frameOf(x: Float64Array, windowS: number): Frame {
  if (newest !== null && newest.windowS === windowS && same(newest.x, x)) return newest;
  bottom ??= kernel().top;
  newest = null;
  kernel().giveBack(bottom);
  newest = new Frame(x, windowS);
  return newest;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
