import type { Arithmetic, Regression, RobustMeans } from '../arithmetic.ts';
import type { ModelSet } from '../mean-models.ts';
import { NUMBERS_PER_COMPONENT, type SlopePosterior } from '../slope-posterior.ts';
import { CompiledRegression } from './compiled-regression.ts';
import { Kernel } from './kernel.ts';

/**
 * The arithmetic of a verdict, compiled (README.md). It gives the numbers of `plain-arithmetic.ts`. One object holds 0.25 to 0.6 MiB of memory, which
 * its calls use one after the other. A regression can be used until the next one is made; after that it throws.
 */
export class CompiledArithmetic implements Arithmetic {
  readonly #kernel = new Kernel();

  get memoryBytes(): number {
    return this.#kernel.memoryBytes;
  }

  /** Hands over the memory, to be emptied. The last regression can no longer be used. */
  forget(empty: (memory: Uint8Array) => void): void {
    this.#kernel.forget(empty);
  }

  regression(u: Float64Array, models: ModelSet): Regression {
    return new CompiledRegression(this.#kernel, u, models);
  }

  slopeCdf(posterior: SlopePosterior, slope: number): number {
    const k = this.#kernel;
    return k.withScratch(() => k.exports.slopeCdf(k.copyFloats(posterior), posterior.length / NUMBERS_PER_COMPONENT, slope));
  }

  slopeQuantile(posterior: SlopePosterior, probability: number): number {
    const k = this.#kernel;
    return k.withScratch(() =>
      k.exports.slopeQuantile(k.copyFloats(posterior), posterior.length / NUMBERS_PER_COMPONENT, probability),
    );
  }

  robustMeans(values: Float64Array, edges: readonly number[]): RobustMeans {
    const k = this.#kernel;
    return k.withScratch(() => {
      const [at, list, out] = [k.copyFloats(values), k.copyInts(edges), k.allocate(edges.length)];
      const points = k.exports.means(at, list, edges.length - 1, out);
      return { means: k.readFloats(out, edges.length - 1), points };
    });
  }
}
