import type { ModelFits, Regression, SeriesRegression } from '../arithmetic.ts';
import type { MeanModel, ModelSet } from '../mean-models.ts';
import { NOISE_MODELS } from '../noise-models.ts';
import { CrossProducts, type ProductPlan } from './cross-products.ts';
import type { Kernel } from './kernel.ts';

/** Room for the columns that one series has for itself (steps, finer saturations or bends), and for their products. */
const SERIES_COLUMNS = 36;
const SERIES_PAIRS = 256;
/** Columns that are multiplied at once, as in assembly/kalman-filter.ts. */
const COLUMNS_AT_ONCE = 4;
/** Numbers of a table before its products, as in assembly/least-squares.ts. */
const TABLE_HEAD = 2;

/** A regression whose numbers lie in the kernel's memory (README.md). It owns that memory until the next regression is made. */
export class CompiledRegression implements Regression {
  readonly #kernel: Kernel;
  readonly #claim: number;
  readonly #m: number;
  readonly #pilotModels: readonly MeanModel[];
  readonly #pilotColumns: readonly number[];
  readonly #sharedColumns: number;
  /** The columns at hand, and the address of each model that is made of them. */
  readonly #basis: Float64Array[];
  readonly #sharedAddresses = new Map<MeanModel, number>();
  readonly #seriesAddresses = new Map<MeanModel, number>();
  readonly #pairs: CrossProducts;
  readonly #plans: { readonly pilots: ProductPlan; readonly others: ProductPlan };
  /** Offset of the products of two columns in a table, in numbers. */
  readonly #pairsAt: number;
  readonly #filters: readonly number[];
  readonly #tables: readonly number[];
  readonly #columns: number;
  readonly #scratch: number;
  readonly #y: number;
  /** Whether the shared products are in the tables: of the pilot models in all of them, of the others by noise model. */
  #pilotsDone = false;
  readonly #othersDone: boolean[] = NOISE_MODELS.map(() => false);
  /** By noise model: how many columns the present series has been multiplied with. */
  readonly #columnsDone = new Uint16Array(NOISE_MODELS.length);

  constructor(kernel: Kernel, u: Float64Array, { basis, models, pilotModels }: ModelSet) {
    this.#kernel = kernel;
    this.#claim = kernel.claim();
    this.#m = u.length;
    this.#basis = [...basis];
    this.#sharedColumns = basis.length;
    this.#pilotModels = pilotModels;
    this.#pilotColumns = [...new Set(pilotModels.flatMap(({ columns }) => columns))];
    const maxColumns = basis.length + SERIES_COLUMNS;
    this.#pairs = new CrossProducts(maxColumns);
    for (const model of pilotModels) this.#sharedAddresses.set(model, this.#place(model));
    const pilots = this.#pairs.plan(kernel);
    for (const model of models) if (!this.#sharedAddresses.has(model)) this.#sharedAddresses.set(model, this.#place(model));
    this.#plans = { pilots, others: this.#pairs.plan(kernel) };
    this.#pairs.markShared();
    this.#columns = kernel.allocate(maxColumns * this.#m);
    basis.forEach((column, i) => void this.#putColumn(column, i));
    this.#pairsAt = TABLE_HEAD + maxColumns;
    const points = kernel.copyFloats(u);
    this.#tables = NOISE_MODELS.map(() => kernel.allocate(this.#pairsAt + this.#pairs.count + SERIES_PAIRS));
    this.#filters = NOISE_MODELS.map(({ ouComponents, white }, g) => {
      const filter = kernel.allocate(this.#m * (2 * ouComponents.length + 1));
      const noise = kernel.copyFloats(ouComponents.flatMap(({ decay, variance }) => [decay, variance]));
      const logDeterminant = kernel.exports.kalman(points, this.#m, noise, ouComponents.length, white, filter);
      kernel.f64[this.#tables[g]! >> 3] = logDeterminant;
      return filter;
    });
    this.#scratch = kernel.allocate(COLUMNS_AT_ONCE * this.#m);
    this.#y = kernel.allocate(this.#m);
  }

  withSeries<T>(y: Float64Array, work: (series: SeriesRegression) => T): T {
    return this.#kernel.withScratchOf(this.#claim, () => {
      this.#kernel.f64.set(y, this.#y >> 3);
      try {
        return work({
          columns: this.#basis,
          addColumns: (columns) => this.#addColumns(columns),
          pilotLogLikelihoods: () => this.#pilotLogLikelihoods(),
          logMeanLikelihoods: (models, noises) => this.#logMeanLikelihoods(models, noises),
          fits: (model, noises) => this.#fits(model, noises),
        });
      } finally {
        this.#basis.length = this.#sharedColumns;
        this.#pairs.dropSeriesPairs();
        this.#seriesAddresses.clear();
        this.#columnsDone.fill(0);
      }
    });
  }

  #addColumns(columns: readonly Float64Array[]): void {
    const room = this.#sharedColumns + SERIES_COLUMNS - this.#basis.length;
    if (columns.length > room) throw new RangeError(`${columns.length} more columns, expected ${room} at most`);
    for (const column of columns) this.#putColumn(column, this.#basis.push(column) - 1);
  }

  #pilotLogLikelihoods(): Float64Array {
    const k = this.#kernel;
    return k.withScratch(() => {
      const list = k.copyInts(this.#pilotColumns);
      for (let g = 0; g < this.#tables.length; g++) {
        if (!this.#pilotsDone) this.#multiplyPairs(g, this.#plans.pilots);
        this.#multiplySeries(g, list, this.#pilotColumns.length);
      }
      this.#pilotsDone = true;
      return this.#call('likelihoods', this.#pilotModels, this.#tables, this.#tables.length * this.#pilotModels.length);
    });
  }

  #logMeanLikelihoods(models: readonly MeanModel[], noises: readonly number[]): Float64Array {
    const isOther = (model: MeanModel): boolean => this.#sharedAddresses.has(model) && !this.#pilotModels.includes(model);
    for (const model of models) if (!this.#sharedAddresses.has(model)) this.#seriesAddresses.set(model, this.#place(model));
    this.#multiply(noises, models.some(isOther));
    return this.#call('meanLikelihoods', models, this.#tablesOf(noises), models.length);
  }

  #fits(model: MeanModel, noises: readonly number[]): ModelFits {
    const k = this.#kernel;
    const [count, columns] = [noises.length, model.columns.length];
    const numbers = k.withScratch(() => {
      const tables = k.copyInts(this.#tablesOf(noises));
      const out = k.allocate(3 * count + columns);
      k.exports.fits(this.#addressOf(model), tables, count, this.#pairsAt, this.#m, out);
      return k.readFloats(out, 3 * count + columns);
    });
    return {
      restrictedLogLikelihood: numbers.subarray(0, count),
      slopeMean: numbers.subarray(count, 2 * count),
      slopeDeviation: numbers.subarray(2 * count, 3 * count),
      coefficients: numbers.subarray(3 * count),
    };
  }

  /** Fills the tables of these noise models with the products that the placed models need. `others`: those of the shared models beyond the pilots too. */
  #multiply(noises: readonly number[], others: boolean): void {
    const k = this.#kernel;
    k.withScratch(() => {
      const own = this.#pairs.plan(k);
      const { seriesCount } = this.#pairs;
      if (seriesCount > SERIES_PAIRS) throw new RangeError(`${seriesCount} pairs of columns, expected ${SERIES_PAIRS} at most`);
      const list = k.copyInts(this.#basis.map((_, i) => i));
      for (const g of noises) {
        if (others && !this.#othersDone[g]) {
          this.#multiplyPairs(g, this.#plans.others);
          this.#othersDone[g] = true;
        }
        this.#multiplyPairs(g, own);
        const done = this.#columnsDone[g]!;
        this.#multiplySeries(g, list + 4 * done, this.#basis.length - done);
        this.#columnsDone[g] = this.#basis.length;
      }
    });
  }

  #multiplyPairs(g: number, { from, to }: ProductPlan): void {
    const components = NOISE_MODELS[g]!.ouComponents.length;
    const out = this.#tables[g]! + 8 * this.#pairsAt;
    this.#kernel.exports.pairs(this.#filters[g]!, components, this.#m, this.#columns, from, to, out, this.#scratch);
  }

  #multiplySeries(g: number, list: number, count: number): void {
    const { exports, f64 } = this.#kernel;
    const table = this.#tables[g]!;
    const components = NOISE_MODELS[g]!.ouComponents.length;
    const out = table + 8 * TABLE_HEAD;
    f64[(table >> 3) + 1] = exports.series(
      this.#filters[g]!,
      components,
      this.#m,
      this.#y,
      this.#columns,
      list,
      count,
      out,
      this.#scratch,
    );
  }

  #call(
    what: 'likelihoods' | 'meanLikelihoods',
    models: readonly MeanModel[],
    tables: readonly number[],
    answers: number,
  ): Float64Array {
    const k = this.#kernel;
    return k.withScratch(() => {
      const list = k.copyInts(models.map((model) => this.#addressOf(model)));
      const tableList = k.copyInts(tables);
      const out = k.allocate(answers);
      k.exports[what](list, models.length, tableList, tables.length, this.#pairsAt, this.#m, out);
      return k.readFloats(out, answers);
    });
  }

  #tablesOf(noises: readonly number[]): number[] {
    return noises.map((g) => this.#tables[g]!);
  }

  #putColumn(column: Float64Array, index: number): void {
    this.#kernel.f64.set(column, (this.#columns >> 3) + index * this.#m);
  }

  #addressOf(model: MeanModel): number {
    return this.#sharedAddresses.get(model) ?? this.#seriesAddresses.get(model)!;
  }

  /** Puts a model into memory, and its pairs of columns among those that are needed: its address. */
  #place({ columns, slopeFactors }: MeanModel): number {
    const factors = slopeFactors === null ? 0 : this.#kernel.copyFloats(slopeFactors);
    const numbers = [columns.length, factors, ...columns];
    for (let j = 0; j < columns.length; j++)
      for (let i = 0; i <= j; i++) numbers.push(this.#pairs.placeOf(columns[j]!, columns[i]!));
    return this.#kernel.copyInts(numbers);
  }
}
