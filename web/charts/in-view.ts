/**
 * Draws the changes of each tick only while the element is in view. The newest data is drawn when it comes into view, and before the page is
 * printed.
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

  /** Draws at once, because the user asked for it or it is the first drawing. */
  drawNow(what: T): void {
    this.#pending = null;
    this.#draw(what);
  }

  /** Draws a change that came with a tick. */
  drawIfVisible(what: T): void {
    this.#pending = { what };
    if (this.#isVisible) this.#drawPending();
  }

  #drawPending(): void {
    if (this.#pending !== null) this.drawNow(this.#pending.what);
  }

  /** Discards the change that is not drawn yet. */
  dropPending(): void {
    this.#pending = null;
  }
}
