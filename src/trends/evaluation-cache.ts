import type { Arithmetic } from './model/arithmetic.ts';
import { CompiledArithmetic } from './model/kernel/compiled-arithmetic.ts';
import { PastEvaluations } from './runs/past-evaluations.ts';

/**
 * The state that evaluations share: the compiled kernel with its memory (0.25 to 0.6 MiB), and the evaluations of completed runs. The caller that
 * evaluates repeatedly owns it. It only saves time; no answer depends on it. One cache serves any number of series, one after the
 * other.
 */
export class EvaluationCache {
  readonly pastEvaluations = new PastEvaluations();
  #arithmetic: Arithmetic | null;

  constructor(arithmetic: Arithmetic | null = null) {
    this.#arithmetic = arithmetic;
  }

  /** Compiled on first use, unless the constructor was given one. */
  get arithmetic(): Arithmetic {
    this.#arithmetic ??= new CompiledArithmetic();
    return this.#arithmetic;
  }
}
