import type { Moves } from '../../moves.ts';
import type { CentredSums } from '../../straight-line.ts';
import type { Arithmetic, Regression, RobustMeans } from '../arithmetic.ts';
import type { DailyCycle } from '../daily-cycle.ts';
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

  readonly movesOf = (y: Float64Array): Moves => {
    const k = this.#kernel;
    const count = Math.max(0, y.length - 1);
    return k.withScratch(() => {
      const [at, out] = [k.copyFloats(y), k.allocate(2 * count)];
      k.exports.moves(at, y.length, out);
      return { moves: k.readFloats(out, count), sizes: k.readFloats(out + 8 * count, count) };
    });
  };

  readonly isAscending = (t: Float64Array): boolean => {
    const k = this.#kernel;
    return k.withScratch(() => k.exports.isAscending(k.copyFloats(t), t.length) !== 0);
  };

  readonly fallsBelow = (values: Float64Array, share: number): Int32Array => {
    const k = this.#kernel;
    return k.withScratch(() => {
      const [at, out] = [k.copyFloats(values), k.allocate(values.length)];
      const count = k.exports.fallsBelow(at, values.length, share, out);
      return k.i32.slice(out >> 2, (out >> 2) + 2 * count);
    });
  };

  readonly meanOfKnown = (values: Float64Array): number => {
    const k = this.#kernel;
    return k.withScratch(() => k.exports.meanOfKnown(k.copyFloats(values), values.length));
  };

  readonly checksum = (values: Float64Array): number => {
    const k = this.#kernel;
    return k.withScratch(() => k.exports.checksum(k.copyFloats(values), values.length));
  };

  readonly centredSums = (x: Float64Array, y: Float64Array, from: number): CentredSums => {
    const k = this.#kernel;
    const n = x.length - from;
    return k.withScratch(() => {
      const [atX, atY, out] = [k.copyFloats(x.subarray(from)), k.copyFloats(y.subarray(from)), k.allocate(5)];
      k.exports.centredSums(atX, atY, n, 1, out);
      const first = out >> 3;
      return {
        n,
        meanX: k.f64[first]!,
        meanY: k.f64[first + 1]!,
        sxx: k.f64[first + 2]!,
        sxy: k.f64[first + 3]!,
        syy: k.f64[first + 4]!,
      };
    });
  };

  readonly withoutLine = (t: Float64Array, values: Float64Array, stride: number): Float64Array => {
    const k = this.#kernel;
    const count = Math.ceil(values.length / stride);
    return k.withScratch(() => {
      const [x, y, out] = [k.copyFloats(t), k.copyFloats(values), k.allocate(count + 5)];
      k.exports.withoutLine(x, y, count, stride, out);
      return k.readFloats(out, count);
    });
  };

  removeDailyCycle(x: Float64Array, y: Float64Array, cycle: DailyCycle, windowS: number): void {
    const k = this.#kernel;
    const { stepS, bins, harmonics } = cycle;
    k.withScratch(() => {
      const [atX, atY, binOf] = [k.copyFloats(x), k.copyFloats(y), k.copyInts(cycle.binOf)];
      const [waves, binWaves] = [k.copyFloats(cycle.waves), k.copyFloats(cycle.binWaves)];
      k.exports.removeDailyCycle(atX, atY, y.length, stepS, windowS, bins, binOf, harmonics, waves, binWaves);
      y.set(k.readFloats(atY, y.length));
    });
  }
}
