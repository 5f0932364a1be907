import { cpuUsage } from 'node:process';
import { ageMs } from '../clock.ts';
import { allocatorOf } from '../diagnosis/ledger/allocator.ts';
import type { Mappings } from '../diagnosis/ledger/anon-part.ts';
import { splitMappings } from '../diagnosis/ledger/split-mappings.ts';
import type { Sample } from '../sample/types.ts';
import { deletedMappedFiles } from '../sources/files/deleted-mappings.ts';
import { type JcmdReport, queryJvm } from '../sources/jvm/jcmd-report.ts';
import { readSmaps } from '../sources/mappings/smaps.ts';
import { type ReadReason, SmapsBudget } from '../sources/mappings/smaps-budget.ts';
import type { FileReading, JvmReading, ProcessRef, Roots } from '../sources/types.ts';
import { MINUTE_MS } from '../units.ts';

/** Minimum time between two requests to the JVM: the attach listener is one of its threads, and VM.metaspace pauses the others. */
const JCMD_EVERY_MS = MINUTE_MS;

/** The mappings of one JVM. They are read on request or for a trend, within the budget. Otherwise it returns the last reading. */
export class MappingsReader {
  readonly #roots: Roots;
  readonly #process: ProcessRef;
  readonly #budget = new SmapsBudget();
  #last: Mappings | null = null;
  #reading: Promise<void> | null = null;
  #deletedFiles: readonly FileReading[] = [];
  /** Why the mappings could not be read; empty: they were, or the process has ended, or none were requested yet. */
  #failures: Sample['failures'] = [];

  readonly #mayAttach: boolean;
  #jcmdReport: { readonly value: JcmdReport | null; readonly atMs: number } | null = null;
  #attachError: string | null = null;

  /** `mayAttach`: --attach was given, so commands may be sent to the JVM. */
  constructor(roots: Roots, process: ProcessRef, mayAttach: boolean) {
    this.#roots = roots;
    this.#process = process;
    this.#mayAttach = mayAttach;
  }

  /** The reason why the JVM did not answer; null: it did, or no command was sent. */
  get attachError(): string | null {
    return this.#attachError;
  }

  /** The last reading; null: there is none yet. */
  get last(): Mappings | null {
    return this.#last;
  }

  /** Deleted files that the JVM maps, by the last reading. */
  get deletedFiles(): readonly FileReading[] {
    return this.#deletedFiles;
  }

  get failures(): Sample['failures'] {
    return this.#failures;
  }

  /** The newest mappings, or those of the last reading if the budget is used up. null: they cannot be read, see `failures`. */
  async get(nowMs: number, reason: ReadReason, jvm: JvmReading | null): Promise<Mappings | null> {
    if (this.#reading === null && this.#budget.decide(nowMs, reason).state === 'now')
      this.#reading = this.#read(nowMs, jvm).finally(() => {
        this.#reading = null;
      });
    await this.#reading;
    return this.#last;
  }

  async #read(nowMs: number, jvm: JvmReading | null): Promise<void> {
    const cpu = cpuUsage();
    const reading = await readSmaps({ roots: this.#roots, process: this.#process });
    if (reading.state === 'read') {
      this.#budget.record(nowMs, reading.value.costMs);
      const answers = await this.#queryJvm(nowMs);
      this.#last = {
        split: splitMappings(reading.value.mappings, jvm, answers),
        allocator: allocatorOf(reading.value.mappings),
        atMs: reading.atMs,
      };
      this.#deletedFiles = deletedMappedFiles(
        reading.value.mappings,
        { roots: this.#roots, process: this.#process },
        reading.atMs,
      );
      this.#failures = [];
    } else {
      this.#budget.record(nowMs, cpuUsage(cpu).system / 1000);
      const { error = null, remediation = null } = reading.state === 'failed' ? reading : {};
      this.#failures = error === null ? [] : [{ source: 'mappings', error, remediation }];
    }
  }

  /** The JVM's own answers, if --attach permits it. A failure is kept as long as an answer, so that the JVM is not asked at each tick. */
  async #queryJvm(nowMs: number): Promise<JcmdReport | null> {
    if (!this.#mayAttach) return null;
    if (this.#jcmdReport !== null && ageMs(this.#jcmdReport.atMs, nowMs) < JCMD_EVERY_MS) return this.#jcmdReport.value;
    const reading = await queryJvm({ roots: this.#roots, process: this.#process });
    this.#jcmdReport = { value: reading.state === 'read' ? reading.value : null, atMs: nowMs };
    this.#attachError = reading.state === 'read' ? null : reading.state === 'absent' ? reading.reason : reading.error;
    return this.#jcmdReport.value;
  }
}
