import type { Mappings } from '../diagnosis/ledger/anon-part.ts';
import { splitAnon } from '../diagnosis/ledger/anon-split.ts';
import { withAnswers } from '../diagnosis/ledger/jvm-reported-split.ts';
import { askJvm, type JvmAnswers } from '../sources/jvm/jcmd-report.ts';
import { readSmaps } from '../sources/mappings/smaps.ts';
import { SmapsBudget, type SmapsWish } from '../sources/mappings/smaps-budget.ts';
import type { JvmReading, ProcessRef, Roots } from '../sources/types.ts';

/** The attach listener is the JVM's own thread and VM.metaspace stops the others: so seldom is it asked. */
const ANSWERS_MS = 60_000;

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

  readonly #mayAttach: boolean;
  #answers: { readonly value: JvmAnswers | null; readonly atMs: number } | null = null;
  #attachWhy: string | null = null;

  /** `mayAttach`: --attach was given, so the JVM may be asked as well. */
  constructor(roots: Roots, process: ProcessRef, mayAttach: boolean) {
    this.#roots = roots;
    this.#process = process;
    this.#mayAttach = mayAttach;
  }

  /** Why the JVM did not answer; null: it did, or was not asked. */
  get attachWhy(): string | null {
    return this.#attachWhy;
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
      const split = splitAnon(reading.value.mappings, jvm);
      const answers = await this.#ask(nowMs);
      this.#last = {
        split: answers === null ? split : withAnswers(split, answers),
        atMs: reading.atMs,
        first: this.#first,
      };
      this.#first ??= this.#last;
      this.#why = null;
    } else {
      this.#budget.took(nowMs, performance.now() - began);
      this.#why = reading.state === 'absent' ? reading.why : reading.error;
    }
  }

  /** The JVM's own answers, where that is allowed; a refusal is kept as long as an answer, so that nobody is asked without end. */
  async #ask(nowMs: number): Promise<JvmAnswers | null> {
    if (!this.#mayAttach) return null;
    if (this.#answers !== null && nowMs - this.#answers.atMs < ANSWERS_MS) return this.#answers.value;
    const reading = await askJvm({ roots: this.#roots, process: this.#process });
    this.#answers = { value: reading.state === 'read' ? reading.value : null, atMs: nowMs };
    this.#attachWhy = reading.state === 'read' ? null : reading.state === 'absent' ? reading.why : reading.error;
    return this.#answers.value;
  }
}
