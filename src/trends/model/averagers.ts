import type { Arithmetic } from './arithmetic.ts';
import { ModelAverager } from './model-average.ts';

interface Kept {
  readonly t: Float64Array;
  readonly windowS: number;
  readonly of: ModelAverager;
  readonly arithmetic: Arithmetic;
}

/**
 * The averagers of the windows that were asked for last, as many as there are arithmetics, for each arithmetic has room for one. Most fields of a
 * container have values at the same times, and so have most containers of a fleet.
 */
export class Averagers {
  readonly #most: number;
  readonly #newArithmetic: () => Arithmetic;
  /** The one that was asked for last is the last. */
  readonly #kept: Kept[] = [];

  constructor(most: number, newArithmetic: () => Arithmetic) {
    this.#most = most;
    this.#newArithmetic = newArithmetic;
  }

  /** An averager for points at `t`, seconds after the start of a window of `windowS`. It can be used until the next call. */
  of(t: Float64Array, windowS: number): ModelAverager {
    const at = this.#kept.findIndex((one) => one.windowS === windowS && sameValues(one.t, t));
    const [known] = at < 0 ? [] : this.#kept.splice(at, 1);
    const one = known ?? this.#make(t, windowS);
    this.#kept.push(one);
    return one.of;
  }

  #make(t: Float64Array, windowS: number): Kept {
    const oldest = this.#kept.length >= this.#most ? this.#kept.shift() : undefined;
    const arithmetic = oldest?.arithmetic ?? this.#newArithmetic();
    return { t, windowS, of: new ModelAverager(t, windowS, arithmetic), arithmetic };
  }
}

export function sameValues(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
