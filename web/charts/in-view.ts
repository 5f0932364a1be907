/**
 * Draws what comes with the ticks only while its place is in view. The newest data is drawn when the place comes into view, and before the
 * page is printed.
 */
export class DrawWhenVisible<T> {
  readonly #draw: (what: T) => void;
  #isVisible = true;
  #pending: { readonly what: T } | null = null;

  constructor(box: HTMLElement, draw: (what: T) => void) {
    this.#draw = draw;
    new IntersectionObserver((entries) => {
      this.#isVisible = entries[entries.length - 1]!.isIntersecting;
      if (this.#isVisible) this.#drawPending();
    }).observe(box);
    addEventListener('beforeprint', () => this.#drawPending());
  }

  /** Drawn at once: a person asked for it, or it is the first. */
  drawNow(what: T): void {
    this.#pending = null;
    this.#draw(what);
  }

  /** It came with a tick. */
  drawIfVisible(what: T): void {
    this.#pending = { what };
    if (this.#isVisible) this.#drawPending();
  }

  #drawPending(): void {
    if (this.#pending !== null) this.drawNow(this.#pending.what);
  }

  /** What was to be drawn is out of date. */
  dropPending(): void {
    this.#pending = null;
  }
}
