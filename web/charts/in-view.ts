/**
 * Draws what comes with the ticks only where somebody can see it. What came meanwhile is drawn when it comes into sight, and before the page
 * goes to paper.
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

  /** Drawn at once: somebody asked for it, or it is the first. */
  drawNow(what: T): void {
    this.#pending = null;
    this.#draw(what);
  }

  /** Came by itself. */
  drawIfVisible(what: T): void {
    this.#pending = { what };
    if (this.#isVisible) this.#drawPending();
  }

  #drawPending(): void {
    if (this.#pending !== null) this.drawNow(this.#pending.what);
  }

  /** What waits is out of date. */
  dropPending(): void {
    this.#pending = null;
  }
}
