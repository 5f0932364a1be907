import { closeSync, type Stats } from 'node:fs';
import { pinUnder } from '../process/pinned-path.ts';
import { fileKey } from './tracked-files.ts';

/** Beyond so many, all are learned again. */
const MAX_FOLDERS = 8192;

/**
 * The path by which each folder was walked first. A file system that is mounted at two paths shows its folders twice, and to count both would double
 * their files.
 */
export class FolderTwins {
  readonly #root: string;
  readonly #pathOf = new Map<string, string>();

  /** `root`: /proc/PID/root of the target. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Whether the folder at `path` is walked by another path; if not, it is from now on walked by this one. */
  isTwin(path: string, stat: Stats): boolean {
    const key = fileKey(stat);
    const first = this.#pathOf.get(key);
    if (first === path) return false;
    if (first !== undefined && this.#isAt(first, key)) return true;
    if (this.#pathOf.size >= MAX_FOLDERS) this.#pathOf.clear();
    this.#pathOf.set(key, path);
    return false;
  }

  /** The folder may have been removed, and its inode taken by another. */
  #isAt(path: string, key: string): boolean {
    const found = pinUnder(this.#root, path);
    if (found.state === 'refused') return false;
    closeSync(found.fd);
    return fileKey(found.stat) === key;
  }
}
