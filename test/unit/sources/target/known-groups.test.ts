import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProcessCache } from '../../../../src/sources/process/known-processes.ts';
import type { ObservedProcess } from '../../../../src/sources/target/observed-processes.ts';
import { findTargets } from '../../../../src/sources/target/target-search.ts';
import { ANY_TARGET } from '../../../support/any-target.ts';

test('the group of a process that is known is located again when all processes are read again', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-groups-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  cpSync('test/fixtures/trees/v2-g1', dir, { recursive: true, verbatimSymlinks: true });
  const roots = { proc: join(dir, 'proc'), cgroup: join(dir, 'sys/fs/cgroup') };
  const memory = { known: new ProcessCache<ObservedProcess | null>(), groups: new WeakMap() };
  const search = () => findTargets({ ...ANY_TARGET, roots, ...memory });
  const first = await search();
  assert.ok(first.state === 'found' && first.chosen.process !== null);
  for (let i = 0; i < 2; i++) await search();
  // Without it the group of the process cannot be located.
  rmSync(join(roots.proc, String(first.chosen.process.pid), 'mountinfo'));
  rmSync(roots.cgroup, { recursive: true, force: true });
  for (let i = 0; i < 7; i++) {
    const again = await search();
    assert.ok(again.state === 'found');
    assert.deepEqual(again.chosen.cgroup, first.chosen.cgroup);
  }
  assert.notEqual((await search()).state, 'found');
});
