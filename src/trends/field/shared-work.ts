import type { Arithmetic, RobustMeans } from '../model/arithmetic.ts';
import { Averagers } from '../model/averagers.ts';
import type { ModelAverage } from '../model/model-average.ts';

/**
 * Work that the fields of one evaluation share, because most of them have values at the same times. Each evaluation creates its own. Only the
 * latest window is kept: this saves most of the work, and more windows would need more memory. A caller that has it gives `averagers` for more.
 */
export class SharedWork {
  readonly #arithmetic: Arithmetic;
  #edges: {
    readonly t: Float64Array;
    readonly from: number;
    readonly to: number;
    readonly byStep: Map<number, readonly number[]>;
  } | null = null;
  readonly #averagers: Averagers;

  constructor(arithmetic: Arithmetic, averagers = new Averagers(1, () => arithmetic)) {
    this.#arithmetic = arithmetic;
    this.#averagers = averagers;
  }

  /** As `modelAverage`. */
  modelAverage(t: Float64Array, y: Float64Array, windowS: number, hidesShifts = true): ModelAverage {
    return this.#averagers.of(t, windowS).average(y, hidesShifts);
  }

  /** As in `Arithmetic`. */
  robustMeans(values: Float64Array, edges: readonly number[]): RobustMeans {
    return this.#arithmetic.robustMeans(values, edges);
  }

  /** Edges of blocks of `stepS` seconds in a window. `find` computes them once. */
  edges(t: Float64Array, from: number, to: number, stepS: number, find: () => readonly number[]): readonly number[] {
    if (this.#edges?.t !== t || this.#edges.from !== from || this.#edges.to !== to)
      this.#edges = { t, from, to, byStep: new Map() };
    const known = this.#edges.byStep.get(stepS);
    if (known !== undefined) return known;
    const found = find();
    this.#edges.byStep.set(stepS, found);
    return found;
  }
}
