/**
 * Draws what comes with the ticks only where somebody can see it. What came meanwhile is drawn when it comes into sight, and before the page
 * goes to paper.
 */
export class InSight<T> {
  readonly #draw: (what: T) => void;
  #seen = true;
  #waiting: { readonly what: T } | null = null;

  constructor(box: HTMLElement, draw: (what: T) => void) {
    this.#draw = draw;
    new IntersectionObserver((entries) => {
      this.#seen = entries[entries.length - 1]!.isIntersecting;
      if (this.#seen) this.#catchUp();
    }).observe(box);
    addEventListener('beforeprint', () => this.#catchUp());
  }

  /** Drawn at once: somebody asked for it, or it is the first. */
  show(what: T): void {
    this.#waiting = null;
    this.#draw(what);
  }

  /** Came by itself. */
  offer(what: T): void {
    this.#waiting = { what };
    if (this.#seen) this.#catchUp();
  }

  #catchUp(): void {
    if (this.#waiting !== null) this.show(this.#waiting.what);
  }

  /** What waits is out of date. */
  forget(): void {
    this.#waiting = null;
  }
}
