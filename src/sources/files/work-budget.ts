/** The rest is for the scans after it: what the first one found is looked at again soon. */
const FIRST_SCAN_SHARE = 0.8;

/**
 * Work in operations, one being about a system call from Node with its share of the code round it (5 to 10 us on a 2-core cloud machine).
 * Each scan earns some; what is not used is saved up to `most`. The first scan may use most of it, later ones ten times what they earn: so
 * many new files are scanned promptly, and the scans after that do less.
 */
export class WorkBudget {
  readonly #perScan: number;
  readonly #maxSaved: number;
  #saved: number;
  #thisScan = 0;
  #spent = 0;

  constructor(perScan: number, most: number) {
    this.#perScan = perScan;
    this.#maxSaved = most;
    this.#saved = most;
  }

  /** A scan begins. */
  refill(): void {
    this.#thisScan = this.#spent === 0 ? this.#maxSaved * FIRST_SCAN_SHARE : this.#perScan * 10;
    this.#saved = Math.min(this.#maxSaved, this.#saved + this.#perScan);
  }

  spend(operations: number): void {
    this.#saved -= operations;
    this.#thisScan -= operations;
    this.#spent += operations;
  }

  /** May go below 0 by the cost of one large file: later scans earn that back before they do anything else. */
  get left(): number {
    return Math.min(this.#saved, this.#thisScan);
  }

  get spent(): number {
    return this.#spent;
  }
}
