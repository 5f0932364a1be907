import type { Arithmetic, RobustMeans } from '../model/arithmetic.ts';
import { type ModelAverage, ModelAverager } from '../model/model-average.ts';

/**
 * Work that the fields of one evaluation share, because most of them have values at the same times. Each evaluation creates its own. Only the
 * latest window is kept: this saves most of the work, and more windows would need more memory.
 */
export class SharedWork {
  readonly #arithmetic: Arithmetic;
  #edges: {
    readonly t: Float64Array;
    readonly from: number;
    readonly to: number;
    readonly byStep: Map<number, readonly number[]>;
  } | null = null;
  #averager: { readonly t: Float64Array; readonly windowS: number; readonly of: ModelAverager } | null = null;

  constructor(arithmetic: Arithmetic) {
    this.#arithmetic = arithmetic;
  }

  /** As `modelAverage`. */
  modelAverage(t: Float64Array, y: Float64Array, windowS: number): ModelAverage {
    if (this.#averager === null || this.#averager.windowS !== windowS || !sameValues(this.#averager.t, t)) {
      this.#averager = null;
      this.#averager = { t, windowS, of: new ModelAverager(t, windowS, this.#arithmetic) };
    }
    return this.#averager.of.average(y);
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

function sameValues(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
