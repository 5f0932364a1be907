import type { Verdict } from '../src/diagnosis/types.ts';
import { byId, el } from './dom.ts';

const RANGES: readonly (readonly [string, number | null, string])[] = [
  ['15m', 900, '15 minutes'],
  ['1h', 3600, '1 hour'],
  ['6h', 21_600, '6 hours'],
  ['1d', 86_400, '1 day'],
  ['7d', 604_800, '7 days'],
  ['all', null, 'all there is'],
];

/** The smallest range that holds all that the verdict rests on: a week's drift is not to be seen in an hour. */
function rangeOf(v: Verdict): number | null {
  const window = Math.max(0, ...Object.values(v.fields).map((f) => f.windowSeconds));
  return RANGES.find(([, seconds]) => seconds !== null && seconds >= window * 0.98)?.[1] ?? (window > 0 ? null : 3600);
}

/** From and to in epoch seconds; null: where the rows begin, or end. */
export type Span = readonly [number | null, number | null];

/** Which time the charts show: a range that ends now, or a part that was zoomed to. */
export class TimeWindow {
  /** undefined: nobody chose one yet, so it follows what the verdict rests on. */
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

  get zoomed(): boolean {
    return this.#zoom !== null;
  }

  /** What to ask the API for. */
  asked(verdict: Verdict | null, nowS: number): Span {
    if (this.#range === undefined && verdict !== null) this.#range = rangeOf(verdict);
    return this.#zoom ?? [this.#range == null ? null : nowS - this.#range, null];
  }

  /** What the charts show of the rows. */
  get shown(): Span {
    return this.#zoom ?? [null, null];
  }

  /** Rows before this need not be kept, the newest being of `newestS`. */
  oldest(newestS: number): number {
    return this.#range == null ? Number.NEGATIVE_INFINITY : newestS - this.#range;
  }

  /** Another container begins with the range that its own verdict asks for. */
  forget(): void {
    this.#range = undefined;
    this.#zoom = null;
  }

  draw(): void {
    for (const [i, button] of [...byId('ranges').children].entries())
      button.setAttribute('aria-pressed', String(this.#zoom === null && RANGES[i]![1] === this.#range));
    byId('unzoom').hidden = this.#zoom === null;
  }
}
