import type { Verdict } from '../../src/diagnosis/types.ts';
import { RANGES, smallestRangeFor } from '../../src/ranges.ts';
import { byId, el } from '../dom.ts';

/** Range in epoch seconds; null: from the first row, or to the last. */
export type TimeSpan = readonly [number | null, number | null];

/** The time that the charts show: a range that ends now, or a part that the user zoomed to. */
export class TimeWindow {
  /** undefined: the user has chosen none yet, so the range follows the verdict. */
  #range: number | null | undefined;
  #zoom: readonly [number, number] | null = null;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
    for (const [name, seconds, title] of RANGES) {
      const button = el('button', { type: 'button', 'aria-pressed': 'false', title }, name);
      button.addEventListener('click', () => {
        this.#range = seconds;
        this.zoom(null, null);
      });
      byId('ranges').append(button);
    }
    byId('unzoom').addEventListener('click', () => this.zoom(null, null));
  }

  /** null: back to the whole range. */
  readonly zoom = (from: number | null, to: number | null): void => {
    this.#zoom = from === null || to === null ? null : [from, to];
    this.#changed();
  };

  /** No range was chosen, and there is no verdict yet. The API is asked for the range of its verdict. */
  get open(): boolean {
    return this.#range === undefined && this.#zoom === null;
  }

  get zoomed(): boolean {
    return this.#zoom !== null;
  }

  /** The range to request from the API. */
  requestedSpan(verdict: Verdict | null, nowS: number): TimeSpan {
    if (this.#range === undefined && verdict !== null) this.#range = smallestRangeFor(verdict.fields);
    return this.#zoom ?? [this.#range == null ? null : nowS - this.#range, null];
  }

  /** The part of the rows that the charts show. */
  get visibleSpan(): TimeSpan {
    return this.#zoom ?? [null, null];
  }

  /** Rows before this time need not be kept. `newestS` is the time of the newest row. */
  oldest(newestS: number): number {
    return this.#range == null ? Number.NEGATIVE_INFINITY : newestS - this.#range;
  }

  /** Another container starts with the range of its own verdict. */
  reset(): void {
    this.#range = undefined;
    this.#zoom = null;
  }

  draw(): void {
    for (const [i, button] of [...byId('ranges').children].entries())
      button.setAttribute('aria-pressed', String(this.#zoom === null && RANGES[i]![1] === this.#range));
    byId('unzoom').hidden = this.#zoom === null;
  }
}
