import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TMPFS_MAGIC = 0x01021994; // linux/magic.h

/** A new folder on a disk: what is written there is page cache. Many machines keep /tmp on tmpfs, where it would be shared memory. */
export function diskDir(prefix: string): string {
  const tried = [tmpdir(), '/var/tmp', process.cwd()];
  const parent = tried.find((dir) => statfsSync(dir).type !== TMPFS_MAGIC);
  if (parent === undefined) throw new Error(`no folder on a disk among ${tried.join(', ')}`);
  return mkdtempSync(join(parent, prefix));
}
