import { DAY_S, SECOND_MS } from './units.ts';

/** The first second of 2100. */
const LATEST_S = 4_102_444_800;

/** The units in which a timestamp of these years may have been written by mistake. */
const FINER_UNITS = [
  { name: 'milliseconds', perSecond: 1e3 },
  { name: 'microseconds', perSecond: 1e6 },
  { name: 'nanoseconds', perSecond: 1e9 },
] as const;

/** What is wrong with a time in epoch seconds, as "expected ..., found ..."; null: nothing. Small times are counted from a start that is not the epoch. */
export function timeProblem(value: unknown): string | null {
  if (typeof value === 'number' && value >= 0 && value <= LATEST_S) return null;
  // String() fails on an object whose toString is none.
  const found = (typeof value === 'string' || typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 40);
  const finer =
    typeof value === 'number'
      ? FINER_UNITS.find(({ perSecond }) => value / perSecond > 30 * 365 * DAY_S && value / perSecond <= LATEST_S)
      : undefined;
  const hint = finer === undefined ? '' : `, which looks like ${finer.name}: divide it by ${finer.perSecond}`;
  return `expected epoch seconds from 0 to ${LATEST_S} (the year 2100), found ${found}${hint}`;
}

/** The age of a time. If the clock was set back, the age is large too, because nothing may wait until the time of the old clock. */
export const ageMs = (sinceMs: number, nowMs: number): number => Math.abs(nowMs - sinceMs);

/** Something that is repeated after a time, even if the clock is set back in between. It is due at the start. */
export class Due {
  #setMs = Number.NEGATIVE_INFINITY;
  #nextMs = Number.NEGATIVE_INFINITY;

  /** The earliest time at which it is due again. */
  wait(nowMs: number, ms: number): void {
    this.#setMs = nowMs;
    this.#nextMs = nowMs + ms;
  }

  now(): void {
    this.#nextMs = Number.NEGATIVE_INFINITY;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs || nowMs < this.#setMs - SECOND_MS;
  }
}
