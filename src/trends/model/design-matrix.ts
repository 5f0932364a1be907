import { CrossProducts, type ProductPlan } from './cross-products.ts';
import { type WasmKernel, wasmKernel } from './kernel/kernel.ts';
import { type Companions, type MeanModel, type ModelSet, meanModels } from './mean-models.ts';
import { NOISE_MODELS } from './noise-models.ts';

/** A shape, and where the kernel finds it. */
export interface PlacedModel {
  readonly model: MeanModel;
  readonly address: number;
}

/** Columns of one series alone (its steps, finer fills), after those of the frame; and their products with one another. */
const SERIES_COLUMNS = 32;
const SERIES_PAIRS = 256;
/** As in kernel/assembly/shape.ts: before the products with the series stand these two. */
const PRODUCTS = 2;

/**
 * One shape under one noise: places of the logarithm of its restricted likelihood, of the drift over the whole window, and of the drift's
 * deviation. An object for each would be a third of what a verdict leaves behind.
 */
export const FIT_LAYOUT = { restrictedLogLikelihood: 0, slopeMean: 1, slopeDeviation: 2, numbers: 3 } as const;

/**
 * All that weighing needs and that depends on the points alone, in the kernel's memory; and in the same place, one after the other, the series
 * that are weighed at these points. Of each noise it has the filter and a row (kernel/assembly/shape.ts).
 */
export class DesignMatrix {
  readonly x: Float64Array;
  readonly windowS: number;
  /** The points as shares of the window. */
  readonly u: Float64Array;
  readonly models: readonly PlacedModel[];
  /** Stiff and supple: tell between them which noises are likely at all. */
  readonly pilotModels: readonly PlacedModel[];
  readonly companions: Companions;
  /** Offset of the pairs in a row, in numbers. */
  readonly #pairsAt: number;
  readonly #kernel: WasmKernel = wasmKernel();
  readonly #basis: Float64Array[];
  readonly #sharedColumns: number;
  readonly #pairs: CrossProducts;
  readonly #productPlans: { readonly probing: ProductPlan; readonly all: ProductPlan };
  readonly #pilotColumns: readonly number[];
  readonly #columns: number;
  readonly #filters: readonly number[];
  readonly #rows: readonly number[];
  #pilotDone = false;
  readonly #computed: boolean[];
  readonly #scratch: number;
  readonly #y: number;
  readonly #end: number;

  constructor(x: Float64Array, windowS: number) {
    this.x = x;
    this.windowS = windowS;
    this.u = x.map((at) => at / windowS);
    const { basis, models: shapes, pilotModels: probes, companions: beside } = meanModels(this.u, windowS);
    this.companions = beside;
    this.#basis = [...basis];
    this.#sharedColumns = basis.length;
    const k = this.#kernel;
    const m = x.length;
    const most = this.#sharedColumns + SERIES_COLUMNS;
    this.#pairs = new CrossProducts(most);
    this.pilotModels = probes.map((shape) => this.#placeModel(shape));
    this.#pilotColumns = [...new Set(probes.flatMap(({ columns }) => columns))];
    const probing = this.#pairs.plan(k);
    this.models = shapes.map((shape) => this.#placeModel(shape));
    this.#productPlans = { probing, all: this.#pairs.plan(k) };
    this.#pairs.markShared();
    this.#columns = k.allocate(most * m);
    basis.forEach((column, i) => void k.f64.set(column, (this.#columns >> 3) + i * m));
    this.#pairsAt = PRODUCTS + most;
    const u = k.copyFloats(this.u);
    const rowLength = this.#pairsAt + this.#pairs.count + SERIES_PAIRS;
    this.#rows = NOISE_MODELS.map(() => k.allocate(rowLength));
    this.#filters = NOISE_MODELS.map(({ ouComponents: wanderings, white }, g) => {
      const filter = k.allocate(m * (2 * wanderings.length + 1));
      const noise = k.copyFloats(wanderings.flatMap(({ decay, variance }) => [decay, variance]));
      k.f64[this.#rows[g]! >> 3] = k.exports.kalman(u, m, noise, wanderings.length, white, filter);
      return filter;
    });
    this.#computed = NOISE_MODELS.map(() => false);
    this.#scratch = k.allocate(m);
    this.#y = k.allocate(m);
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
  beginSeries(y: Float64Array): Float64Array {
    const k = this.#kernel;
    k.release(this.#end);
    this.#basis.length = this.#sharedColumns;
    this.#pairs.dropSeriesPairs();
    k.f64.set(y, this.#y >> 3);
    const list = k.copyInts(this.#pilotColumns);
    for (let g = 0; g < this.#rows.length; g++) {
      if (!this.#pilotDone) this.#fillRow(g, this.#productPlans.probing);
      this.#series(g, list, this.#pilotColumns.length);
    }
    this.#pilotDone = true;
    return this.#call('likelihoods', this.pilotModels, this.#rows, this.#rows.length * this.pilotModels.length);
  }

  /** Of each shape the logarithm of its mean likelihood over these noises; NaN where the points cannot tell its columns apart. */
  logEvidence(placed: readonly PlacedModel[], noises: readonly number[]): Float64Array {
    return this.#call('evidences', placed, this.#rowsOf(noises), placed.length);
  }

  /** A shape under each of these noises (`FIT` numbers each), and its coefficients under the likeliest. */
  fits(
    { model: shape, address: at }: PlacedModel,
    noises: readonly number[],
  ): { readonly each: Float64Array; readonly best: Float64Array } {
    const k = this.#kernel;
    const fits = FIT_LAYOUT.numbers * noises.length;
    const numbers = k.withScratch(() => {
      const rows = k.copyInts(this.#rowsOf(noises));
      const out = k.allocate(fits + shape.columns.length);
      k.exports.fits(at, rows, noises.length, this.#pairsAt, this.x.length, out);
      return k.readFloats(out, fits + shape.columns.length);
    });
    return { each: numbers.subarray(0, fits), best: numbers.subarray(fits) };
  }

  /** Shapes that the series at hand has for itself, made of columns of its own, which follow on those there are. */
  addSeriesModels({ basis, models: shapes }: Pick<ModelSet, 'basis' | 'models'>): PlacedModel[] {
    const k = this.#kernel;
    const m = this.x.length;
    if (this.#basis.length + basis.length > this.#sharedColumns + SERIES_COLUMNS)
      throw new RangeError('more columns than there is room for');
    for (const column of basis) {
      k.f64.set(column, (this.#columns >> 3) + this.#basis.length * m);
      this.#basis.push(column);
    }
    return shapes.map((shape) => this.#placeModel(shape));
  }

  /** Works out what the shapes need under these noises: those of the frame, unless only its first two and the own ones are weighed. */
  computeProducts(noises: readonly number[], plain: boolean): void {
    const k = this.#kernel;
    k.withScratch(() => {
      const own = this.#pairs.plan(k);
      if (this.#pairs.seriesCount > SERIES_PAIRS) throw new RangeError('more pairs of columns than there is room for');
      const list = k.copyInts(this.#basis.map((_, i) => i));
      for (const g of noises) {
        if (!plain && !this.#computed[g]) {
          this.#fillRow(g, this.#productPlans.all);
          this.#computed[g] = true;
        }
        this.#fillRow(g, own);
        this.#series(g, list, this.#basis.length);
      }
    });
  }

  #rowsOf(noises: readonly number[]): number[] {
    return noises.map((g) => this.#rows[g]!);
  }

  #call(
    what: 'likelihoods' | 'evidences',
    placed: readonly PlacedModel[],
    rows: readonly number[],
    answers: number,
  ): Float64Array {
    const k = this.#kernel;
    return k.withScratch(() => {
      const list = k.copyInts(placed.map(({ address: at }) => at));
      const rowList = k.copyInts(rows);
      const out = k.allocate(answers);
      k.exports[what](list, placed.length, rowList, rows.length, this.#pairsAt, this.x.length, out);
      return k.readFloats(out, answers);
    });
  }

  #fillRow(g: number, { from, to }: ProductPlan): void {
    const row = this.#rows[g]! + 8 * this.#pairsAt;
    const parts = NOISE_MODELS[g]!.ouComponents.length;
    this.#kernel.exports.pairs(this.#filters[g]!, parts, this.x.length, this.#columns, from, to, row, this.#scratch);
  }

  #series(g: number, list: number, count: number): void {
    const row = this.#rows[g]!;
    const parts = NOISE_MODELS[g]!.ouComponents.length;
    const products = row + 8 * PRODUCTS;
    const m = this.x.length;
    const { exports: call, f64 } = this.#kernel;
    f64[(row >> 3) + 1] = call.series(this.#filters[g]!, parts, m, this.#y, this.#columns, list, count, products, this.#scratch);
  }

  #placeModel(shape: MeanModel): PlacedModel {
    const { columns, slopeFactors: drift } = shape;
    const factors = drift === null ? 0 : this.#kernel.copyFloats(drift);
    const numbers = [columns.length, factors, ...columns];
    for (let j = 0; j < columns.length; j++)
      for (let i = 0; i <= j; i++) numbers.push(this.#pairs.indexOf(columns[j]!, columns[i]!));
    return { model: shape, address: this.#kernel.copyInts(numbers) };
  }
}

/** The newest frame: the fields of one window have the same points, but for heaps and gaps. Kept for speed alone; it changes no answer. */
let cachedMatrix: DesignMatrix | null = null;
let baseAddress: number | null = null;

/** Nobody needs it until the next judgement. */
export function releaseDesignMatrix(): void {
  cachedMatrix = null;
}

/** `x`: seconds after the window's start. */
export function designMatrixFor(x: Float64Array, windowS: number): DesignMatrix {
  if (cachedMatrix !== null && cachedMatrix.windowS === windowS && sameValues(cachedMatrix.x, x)) return cachedMatrix;
  baseAddress ??= wasmKernel().top;
  cachedMatrix = null;
  wasmKernel().release(baseAddress);
  cachedMatrix = new DesignMatrix(x, windowS);
  return cachedMatrix;
}

function sameValues(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
