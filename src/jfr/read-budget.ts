import { JfrError } from './jfr-bytes.ts';

/** Values of a whole recording. A pool of 16 MiB has some millions. */
const MAX_VALUES = 50_000_000;
/** Values of one event with all that it refers to. A stack of 2,048 frames, JFR's deepest, has some 30,000. */
const MAX_OF_EVENT = 500_000;
/** Some milliseconds of work. */
const VALUES_A_TURN = 20_000;
/** A text takes as long as so many of its bytes for each value. */
const TEXT_BYTES_A_VALUE = 32;

/** How much of a recording is read: a small one may be invented so that it refers to the same values again and again. */
export class ReadBudget {
  #values = 0;
  #ofEvent = 0;
  #ofTurn = 0;

  /** Counts one value that took so many bytes. @throws JfrError */
  take(bytes: number): void {
    const values = 1 + Math.floor(bytes / TEXT_BYTES_A_VALUE);
    this.#values += values;
    this.#ofEvent += values;
    this.#ofTurn += values;
    if (this.#values > MAX_VALUES) throw new JfrError(`expected at most ${MAX_VALUES} values in a recording, found more`);
    if (this.#ofEvent > MAX_OF_EVENT) throw new JfrError(`expected at most ${MAX_OF_EVENT} values of an event, found more`);
  }

  beginEvent(): void {
    this.#ofEvent = 0;
  }

  /** Whether so much was read since the last turn that other work should run. */
  takesTurn(): boolean {
    if (this.#ofTurn < VALUES_A_TURN) return false;
    this.#ofTurn = 0;
    return true;
  }
}
