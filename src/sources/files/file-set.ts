import type { Stats } from 'node:fs';
import { allocatedBytes } from './measure-files.ts';
import { fileKey, folderOf, isWritten, type TrackedFile } from './tracked-files.ts';

/** The files that have a row, by device and inode, up to a maximum. */
export class FileSet {
  readonly #max: number;
  readonly #files = new Map<string, TrackedFile>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#files.size;
  }

  [Symbol.iterator](): IterableIterator<TrackedFile> {
    return this.#files.values();
  }

  get(stat: Stats): TrackedFile | undefined {
    return this.#files.get(fileKey(stat));
  }

  /** The known file, or a new one if there is room; null: there is no room. */
  track(path: string, stat: Stats, nowMs: number): TrackedFile | null {
    const known = this.get(stat);
    if (known !== undefined) return known;
    if (this.#files.size >= this.#max && !this.#evict(allocatedBytes(stat))) return null;
    const file: TrackedFile = {
      path,
      stat,
      deleted: false,
      openBy: [],
      mapped: false,
      residency: null,
      queriedAtMs: 0,
      allocatedAtQuery: 0,
      mtimeAtQuery: 0,
      changePerMs: 0,
      firstSeenMs: nowMs,
      seenMs: nowMs,
      lostMs: null,
      firstQueriedMs: null,
      firstResidentBytes: 0,
    };
    this.#files.set(fileKey(stat), file);
    return file;
  }

  delete(file: TrackedFile): void {
    this.#files.delete(fileKey(file.stat));
  }

  /** A deleted file that no process holds open or maps no longer exists, and has no pages. */
  deleteGone(): void {
    for (const [key, file] of this.#files) if (file.deleted && file.openBy.length === 0 && !file.mapped) this.#files.delete(key);
  }

  /**
   * After a walk of the folder that began at `beganMs`: a file that is no longer in it was removed, or will be found in another folder.
   * `-Infinity`: the walk did not see the whole folder, so only files whose path names another file go.
   */
  deleteMissing(folder: string, beganMs: number): void {
    for (const [key, { lostMs, path, seenMs, openBy, mapped }] of this.#files) {
      const isMissing = lostMs !== null || (seenMs < beganMs && openBy.length === 0 && !mapped);
      if (isMissing && folderOf(path) === folder) this.#files.delete(key);
    }
  }

  clear(): void {
    this.#files.clear();
  }

  /** Removes the smallest file that is neither written nor deleted, if it is smaller than the new one. */
  #evict(bytes: number): boolean {
    let least: [string, number] | null = null;
    for (const [key, file] of this.#files) {
      const size = allocatedBytes(file.stat);
      if (!isWritten(file) && !file.deleted && size < bytes && (least === null || size < least[1])) least = [key, size];
    }
    return least !== null && this.#files.delete(least[0]);
  }
}
