import type { Verdict } from '../../src/diagnosis/types.ts';
import { RANGES, smallestRangeFor } from '../../src/ranges.ts';
import { byId, el } from '../dom.ts';

/** From and to in epoch seconds; null: where the rows begin, or end. */
export type TimeSpan = readonly [number | null, number | null];

/** Which time the charts show: a range that ends now, or a part that was zoomed to. */
export class TimeWindow {
  /** undefined: none was chosen yet, so it follows what the verdict is based on. */
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

  /** No range was chosen, and no verdict has given one yet: the API is asked for the range of its verdict. */
  get open(): boolean {
    return this.#range === undefined && this.#zoom === null;
  }

  get zoomed(): boolean {
    return this.#zoom !== null;
  }

  /** What to ask the API for. */
  requestedSpan(verdict: Verdict | null, nowS: number): TimeSpan {
    if (this.#range === undefined && verdict !== null) this.#range = smallestRangeFor(verdict.fields);
    return this.#zoom ?? [this.#range == null ? null : nowS - this.#range, null];
  }

  /** What the charts show of the rows. */
  get visibleSpan(): TimeSpan {
    return this.#zoom ?? [null, null];
  }

  /** Rows before this need not be kept, the newest being of `newestS`. */
  oldest(newestS: number): number {
    return this.#range == null ? Number.NEGATIVE_INFINITY : newestS - this.#range;
  }

  /** Another container begins with the range of its own verdict. */
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
