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
  /** Epoch seconds since when it is published, where it stays only as long as it was found; null: it stays for the whole time. */
  readonly sinceS: number | null;
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
  /** Whether `now`, which is published at once, stays for no longer than the evaluations agree with it: it may be the event of a moment. */
  readonly asLongAsFound?: ((before: T, now: T) => boolean) | null;
}

/** A statement that was seen for a moment stays for this share of the time that others stay. */
const LEAST_SHARE_OF_HOLD = 1 / 4;

/** The statements of one verdict, given those of the verdict before. */
export class Steady {
  readonly #before: SteadyState | null;
  readonly #atS: number;
  readonly #holdS: number;
  readonly #isEvent: boolean;
  readonly #after = new Map<string, Kept>();
  readonly #found = new Map<string, unknown>();

  /** `before`: null for the first verdict, and where `isEvent`: all that was published is over, and what is measured now may be of a moment. */
  constructor(before: SteadyState | null, atS: number, windowS: number, isEvent = false) {
    this.#before = before;
    this.#atS = atS;
    this.#holdS = holdSeconds(windowS);
    this.#isEvent = isEvent;
  }

  /** The state for the next verdict. A statement that this verdict did not make is forgotten. */
  get after(): SteadyState {
    return this.#after;
  }

  /** Epoch seconds of this verdict. */
  get atS(): number {
    return this.#atS;
  }

  /** What the verdict before published of a statement; null: nothing. */
  before<T>(name: string): T | null {
    return (this.#before?.get(name)?.value as T | undefined) ?? null;
  }

  /** What several statements of this verdict rest on, and takes long to find in a long window. */
  once<T>(name: string, find: () => T): T {
    if (!this.#found.has(name)) this.#found.set(name, find());
    return this.#found.get(name) as T;
  }

  /** What is published of a statement: `now`, or the one before while that stays. */
  keep<T>(
    name: string,
    now: T,
    { same = Object.is, atOnce = () => false, isSilent = () => false, asLongAsFound = null }: Keeping<T> = {},
  ): T {
    const before = this.#before?.get(name);
    if (before !== undefined && isSilent(before.value as T, now)) {
      this.#after.set(name, before);
      return before.value as T;
    }
    const published = before === undefined ? now : (before.value as T);
    // A clock that was set back begins the wait again.
    const sinceS = Math.min(before?.contradictedSinceS ?? this.#atS, this.#atS);
    const isSame = same(published, now);
    const isAtOnce = !isSame && atOnce(published, now);
    const replaced = isSame || isAtOnce || this.#atS - sinceS >= this.#holdSecondsOf(before, sinceS);
    const isOfMoment =
      asLongAsFound !== null && (before === undefined ? this.#isEvent : isAtOnce && asLongAsFound(published, now));
    const beganS = isOfMoment ? this.#atS : replaced && !isSame ? null : (before?.sinceS ?? null);
    const kept: Kept = replaced
      ? { value: now, sinceS: beganS, contradictedSinceS: null }
      : { value: published, sinceS: beganS, contradictedSinceS: sinceS };
    this.#after.set(name, kept);
    return kept.value as T;
  }

  /** How long a statement stays that has been contradicted since `sinceS`. */
  #holdSecondsOf(before: Kept | undefined, sinceS: number): number {
    if (before === undefined || before.sinceS === null) return this.#holdS;
    return Math.min(this.#holdS, Math.max(sinceS - before.sinceS, LEAST_SHARE_OF_HOLD * this.#holdS));
  }
}
