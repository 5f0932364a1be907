import { MINUTE_S } from '../units.ts';

/**
 * A verdict is made again at each evaluation, and near a threshold one statement in it (a trend, the order of two causes, "threads are flat")
 * would come and go with the noise. So a statement that was published stays until the evaluations have contradicted it for some time:
 *
 *     evaluated   A  A  B  A  B  B  A  B  B  B  B  B
 *     published   A  A  A  A  A  A  A  A  A  A  B  B      B has held for `holdSeconds`
 *
 * The numbers of a statement are always those of the newest evaluation that agrees with it. The state is explicit and immutable: the same
 * evaluations at the same times give the same statements.
 */
export interface Kept {
  readonly value: unknown;
  /** Epoch seconds of the first evaluation of those in a row that contradict it; null: the last one agreed. */
  readonly contradictedSinceS: number | null;
}

/** By the name of the statement. */
export type SteadyState = ReadonlyMap<string, Kept>;

/** A short window is a few readings, so a third of it may be one step of a collector. A long one has this share of it for its alarm, too. */
const SHARE_OF_SHORT_WINDOW = 1 / 3;
const SHARE_OF_LONG_WINDOW = 1 / 30;

/** Seconds for which a statement must be contradicted before another replaces it: 20 s of a minute, a minute of half an hour, 48 minutes of a day. */
export const holdSeconds = (windowS: number): number =>
  Math.min(SHARE_OF_SHORT_WINDOW * windowS, Math.max(MINUTE_S, SHARE_OF_LONG_WINDOW * windowS));

export interface Keeping<T> {
  /** Whether both say the same, perhaps with other numbers. */
  readonly same?: (a: T, b: T) => boolean;
  /** Whether the change is published without waiting. */
  readonly atOnce?: (published: T, now: T) => boolean;
  /** Whether `now` says nothing, so that it does not contradict. */
  readonly isSilent?: (published: T, now: T) => boolean;
}

/** The statements of one verdict, given those of the verdict before. */
export class Steady {
  readonly #before: SteadyState | null;
  readonly #atS: number;
  readonly #holdS: number;
  readonly #after = new Map<string, Kept>();

  /** `before`: null for the first verdict. */
  constructor(before: SteadyState | null, atS: number, windowS: number) {
    this.#before = before;
    this.#atS = atS;
    this.#holdS = holdSeconds(windowS);
  }

  /** The state for the next verdict. A statement that this verdict did not make is forgotten. */
  get after(): SteadyState {
    return this.#after;
  }

  /** What the verdict before published of a statement; null: nothing. */
  before<T>(name: string): T | null {
    return (this.#before?.get(name)?.value as T | undefined) ?? null;
  }

  /** What is published of a statement: `now`, or the one before while that stays. */
  keep<T>(name: string, now: T, { same = Object.is, atOnce = () => false, isSilent = () => false }: Keeping<T> = {}): T {
    const before = this.#before?.get(name);
    if (before !== undefined && isSilent(before.value as T, now)) {
      this.#after.set(name, before);
      return before.value as T;
    }
    const published = before === undefined ? now : (before.value as T);
    // A clock that was set back begins the wait again.
    const sinceS = Math.min(before?.contradictedSinceS ?? this.#atS, this.#atS);
    const replaced = same(published, now) || atOnce(published, now) || this.#atS - sinceS >= this.#holdS;
    const kept: Kept = replaced ? { value: now, contradictedSinceS: null } : { value: published, contradictedSinceS: sinceS };
    this.#after.set(name, kept);
    return kept.value as T;
  }
}
