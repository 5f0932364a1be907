import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContainerPids } from '../../../../src/sources/target/container-pids.ts';
import type { Target } from '../../../../src/sources/types.ts';
import { MIB } from '../../../../src/units.ts';
import { makeCgroup } from '../../../support/cgroup.ts';
import { missingRequirements } from '../../../support/needs.ts';
import { type Running, start } from '../../../support/process.ts';

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

test('a process that has just begun is in the list at once, also on cgroup v1, where a descriptor that stays open is given an old list', {
  skip: missingRequirements('cgroup'),
}, async (t) => {
  const group = makeCgroup(64 * MIB);
  const pids = new ContainerPids({ proc: '/proc', cgroup: '/sys/fs/cgroup' });
  const children: Running[] = [];
  t.after(async () => {
    for (const child of children) await child.stop();
    pids.close();
    await group.remove();
  });
  const begin = async (): Promise<number> => {
    const child = start(group.join('/bin/sh', ['-c', 'echo ready; exec sleep 1000']));
    children.push(child);
    await child.line((line) => line === 'ready');
    return child.pid;
  };
  const first = await begin();
  const target = {
    cgroup: { version: group.version, path: '/pod/app', dir: group.dir },
    process: { pid: first, startTicks: 1 },
  } as Target;
  assert.deepEqual(pids.of(target), [first]);
  const second = await begin();
  assert.deepEqual(new Set(pids.of(target)), new Set([first, second]));
});
