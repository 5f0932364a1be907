import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContainerProcesses } from '../../../src/daemon/container-processes.ts';
import type { Target } from '../../../src/sources/types.ts';

test('the processes of a container are read once a tick for all that ask, and more of them only if more are asked for', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'memhound-processes-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const run = (pid: number, anonKib: number) => {
    mkdirSync(join(root, String(pid)), { recursive: true });
    writeFileSync(join(root, String(pid), 'status'), `Name:\tp${pid}\nPid:\t${pid}\nPPid:\t1\nRssAnon:\t${anonKib} kB\n`);
  };
  for (const pid of [1, 2, 3]) run(pid, 100);
  let listed = 0;
  const target = { process: { pid: 1 }, jvm: {}, otherJvms: [{ pid: 2, name: 'Batch' }] } as unknown as Target;
  const processes = new ContainerProcesses(
    root,
    () => target,
    () => {
      listed++;
      return [1, 2, 3];
    },
  );
  const namesAt = (nowMs: number, most: number) => processes.read(nowMs, most).map(({ name }) => name);
  assert.ok(processes.hasOthers(1000));
  assert.deepEqual(namesAt(1000, 2), ['Batch']);
  assert.deepEqual(namesAt(1000, 500), ['Batch', 'p3']);
  run(3, 900);
  assert.equal(processes.read(1000, 200).find(({ pid }) => pid === 3)?.anonBytes, 100 * 1024, 'as it was at this tick');
  assert.equal(listed, 1);
  assert.equal(processes.read(2000, 200).find(({ pid }) => pid === 3)?.anonBytes, 900 * 1024);
  assert.equal(listed, 2);
});
