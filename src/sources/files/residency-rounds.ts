import { closeSync, type Stats } from 'node:fs';
import { ageMs } from '../../clock.ts';
import { SECOND_MS } from '../../units.ts';
import { type PinResult, pinLink, pinUnder } from '../process/pinned-path.ts';
import type { FileSet } from './file-set.ts';
import { type FileResidency, type PinnedFile, queryCost } from './measure-files.ts';
import {
  folderOf,
  isDue,
  isSignificantChange,
  queryPriority,
  residentSum,
  setResidency,
  type TrackedFile,
} from './tracked-files.ts';
import type { WorkBudget } from './work-budget.ts';

const BATCH_FILES = 64;
/** All files are queried again at most this often. */
const ROUND_AGAIN_MS = 10 * SECOND_MS;

/** Chooses which of the tracked files are queried for their resident bytes, and queries them. */
export class ResidencyRounds {
  readonly #proc: string;
  readonly #root: string;
  readonly #files: FileSet;
  readonly #budget: WorkBudget;
  readonly #measure: (files: readonly PinnedFile[]) => Promise<FileResidency[]>;
  readonly #onLost: (file: TrackedFile) => void;
  /** `file` of the cgroup at the last scan, and the part of its changes since the last full round that no query explains. */
  #fileBytes: number | null = null;
  #unexplained = 0;
  /** Start of the round in which all files are queried, over as many scans as the budget needs; null: none is going on. */
  #roundMs: number | null = null;
  /** Start of the last round, and whether something moved since that the files in sight do not explain. */
  #lastRoundMs = Number.NEGATIVE_INFINITY;
  #isRoundWanted = false;
  #queries = 0;

  constructor(options: {
    readonly proc: string;
    /** The container's root folder, seen through /proc. */
    readonly root: string;
    readonly files: FileSet;
    readonly budget: WorkBudget;
    readonly measure: (files: readonly PinnedFile[]) => Promise<FileResidency[]>;
    /** A file's path names another file, or none. */
    readonly onLost: (file: TrackedFile) => void;
  }) {
    this.#proc = options.proc;
    this.#root = options.root;
    this.#files = options.files;
    this.#budget = options.budget;
    this.#measure = options.measure;
    this.#onLost = options.onLost;
  }

  /** Number of queries since the start. */
  get queries(): number {
    return this.#queries;
  }

  /**
   * Files that are written, new, or were queried long ago come first. The rest (libraries, jars, files that are read) is queried only if
   * the first ones do not explain the change of the kernel's sum, `fileBytes`. So most scans query one or two of a JVM's thirty files. What no file
   * in sight explains would ask for all of them at each scan, and use up the budget: between two rounds only those that move, or may begin to, are queried.
   */
  async query(nowMs: number, fileBytes: number | null): Promise<void> {
    const due = new Set([...this.#files].filter((file) => isDue(file, nowMs)));
    const before = residentSum(due);
    await this.#queryBatches(nowMs, [...due]);
    if (fileBytes !== null && this.#fileBytes !== null)
      this.#unexplained += fileBytes - this.#fileBytes - (residentSum(due) - before);
    const known = fileBytes !== null && this.#fileBytes !== null;
    this.#fileBytes = fileBytes;
    const isUnexplained = !known || isSignificantChange(this.#unexplained, fileBytes);
    if (isUnexplained) {
      this.#unexplained = 0;
      this.#isRoundWanted = true;
    }
    if (this.#isRoundWanted && this.#roundMs === null && ageMs(this.#lastRoundMs, nowMs) >= ROUND_AGAIN_MS) {
      this.#roundMs = nowMs;
      this.#lastRoundMs = nowMs;
      this.#isRoundWanted = false;
    }
    const roundMs = this.#roundMs;
    if (roundMs === null && !isUnexplained) return;
    const rest = [...this.#files].filter((file) => !due.has(file));
    const moving = new Set(rest.flatMap(({ path, changePerMs }) => (changePerMs > 0 ? [folderOf(path)] : [])));
    const mayMove = ({ path, firstQueriedMs, queriedAtMs }: TrackedFile): boolean =>
      firstQueriedMs === queriedAtMs || moving.has(folderOf(path));
    await this.#queryBatches(
      nowMs,
      rest.filter((file) => (roundMs !== null && file.queriedAtMs < roundMs) || mayMove(file)),
    );
    if (roundMs !== null && rest.every((file) => file.queriedAtMs >= roundMs)) this.#roundMs = null;
  }

  /** Queries tracked files by priority until the budget is used up. */
  async #queryBatches(nowMs: number, files: readonly TrackedFile[]): Promise<void> {
    const moving = new Map<string, number>();
    for (const { path, changePerMs } of files) {
      const folder = folderOf(path);
      moving.set(folder, Math.max(moving.get(folder) ?? 0, changePerMs));
    }
    const priority = new Map(files.map((file) => [file, queryPriority(file, nowMs, moving.get(folderOf(file.path)))]));
    const order = [...files].sort((a, b) => priority.get(b)! - priority.get(a)!);
    for (let i = 0; i < order.length && this.#budget.left > 0; i += BATCH_FILES)
      await this.#queryBatch(nowMs, order.slice(i, i + BATCH_FILES));
  }

  async #queryBatch(nowMs: number, files: readonly TrackedFile[]): Promise<void> {
    const batch: { file: TrackedFile; fd: number; stat: Stats }[] = [];
    let cost = 0;
    for (const file of files) {
      if (this.#budget.left <= cost) break;
      cost += queryCost(file.stat);
      const found = this.#pin(file);
      if (found === null) this.#onLost(file);
      else batch.push({ file, ...found });
    }
    try {
      const answers = await this.#measure(batch);
      this.#queries += batch.length;
      batch.forEach(({ file, stat }, j) => {
        file.stat = stat;
        setResidency(file, stat, answers[j]!, nowMs);
      });
    } finally {
      for (const { fd } of batch) closeSync(fd);
    }
  }

  /** Pins the tracked file; null: it no longer exists, or its path now names another file. */
  #pin(file: TrackedFile): PinnedFile | null {
    const { dev, ino } = file.stat;
    for (const open of file.openBy) {
      const found = asSameFile(pinLink(`${this.#proc}/${open.pid}`, `fd/${open.fd}`), dev, ino);
      this.#budget.spend(1);
      if (found !== null) return found;
    }
    this.#budget.spend(file.path.split('/').length);
    return file.deleted ? null : asSameFile(pinUnder(this.#root, file.path), dev, ino);
  }
}

function asSameFile(found: PinResult, dev: number, ino: number): PinnedFile | null {
  if (found.state === 'refused') return null;
  if (found.stat.isFile() && found.stat.dev === dev && found.stat.ino === ino) return found;
  closeSync(found.fd);
  return null;
}
