import { closeSync, type Dir, type Dirent, fstatSync, opendirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { ageMs } from '../../clock.ts';
import { MINUTE_MS } from '../../units.ts';
import { codeOf, pin, pinUnder, reopen } from '../process/pinned-path.ts';
import { holdingMounts, mountsOf } from '../process/remote-mounts.ts';
import type { FileSystems } from './file-systems.ts';
import type { Folder, FolderQueue } from './folder-queue.ts';
import { FolderTwins } from './folder-twins.ts';
import type { PinnedFile } from './measure-files.ts';
import type { WorkBudget } from './work-budget.ts';

export interface NamedFile extends PinnedFile {
  /** Path of its folder. */
  readonly folder: string;
  readonly name: string;
  /** It stands for so many files of its folder: 1, or more if the folder has too many to open them all. */
  readonly weight: number;
}

/** Receives the results of a walk. */
export interface FolderVisitor {
  /** Whether the walk must open this file. It need not if the file is already known or is not the target's. */
  accepts(stat: Stats): boolean;
  /** A batch of pinned files, of several folders if these are small: each batch may cost a process. The walk closes them afterwards. */
  files(files: readonly NamedFile[]): Promise<void>;
  begin(folder: Folder): void;
  /** A folder that lies in `parent`; it stands for `weight` of them. */
  folder(parent: string, stat: Stats, weight: number): void;
  /** All files of the folder were given to `files`, or the folder was removed (`gone`). */
  end(folder: Folder, gone: boolean): void;
}

/** Number of files that are pinned at the same time. */
const BATCH_FILES = 64;
const MAX_DEPTH = 24;
/**
 * A walk opens this many files of a folder, then half of as many more, a quarter of twice as many, and so on: the sum of a hundred thousand small
 * files is then known to a few per cent, and the walk ends before the folder has doubled.
 */
const ALL_OPENED = 2048;
/** Reading a name takes this share of the time of an operation. */
const SKIPPED_NAME = 1 / 8;

/** Of each so many files, the walk opens one after `entries` names. */
const strideAfter = (entries: number): number => 2 ** Math.floor(Math.log2(Math.max(1, (2 * entries) / ALL_OPENED)));

/** Whether the last walk of a folder opened all of its files. */
export const isOpenedWhole = ({ entries }: Pick<Folder, 'entries'>): boolean => strideAfter(entries) === 1;
/** A longer walk would hold up the tick. On a busy machine, a batch whose residency only fincore(1) tells takes a hundred milliseconds. */
const MAX_WALK_MS = 1000;
const RECENT_CHANGE_MS = 10 * MINUTE_MS;
/** Folders of the root that belong to the kernel. */
const NOT_BELOW_ROOT = new Set(['proc', 'sys', 'dev']);

/**
 * Walks folders one after the other, a batch of names at a time, until the budget is used up. The next scan continues where this one
 * stopped, even within a folder. If a folder changes during its walk, getdents(2) returns each name that stays exactly once.
 */
export class FolderWalk {
  readonly #root: string;
  readonly #queue: FolderQueue;
  readonly #fileSystems: FileSystems;
  readonly #twins: FolderTwins;
  #current: {
    folder: Folder;
    fd: number;
    dir: Dir;
    entries: number;
    folders: number;
    cost: number;
    readonly beganMs: number;
  } | null = null;
  /** Pinned files of the next batch, and the folders that were read to the end since the last one. */
  #pinned: NamedFile[] = [];
  #ended: { readonly folder: Folder; readonly gone: boolean }[] = [];
  /** Folders opened and names read since the start. */
  readonly done = { folders: 0, names: 0, batches: 0 };

  /** `root`: /proc/PID/root of the target. */
  constructor(root: string, queue: FolderQueue, systems: FileSystems) {
    this.#root = root;
    this.#queue = queue;
    this.#fileSystems = systems;
    this.#twins = new FolderTwins(root);
  }

  async walk(nowMs: number, budget: WorkBudget, wide: boolean, visitor: FolderVisitor): Promise<void> {
    await holdingMounts(() => this.#walk(nowMs, budget, wide, visitor));
  }

  async #walk(nowMs: number, budget: WorkBudget, wide: boolean, visitor: FolderVisitor): Promise<void> {
    const began = performance.now();
    try {
      while (budget.left > 0 && performance.now() - began < MAX_WALK_MS) {
        if (this.#current === null && !this.#open(nowMs, budget, wide, visitor)) break;
        if (this.#current !== null) this.#readNames(nowMs, budget, visitor);
        if (this.#pinned.length >= BATCH_FILES) await this.#flush(visitor);
        await breathe(); // a batch takes a millisecond; other work of this process runs in between
      }
    } finally {
      await this.#flush(visitor);
    }
  }

  async #flush(visitor: FolderVisitor): Promise<void> {
    const [files, ended] = [this.#pinned, this.#ended];
    [this.#pinned, this.#ended] = [[], []];
    try {
      if (files.length > 0) await visitor.files(files);
    } finally {
      for (const { fd } of files) closeSync(fd);
    }
    for (const { folder, gone } of ended) visitor.end(folder, gone);
  }

  close(): void {
    if (this.#current === null) return;
    this.#current.dir.closeSync();
    closeSync(this.#current.fd);
    this.#current = null;
  }

  /** False: no folder is due. */
  #open(nowMs: number, budget: WorkBudget, wide: boolean, visitor: FolderVisitor): boolean {
    const folder = this.#queue.next(nowMs, wide);
    if (folder === null) return false;
    budget.spend(2 + folder.path.split('/').length);
    const lastWalkMs = folder.walkedAtMs;
    folder.walkedAtMs = nowMs;
    const found = pinUnder(this.#root, folder.path);
    if (found.state === 'refused') {
      this.#queue.drop(folder.path);
      visitor.end(folder, true);
      return true;
    }
    const isWalked =
      found.stat.isDirectory() &&
      this.#fileSystems.of(found.fd, found.stat.dev)?.mayBeWalked === true &&
      !this.#twins.isTwin(folder.path, found.stat);
    const opened = isWalked ? openDir(found) : null;
    if (opened === null) {
      // Not a folder, on a file system that is not walked, walked by another path, or not readable. It is remembered, so that it is not tried each time.
      closeSync(found.fd);
      folder.entries = 1;
      folder.cost = 1;
      return true;
    }
    closeSync(found.fd);
    // Names changed since the last walk, or shortly before the first: programs write here, although each file may exist only for a moment.
    if (found.stat.mtimeMs >= (lastWalkMs ?? nowMs - RECENT_CHANGE_MS) && folder.kind !== 'root') folder.kind = 'hot';
    folder.mtimeMs = found.stat.mtimeMs;
    this.#current = { folder, ...opened, entries: 0, folders: 0, cost: 0, beganMs: nowMs };
    this.done.folders++;
    visitor.begin(folder);
    return true;
  }

  #readNames(nowMs: number, budget: WorkBudget, visitor: FolderVisitor): void {
    const current = this.#current!;
    this.done.batches++;
    let ended = false;
    while (this.#pinned.length < BATCH_FILES && budget.left > 0) {
      const entry = readEntry(current.dir);
      if (entry === null) {
        ended = true;
        break;
      }
      const isFolder = entry.isDirectory();
      const seen = isFolder ? current.folders++ : current.entries - current.folders;
      const weight = strideAfter(seen);
      current.entries++;
      this.done.names++;
      // Each walk opens other files, so that after some walks every large one has a row.
      const isSkipped = (isFolder || entry.isFile()) && (seen + this.done.folders) % weight !== 0;
      const cost = isSkipped ? SKIPPED_NAME : 1;
      current.cost += cost;
      budget.spend(cost);
      if (!isSkipped) this.#entry(current, entry, weight, visitor);
    }
    if (!ended) return;
    current.folder.entries = current.entries;
    current.folder.cost = current.cost;
    current.folder.tookMs = ageMs(current.beganMs, nowMs);
    current.folder.walkedAtMs = nowMs;
    // A folder that was removed during the walk has no links left. Its list of names only looks complete.
    const gone = fstatSync(current.fd).nlink === 0;
    this.close();
    if (gone) this.#queue.drop(current.folder.path);
    this.#ended.push({ folder: current.folder, gone });
  }

  #entry(current: { folder: Folder; fd: number }, entry: Dirent, weight: number, visitor: FolderVisitor): void {
    const path = `/proc/self/fd/${current.fd}/${entry.name}`;
    const mounts = mountsOf(this.#root);
    if (mounts.remote.length > 0 && mounts.isRemotePath(`${current.folder.path}/${entry.name}`)) return;
    if (entry.isDirectory()) {
      if (current.folder.path === '/' && NOT_BELOW_ROOT.has(entry.name)) return;
      if (current.folder.path.split('/').length > MAX_DEPTH) return;
      const found = pin(path, dirname(this.#root));
      if (found.state === 'refused') return;
      closeSync(found.fd);
      if (!found.stat.isDirectory()) return;
      visitor.folder(current.folder.path, found.stat, weight);
      this.#queue.add(`${current.folder.path === '/' ? '' : current.folder.path}/${entry.name}`, 'below', found.stat.mtimeMs);
    } else if (entry.isFile()) {
      const found = pin(path, dirname(this.#root));
      if (found.state === 'refused') return;
      if (found.stat.isFile() && visitor.accepts(found.stat))
        this.#pinned.push({ fd: found.fd, stat: found.stat, folder: current.folder.path, name: entry.name, weight });
      else closeSync(found.fd);
    }
  }
}

function openDir(pinned: { readonly fd: number; readonly stat: Stats }): { fd: number; dir: Dir } | null {
  const opened = reopen(pinned);
  if (opened.state === 'refused') return null;
  const { fd } = opened;
  try {
    return { fd, dir: opendirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' as BufferEncoding, bufferSize: 256 }) };
  } catch (error) {
    closeSync(fd);
    codeOf(error);
    return null;
  }
}

/** The next entry; null: the end, or the folder can no longer be read (removed, EIO). */
function readEntry(dir: Dir): Dirent | null {
  try {
    return dir.readSync();
  } catch (error) {
    codeOf(error);
    return null;
  }
}
