import { cpuUsage } from 'node:process';
import { Due } from '../clock.ts';
import type { FieldValues } from '../fields.ts';
import { PageCacheScanner } from '../sources/files/page-cache-scanner.ts';
import { isSignificantChange } from '../sources/files/tracked-files.ts';
import type { FileReading, ProcessRef, Roots } from '../sources/types.ts';

/** The scanner bounds its own work. This also limits expensive scans to a twentieth of the time. */
const SCAN_TIME_SHARE = 0.05;
/** If page cache and shared memory do not change, this many ticks pass without a scan. The limit is needed because a deleted file changes neither. */
const MAX_UNCHANGED_TICKS = 5;
/** Only the first scan is expensive (it may use its whole burst). On a slow machine, it must not delay the second by minutes. */
const MAX_PAUSE_MS = 10_000;

const MICROSECONDS_PER_MS = 1000;

/** The kernel's sums of the last sample, in bytes. */
interface CacheSums {
  readonly file: number | null;
  readonly shmem: number | null;
}

/** Decides at each tick whether to scan the files in the page cache of one container. */
export class FileScanSchedule {
  readonly #scanner: PageCacheScanner;
  #running: Promise<FileReading[]> | null = null;
  #tick: { readonly atMs: number; readonly found: Promise<FileReading[] | null> } | null = null;
  readonly #due = new Due();
  #unchangedTicks = 0;
  #scannedAt: CacheSums | null = null;

  constructor(roots: Roots, process: ProcessRef, pids: () => number[]) {
    this.#scanner = new PageCacheScanner({ roots, process, pids });
  }

  /**
   * Scans, unless a scan is running, the last was too expensive to repeat so soon, or nothing has changed. Resolves with the files when the scan
   * has ended; null: there was none at this tick. All that ask at one tick have the same answer.
   */
  scan(nowMs: number, values: FieldValues): Promise<FileReading[] | null> {
    if (this.#tick?.atMs === nowMs) return this.#tick.found;
    if (this.#running !== null) return this.#running;
    const found = this.#scanIfDue(nowMs, { file: values.file ?? null, shmem: values.shmem ?? null });
    this.#tick = { atMs: nowMs, found };
    return found;
  }

  #scanIfDue(nowMs: number, sums: CacheSums): Promise<FileReading[] | null> {
    if (!this.#due.isDue(nowMs) || this.#isUnchanged(sums)) return Promise.resolve(null);
    this.#unchangedTicks = 0;
    this.#scannedAt = sums;
    const [began, cpu] = [performance.now(), cpuUsage()];
    this.#running = this.#scanner.scan(nowMs, { fileBytes: sums.file, shmemBytes: sums.shmem }).finally(() => {
      this.#running = null;
      // On a busy machine a scan waits for a CPU most of the time, which is no reason to scan less.
      const { user, system } = cpuUsage(cpu);
      const costMs = Math.min(performance.now() - began, (user + system) / MICROSECONDS_PER_MS);
      this.#due.wait(nowMs, Math.min(MAX_PAUSE_MS, costMs / SCAN_TIME_SHARE));
    });
    return this.#running;
  }

  /** Whether the kernel's sums show that a scan would find the same as the last one. */
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
