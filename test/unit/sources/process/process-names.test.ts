import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KnownProcessNames } from '../../../../src/sources/process/process-names.ts';
import type { Target } from '../../../../src/sources/types.ts';

test('a process is called by its command, a JVM with its main class, and one that has ended as before', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'memhound-names-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [pid, name, cmdline] of [
    [7, 'java', 'java\0-jar\0orders-1.2.jar\0'],
    [9, 'fluent-bit', 'fluent-bit\0'],
    [11, 'a-very-long-com', '/opt/a-very-long-command\0'],
    [12, 'java', 'java\0'],
  ] as const) {
    mkdirSync(join(root, String(pid)));
    writeFileSync(join(root, String(pid), 'status'), `Name:\t${name}\nPid:\t${pid}\nPPid:\t1\n`);
    writeFileSync(join(root, String(pid), 'cmdline'), cmdline);
  }
  const process = { pid: 7, nspid: 7, startTicks: 1, uid: 0, gid: 0, name: 'java' };
  const target: Target = {
    ...{ id: 'x', container: null, reach: 'same-namespace', jvm: { evidence: 'name' }, process },
    identity: { kind: 'jvm', source: 'main-class', name: 'orders.jar', mainClass: 'orders.jar' },
    otherJvms: [{ pid: 12, name: 'com.example.Batch' }],
    cgroup: { version: 2, path: '/x', dir: '/x' },
  };
  const names = new KnownProcessNames(root);
  const called = (pids: readonly number[]) => [...names.of(pids, target)];
  const all = [
    [7, 'java orders.jar'],
    [9, 'fluent-bit'],
    [11, 'a-very-long-command'],
    [12, 'java com.example.Batch'],
  ];
  assert.deepEqual(called([7, 9, 11, 12, 7, 99]), all);
  rmSync(join(root, '9'), { recursive: true });
  assert.deepEqual(called([7, 9, 11, 12]), all);
  assert.deepEqual(called([7]), [all[0]]);
  assert.deepEqual(called([9]), [], 'a pid that nobody asks for is forgotten');
});
