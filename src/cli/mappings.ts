import type { Mappings } from '../diagnosis/ledger/anon.ts';
import { readSmaps, splitAnon } from '../sources/smaps.ts';
import { SmapsBudget, type SmapsWish } from '../sources/smaps-budget.ts';
import type { JvmReading, ProcessRef, Roots } from '../sources/types.ts';

/** The mappings of one JVM: read when someone asks or a trend needs it, within the budget; else what the last reading gave. */
export class MappingsReader {
  readonly #roots: Roots;
  readonly #process: ProcessRef;
  readonly #budget = new SmapsBudget();
  #last: Mappings | null = null;
  #first: Mappings | null = null;
  #reading: Promise<void> | null = null;
  /** Why there is none; null: there is, or nobody asked yet. */
  #why: string | null = null;

  constructor(roots: Roots, process: ProcessRef) {
    this.#roots = roots;
    this.#process = process;
  }

  get why(): string | null {
    return this.#why;
  }

  /** The newest mappings; those of the last reading where it is too early for another. null: they may not be read, see `why`. */
  async get(nowMs: number, wish: SmapsWish, jvm: JvmReading | null): Promise<Mappings | null> {
    if (this.#reading === null && this.#budget.mayRead(nowMs, wish).state === 'now')
      this.#reading = this.#read(nowMs, jvm).finally(() => {
        this.#reading = null;
      });
    await this.#reading;
    return this.#last;
  }

  async #read(nowMs: number, jvm: JvmReading | null): Promise<void> {
    const began = performance.now();
    const reading = await readSmaps({ roots: this.#roots, process: this.#process });
    if (reading.state === 'read') {
      this.#budget.took(nowMs, reading.value.costMs);
      this.#last = { split: splitAnon(reading.value.mappings, jvm), atMs: reading.atMs, first: this.#first };
      this.#first ??= this.#last;
      this.#why = null;
    } else {
      this.#budget.took(nowMs, performance.now() - began);
      this.#why = reading.state === 'absent' ? reading.why : reading.error;
    }
  }
}
