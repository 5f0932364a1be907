/**
 * Work in operations, one being about a system call from Node with its share of the code round it (5 to 10 us on a 2-core cloud machine).
 * Each look earns some; what is not used is saved up to `most`. The first look may take all of it, the later ones some at a time: so a
 * sudden heap of files is looked at promptly, and paid off afterwards.
 */
export class WorkBudget {
  readonly #perScan: number;
  readonly #maxSaved: number;
  #saved: number;
  #thisScan = 0;
  #spent = 0;

  constructor(perLook: number, most: number) {
    this.#perScan = perLook;
    this.#maxSaved = most;
    this.#saved = most;
  }

  /** A look begins. */
  refill(): void {
    this.#thisScan = this.#spent === 0 ? this.#maxSaved : this.#perScan * 10;
    this.#saved = Math.min(this.#maxSaved, this.#saved + this.#perScan);
  }

  spend(operations: number): void {
    this.#saved -= operations;
    this.#thisScan -= operations;
    this.#spent += operations;
  }

  /** May go below 0 by the cost of one large file: that is paid off before anything else is looked at. */
  get left(): number {
    return Math.min(this.#saved, this.#thisScan);
  }

  get spent(): number {
    return this.#spent;
  }
}
