import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PageCacheScanner } from '../../../src/sources/files/page-cache-scanner.ts';
import { makeCgroup } from '../../support/cgroup.ts';
import { missingRequirements } from '../../support/needs.ts';
import { start } from '../../support/process.ts';
import { ownProcessRef, ROOTS } from '../../unit/sources/files/own-process.ts';

const WRITER = fileURLToPath(new URL('./writer.mjs', import.meta.url));
const skip = missingRequirements('cgroup');
/** On v1 total_cache, on v2 file: tmpfs is in both. */
const cacheOf = (group: ReturnType<typeof makeCgroup>): number =>
  Number(new RegExp(`^${group.version === 1 ? 'total_cache' : 'file'} (\\d+)`, 'm').exec(group.read('memory.stat'))?.[1]);

const SCENARIOS = [
  ['log', 'one growing log'],
  ['rotated', 'a rotated set: renamed, compressed, deleted'],
  ['deleted', 'a deleted file that is still open'],
  ['many', '10,000 small files in a folder'],
  ['mapped', 'a mapped file that was closed'],
  ['tmpfs', 'a file in tmpfs'],
  ['tail', 'a log that a tail follows'],
] as const;

const MAX_SCANS = 20;

for (const [scenario, title] of SCENARIOS) {
  test(`at least 95 % of the page cache is named: ${title}`, { skip, timeout: 120_000 }, async (t) => {
    const group = makeCgroup(512 << 20);
    const dir = mkdtempSync(scenario === 'tmpfs' ? '/dev/shm/memhound-' : '/tmp/memhound-named-');
    const writer = start(group.join(process.execPath, [WRITER, scenario, dir]));
    t.after(async () => {
      const pids = group.read('cgroup.procs').split('\n').filter(Boolean).map(Number);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await writer.exited;
      rmSync(dir, { recursive: true, force: true });
      await group.remove();
    });
    await writer.line((line) => line === 'ready');
    const before = cacheOf(group);
    const watcher = new PageCacheScanner({
      roots: ROOTS,
      process: ownProcessRef(writer.pid),
      pids: () => group.read('cgroup.procs').split('\n').filter(Boolean).map(Number),
    });
    t.after(() => watcher.close());
    writer.child.stdin!.write('go\n');
    await writer.line((line) => line === 'done');

    // A scan is limited, and a shared /tmp may contain more than one scan can see: the next scans see the rest.
    let rows = await watcher.scan(Date.now());
    let grown = cacheOf(group) - before;
    const namedOf = () => rows.filter((row) => row.path.startsWith(dir)).reduce((sum, row) => sum + (row.residentBytes ?? 0), 0);
    for (let scans = 1; scans < MAX_SCANS && namedOf() < 0.95 * grown; scans++) {
      rows = await watcher.scan(Date.now());
      grown = cacheOf(group) - before;
    }
    const named = namedOf();
    t.diagnostic(
      `${scenario}: grown ${grown}, named ${named} (${((100 * named) / grown).toFixed(1)} %), ${JSON.stringify(watcher.stats())}`,
    );
    assert.ok(grown > 8 << 20, `the scenario filled only ${grown} bytes`);
    assert.ok(named >= 0.95 * grown, `named ${named} of ${grown}`);
    assert.ok(named <= 1.05 * grown + (1 << 20), `named ${named}, more than the ${grown} that there are`);
    const at = (name: string) => rows.find((row) => row.path === join(dir, name));
    if (scenario === 'deleted') assert.equal(at('gone.dat')?.deleted, true);
    if (scenario === 'many') assert.ok((rows.find((row) => row.path === `${dir}/many/`)?.files ?? 0) >= 9_500);
    if (scenario === 'tmpfs') assert.deepEqual(at('shared.bin')?.residency, { state: 'known', method: 'tmpfs' });
    if (scenario === 'tail')
      assert.deepEqual(
        at('spring.log')?.openBy.some((o) => o.mode === 'w'),
        true,
      );
  });
}
