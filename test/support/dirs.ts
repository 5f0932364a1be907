import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TMPFS_MAGIC = 0x01021994; // linux/magic.h

/** A new folder on a disk, so that written files are page cache. On many machines /tmp is tmpfs, where they would be shared memory. */
export function diskDir(prefix: string): string {
  const tried = [tmpdir(), '/var/tmp', process.cwd()];
  const parent = tried.find((dir) => statfsSync(dir).type !== TMPFS_MAGIC);
  if (parent === undefined) throw new Error(`no folder on a disk among ${tried.join(', ')}`);
  return mkdtempSync(join(parent, prefix));
}
