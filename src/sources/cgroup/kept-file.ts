import { closeSync } from 'node:fs';
import { isAbsence, readFd } from '../process/read-text.ts';
import { openCgroupFile } from './cgroup-files.ts';

/**
 * Files of cgroups that are read again and again. A descriptor stays open and is read from position 0; the kernel generates the text again at
 * each such read. This saves the path walk through /proc/PID/root, and is safe if the path is replaced in the meantime.
 */
export class KeptFiles {
  readonly #fds = new Map<string, number>();

  /** The text; null: the file does not exist, or the group was removed (ENODEV). `key` stands for the file as long as its descriptor is open. */
  read(
    path: string,
    {
      key = path,
      open = openCgroupFile,
      read = readFd,
    }: { readonly key?: string; readonly open?: (path: string) => number; readonly read?: (fd: number) => string } = {},
  ): string | null {
    try {
      const fd = this.#fds.get(key) ?? open(path);
      this.#fds.set(key, fd);
      return read(fd);
    } catch (error) {
      this.#close(key);
      // EOPNOTSUPP: memory.pressure, if PSI was disabled at boot.
      if (isAbsence(error) || (error as NodeJS.ErrnoException).code === 'EOPNOTSUPP') return null;
      throw error;
    }
  }

  /** Closes those that were opened first, until so many are left. */
  keepNewest(most: number): void {
    for (const key of [...this.#fds.keys()].slice(0, Math.max(0, this.#fds.size - most))) this.#close(key);
  }

  #close(key: string): void {
    const fd = this.#fds.get(key);
    this.#fds.delete(key);
    if (fd !== undefined) closeSync(fd);
  }

  close(): void {
    this.keepNewest(0);
  }
}
