import { Due } from '../clock.ts';
import type { FieldValues } from '../fields.ts';
import { MIB, SECOND_MS } from '../units.ts';

/** Rows wait for less than this: two ticks of the usual ten seconds. */
const MAX_WAIT_MS = 25 * SECOND_MS;
/** A smaller move is no news that a kill of memhound must not lose. */
const MIN_MOVE_BYTES = MIB;
const MIN_MOVE_SHARE = 0.005;

interface Newest {
  readonly events: number;
  readonly values: FieldValues;
}

/**
 * Says when the rows of a container are written. To write one costs as much as to read all that it holds, so where memory stands still some are
 * written together. What moves, and what happens, is written at once.
 */
export class WaitingRows {
  readonly #due = new Due();
  #written: Newest | null = null;

  /** Call with each row. True: it and those that wait are to be written now. */
  areDue(nowMs: number, newest: Newest): boolean {
    const before = this.#written;
    const hasNews =
      before === null || newest.events !== before.events || MOVING.some((of) => hasMoved(of(before.values), of(newest.values)));
    if (!hasNews && !this.#due.isDue(nowMs)) return false;
    this.#due.wait(nowMs, MAX_WAIT_MS);
    this.#written = newest;
    return true;
  }
}

/** All memory, and that of processes, which can grow while page cache makes room for it. */
const MOVING: readonly ((values: FieldValues) => number | null)[] = [
  ({ usage }) => usage ?? null,
  ({ anon, shmem = 0, swap = 0 }) => (anon === undefined ? null : anon + shmem + swap),
];

function hasMoved(before: number | null, now: number | null): boolean {
  if (before === null || now === null) return before !== now;
  return Math.abs(now - before) >= Math.max(MIN_MOVE_BYTES, MIN_MOVE_SHARE * before);
}
