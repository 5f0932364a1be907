/** The rest is for the next scans, which soon query the files of the first scan again. */
const FIRST_SCAN_SHARE = 0.8;

/**
 * A token bucket of work. One operation is about one system call from Node with the code around it (5 to 10 us on a 2-core cloud machine).
 * Each scan adds operations; unused ones are kept, up to `maxSaved`. The first scan may use most of them, later scans ten times what a scan
 * adds. So many new files are scanned promptly, and the next scans do less.
 */
export class WorkBudget {
  readonly #perScan: number;
  readonly #maxSaved: number;
  #saved: number;
  #thisScan = 0;
  #spent = 0;

  constructor(perScan: number, maxSaved: number) {
    this.#perScan = perScan;
    this.#maxSaved = maxSaved;
    this.#saved = maxSaved;
  }

  /** Call at the start of a scan. */
  refill(): void {
    this.#thisScan = this.#spent === 0 ? this.#maxSaved * FIRST_SCAN_SHARE : this.#perScan * 10;
    this.#saved = Math.min(this.#maxSaved, this.#saved + this.#perScan);
  }

  /** More operations for this scan. */
  grant(operations: number): void {
    this.#saved += operations;
    this.#thisScan += operations;
  }

  spend(operations: number): void {
    this.#saved -= operations;
    this.#thisScan -= operations;
    this.#spent += operations;
  }

  /** It may fall below 0 by the cost of one large file. Later scans pay that back before they do other work. */
  get left(): number {
    return Math.min(this.#saved, this.#thisScan);
  }

  get spent(): number {
    return this.#spent;
  }
}
