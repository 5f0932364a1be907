import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContainerPids } from '../../../../src/sources/target/container-pids.ts';
import type { Target } from '../../../../src/sources/types.ts';

test('the list of processes is read by a descriptor that stays open, and another instance at the same path has its own', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-pids-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const targetOf = (startTicks: number): Target =>
    ({ cgroup: { version: 2, path: '/pod/app', dir }, process: { pid: 1, startTicks } }) as Target;
  const pids = new ContainerPids({ proc: '/proc', cgroup: '/sys/fs/cgroup' });
  t.after(() => pids.close());
  const [list, moved] = [join(dir, 'cgroup.procs'), join(dir, 'moved')];
  writeFileSync(list, '7\n8\n');
  assert.deepEqual(pids.of(targetOf(1)), [7, 8]);

  renameSync(list, moved);
  appendFileSync(moved, '9\n');
  assert.deepEqual(pids.of(targetOf(1)), [7, 8, 9]);

  writeFileSync(list, '20\n');
  assert.deepEqual(pids.of(targetOf(2)), [20]);
});

test('on cgroup v1 the list is opened anew each time, because a descriptor that stays open is given an old one', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-pids-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const target = { cgroup: { version: 1, path: '/pod/app', dir }, process: { pid: 1, startTicks: 1 } } as Target;
  const pids = new ContainerPids({ proc: '/proc', cgroup: '/sys/fs/cgroup' });
  t.after(() => pids.close());
  const list = join(dir, 'cgroup.procs');
  writeFileSync(list, '7\n8\n');
  assert.deepEqual(pids.of(target), [7, 8]);
  renameSync(list, join(dir, 'moved'));
  writeFileSync(list, '7\n8\n9\n');
  assert.deepEqual(pids.of(target), [7, 8, 9]);
});
