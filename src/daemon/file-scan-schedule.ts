import type { FieldValues } from '../fields.ts';
import { PageCacheScanner } from '../sources/files/page-cache-scanner.ts';
import { isSignificantChange } from '../sources/files/tracked-files.ts';
import type { FileReading, ProcessRef, Roots } from '../sources/types.ts';

/** The scanner bounds its own work; this keeps scans that are expensive all the same to a twentieth of the time. */
const SCAN_TIME_SHARE = 0.05;
/** While page cache and shared memory do not change, so many ticks pass without a scan: a deleted file changes neither. */
const MAX_UNCHANGED_TICKS = 5;
/** Only the first scan is expensive by itself (it may use its whole burst): on a slow machine it must not put off the second for minutes. */
const MAX_PAUSE_MS = 10_000;

/** The kernel's sums of the last sample, in bytes. */
interface CacheSums {
  readonly file: number | null;
  readonly shmem: number | null;
}

/** Decides at each tick whether the files behind the page cache of one container are scanned. */
export class FileScanSchedule {
  readonly #scanner: PageCacheScanner;
  #running: Promise<void> | null = null;
  #nextMs = 0;
  #unchangedTicks = 0;
  #scannedAt: CacheSums | null = null;

  constructor(roots: Roots, process: ProcessRef, pids: () => number[]) {
    this.#scanner = new PageCacheScanner({ roots, process, pids });
  }

  /** Scans unless a scan is running, the last one was too expensive to repeat so soon, or nothing has changed. Resolves when it has ended. */
  scan(nowMs: number, values: FieldValues, onScanned: (files: FileReading[]) => void): Promise<void> {
    if (this.#running !== null) return this.#running;
    const sums = { file: values.file ?? null, shmem: values.shmem ?? null };
    if (nowMs < this.#nextMs || this.#isUnchanged(sums)) return Promise.resolve();
    this.#unchangedTicks = 0;
    this.#scannedAt = sums;
    const began = performance.now();
    this.#running = this.#scanner
      .scan(nowMs, { fileBytes: sums.file, shmemBytes: sums.shmem })
      .then(onScanned)
      .finally(() => {
        this.#running = null;
        this.#nextMs = nowMs + Math.min(MAX_PAUSE_MS, (performance.now() - began) / SCAN_TIME_SHARE);
      });
    return this.#running;
  }

  /** The kernel's own sums say that a scan would find what the last one found. */
  #isUnchanged({ file, shmem }: CacheSums): boolean {
    const before = this.#scannedAt;
    if (before === null || before.file === null || file === null || ++this.#unchangedTicks > MAX_UNCHANGED_TICKS) return false;
    return !isSignificantChange(file - before.file, file) && !isSignificantChange((shmem ?? 0) - (before.shmem ?? 0), shmem ?? 0);
  }

  async close(): Promise<void> {
    await this.#running;
    this.#scanner.close();
  }
}
