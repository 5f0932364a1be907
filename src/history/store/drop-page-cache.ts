import { closeSync } from 'node:fs';
import { loadSyscalls } from '../../sources/process/syscalls.ts';
import { openRegularFile } from './regular-file.ts';

/**
 * Drops the page cache of one of memhound's own files. The sidecar's limit is small, and its own page cache should not grow. Without koffi
 * the pages stay until the kernel reclaims them; nothing depends on it.
 */
export async function dropCachedPages(fd: number): Promise<void> {
  const calls = await loadSyscalls();
  if (typeof calls !== 'string') calls.fadviseDontNeed(fd);
}

/** The same for files that were read and closed. */
export async function dropCachedFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const fd = openRegularFile(path);
    try {
      await dropCachedPages(fd);
    } finally {
      closeSync(fd);
    }
  }
}
