import type { Arithmetic } from './model/arithmetic.ts';
import { Averagers } from './model/averagers.ts';
import { CompiledArithmetic } from './model/kernel/compiled-arithmetic.ts';
import { PastEvaluations } from './runs/past-evaluations.ts';

/**
 * The state that evaluations share: the compiled kernel with its memory (0.25 to 0.6 MiB), and the evaluations of completed runs. The caller that
 * evaluates repeatedly owns it. It only saves time; no answer depends on it. One cache serves any number of series, one after the
 * other.
 */
export class EvaluationCache {
  readonly pastEvaluations = new PastEvaluations();
  /** undefined: each evaluation has its own. */
  readonly averagers: Averagers | undefined;
  #arithmetic: Arithmetic | null;
  #isUsed = false;

  constructor(arithmetic: Arithmetic | null = null, averagers: Averagers | undefined = undefined) {
    this.#arithmetic = arithmetic;
    this.averagers = averagers;
  }

  /** For the evaluation of many series, each once: what depends on times alone is kept for so many windows, each with a memory of its own. */
  static ofWindows(windows: number): EvaluationCache {
    return new EvaluationCache(null, new Averagers(windows, () => new CompiledArithmetic()));
  }

  /** The same for a series that has nothing to do with those before: without what was computed of their values. */
  forAnotherSeries(): EvaluationCache {
    return new EvaluationCache(this.arithmetic, this.averagers);
  }

  /** Between two evaluations: hands over the kernel's memory, to be emptied, if one has used it since the last time. */
  forget(empty: (memory: Uint8Array) => void): void {
    if (this.#isUsed && this.#arithmetic instanceof CompiledArithmetic) this.#arithmetic.forget(empty);
    this.#isUsed = false;
  }

  /** Compiled on first use, unless the constructor was given one. */
  get arithmetic(): Arithmetic {
    this.#arithmetic ??= new CompiledArithmetic();
    this.#isUsed = true;
    return this.#arithmetic;
  }
}
