import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { PageCacheScanner, type ScanLimits } from '../../../../src/sources/files/page-cache-scanner.ts';
import type { Residency } from '../../../../src/sources/files/residency.ts';
import { readStartTicks, readStatus } from '../../../../src/sources/process/procfs.ts';
import type { ProcessRef } from '../../../../src/sources/types.ts';

export const ROOTS = { proc: '/proc', cgroup: '/sys/fs/cgroup' };

export function ownProcessRef(pid: number): ProcessRef {
  const { nspid, uid, gid, name } = readStatus('/proc', pid)!;
  return { pid, nspid, uid, gid, name, startTicks: readStartTicks('/proc', pid)! };
}

/** A folder that goes with the test. */
export function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-files-'));
  // rm and not rmSync, which cannot remove paths that are longer than the kernel takes.
  t.after(() => execFileSync('rm', ['-rf', dir]));
  return dir;
}

/** A watcher of this very process, or of another. */
export function watcher(
  t: TestContext,
  options: { pid?: number; limits?: Partial<ScanLimits>; residency?: Residency } = {},
): PageCacheScanner {
  const { pid = process.pid, ...rest } = options;
  const made = new PageCacheScanner({ roots: ROOTS, process: ownProcessRef(pid), pids: () => [pid], ...rest });
  t.after(() => made.close());
  return made;
}
