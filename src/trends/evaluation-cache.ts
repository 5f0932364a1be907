import type { Arithmetic } from './model/arithmetic.ts';
import { CompiledArithmetic } from './model/kernel/compiled-arithmetic.ts';
import { PastEvaluations } from './runs/past-evaluations.ts';

/**
 * What one evaluation leaves for the next: the compiled kernel with its memory (0.25 to 0.6 MiB), and the evaluations of runs that are over. It
 * belongs to whoever evaluates again and again, and saves time alone: no answer depends on it. One cache serves any number of series, one
 * after the other.
 */
export class EvaluationCache {
  readonly pastEvaluations = new PastEvaluations();
  #arithmetic: Arithmetic | null;

  constructor(arithmetic: Arithmetic | null = null) {
    this.#arithmetic = arithmetic;
  }

  /** Compiled with the first use, unless another one was given. */
  get arithmetic(): Arithmetic {
    this.#arithmetic ??= new CompiledArithmetic();
    return this.#arithmetic;
  }
}
