import { closeSync, openSync } from 'node:fs';
import { type KernelCalls, loadKernelCalls } from '../sources/kernel-calls.ts';

let calls: Promise<KernelCalls | string> | null = null;

/**
 * Lets the kernel drop what it caches of a file of ours. A sidecar whose own page cache grows is the very thing that memhound is asked to
 * find, and its limit is small. Without koffi the pages stay until the kernel wants them: nothing depends on it.
 */
export async function forgetPages(fd: number): Promise<void> {
  calls ??= loadKernelCalls();
  const known = await calls;
  if (typeof known !== 'string') known.forget(fd);
}

/** The same for files that have been read and closed. */
export async function forgetFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const fd = openSync(path, 'r');
    try {
      await forgetPages(fd);
    } finally {
      closeSync(fd);
    }
  }
}
