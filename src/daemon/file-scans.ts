import { statSync } from 'node:fs';
import type { FieldValues } from '../fields.ts';
import { readStartTicks } from '../sources/process/procfs.ts';
import { isAbsence, isDenied } from '../sources/process/read-text.ts';
import type { FileReading, ProcessRef, Roots, Target } from '../sources/types.ts';
import { FileScanSchedule } from './file-scan-schedule.ts';

interface Shared {
  readonly schedule: FileScanSchedule;
  /** The process whose root is walked. */
  readonly process: ProcessRef;
  users: number;
}

/** Scans of files, one for each container: the JVMs of one container have the same processes and folders. */
export class FileScans {
  readonly #roots: Roots;
  readonly #pidsOf: (target: Target) => number[];
  readonly #byContainer = new Map<string, Shared>();

  constructor(roots: Roots, pidsOf: (target: Target) => number[]) {
    this.#roots = roots;
    this.#pidsOf = pidsOf;
  }

  open(target: Target, process: ProcessRef): FileScan {
    return new FileScan(target, process, this);
  }

  get size(): number {
    return this.#byContainer.size;
  }

  /** The scans that this process takes part in. */
  join({ target, process, key }: FileScan): Shared {
    const known = this.#byContainer.get(key);
    if (known !== undefined && this.#isRunning(known.process)) {
      known.users++;
      return known;
    }
    const shared = { schedule: new FileScanSchedule(this.#roots, process, () => this.#pidsOf(target)), process, users: 1 };
    this.#byContainer.set(key, shared);
    return shared;
  }

  async leave(key: string, shared: Shared): Promise<void> {
    if (--shared.users > 0) return;
    if (this.#byContainer.get(key) === shared) this.#byContainer.delete(key);
    await shared.schedule.close();
  }

  #isRunning({ pid, startTicks }: ProcessRef): boolean {
    return readStartTicks(this.#roots.proc, pid) === startTicks;
  }

  /** The process whose root was walked has ended: another one has to go on. */
  isOver({ process }: Shared): boolean {
    return !this.#isRunning(process);
  }

  /** Processes of one cgroup may have folders of their own. */
  keyOf({ cgroup }: Target, { pid }: ProcessRef): string {
    try {
      const { dev, ino } = statSync(`${this.#roots.proc}/${pid}/root/`);
      return `${cgroup.path} ${dev}:${ino}`;
    } catch (error) {
      if (isAbsence(error) || isDenied(error)) return `${cgroup.path} of ${pid}`;
      throw error;
    }
  }
}

/** The part of one JVM in the scans of its container. */
export class FileScan {
  readonly target: Target;
  readonly process: ProcessRef;
  readonly key: string;
  readonly #scans: FileScans;
  #shared: Shared;

  constructor(target: Target, process: ProcessRef, scans: FileScans) {
    this.target = target;
    this.process = process;
    this.#scans = scans;
    this.key = scans.keyOf(target, process);
    this.#shared = scans.join(this);
  }

  /** `onScanned`: `isAnew` if this is the first scan after the process ended whose folders were walked before. */
  async scan(nowMs: number, values: FieldValues, onScanned: (files: FileReading[], isAnew: boolean) => void): Promise<void> {
    let isAnew = false;
    if (this.#shared.process !== this.process && this.#scans.isOver(this.#shared)) {
      await this.#scans.leave(this.key, this.#shared);
      this.#shared = this.#scans.join(this);
      isAnew = true;
    }
    const found = await this.#shared.schedule.scan(nowMs, values);
    if (found !== null) onScanned(found, isAnew);
  }

  close(): Promise<void> {
    return this.#scans.leave(this.key, this.#shared);
  }
}
