/**
 * Work in operations, one being about a system call from Node with its share of the code round it (5 to 10 us on a 2-core cloud machine).
 * Each look earns some; what is not used is saved up to `most`. The first look may take all of it, the later ones some at a time: so a
 * sudden heap of files is looked at promptly, and paid off afterwards.
 */
export class WorkBudget {
  readonly #perLook: number;
  readonly #most: number;
  #saved: number;
  #thisLook = 0;
  #spent = 0;

  constructor(perLook: number, most: number) {
    this.#perLook = perLook;
    this.#most = most;
    this.#saved = most;
  }

  /** A look begins. */
  refill(): void {
    this.#thisLook = this.#spent === 0 ? this.#most : this.#perLook * 10;
    this.#saved = Math.min(this.#most, this.#saved + this.#perLook);
  }

  spend(operations: number): void {
    this.#saved -= operations;
    this.#thisLook -= operations;
    this.#spent += operations;
  }

  /** May go below 0 by the cost of one large file: that is paid off before anything else is looked at. */
  get left(): number {
    return Math.min(this.#saved, this.#thisLook);
  }

  get spent(): number {
    return this.#spent;
  }
}
