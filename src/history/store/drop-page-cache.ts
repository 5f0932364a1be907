import { closeSync, openSync } from 'node:fs';
import { loadSyscalls } from '../../sources/files/syscalls.ts';

/**
 * Lets the kernel drop what it caches of a file of ours. A sidecar whose own page cache grows is the very thing that memhound is asked to
 * find, and its limit is small. Without koffi the pages stay until the kernel wants them: nothing depends on it.
 */
export async function dropCachedPages(fd: number): Promise<void> {
  const calls = await loadSyscalls();
  if (typeof calls !== 'string') calls.fadviseDontNeed(fd);
}

/** The same for files that have been read and closed. */
export async function dropCachedFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const fd = openSync(path, 'r');
    try {
      await dropCachedPages(fd);
    } finally {
      closeSync(fd);
    }
  }
}
