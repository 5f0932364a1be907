import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { locateCgroup } from '../../../../src/sources/cgroup/locate-cgroup.ts';
import { isReadOnlyPath, readMountinfo } from '../../../../src/sources/process/mountinfo.ts';
import { ROOTS } from '../../../support/process-ref.ts';

test('the mounts of a process are read, and those of one that is gone are empty', () => {
  assert.match(readMountinfo('/proc/self'), / \/proc /);
  assert.equal(readMountinfo('/proc/999999999'), '');
});

test('a process that has ended and is not reaped yet has no mounts, and that is no error, also where its cgroup is located', async (t) => {
  // A parent that is stopped does not ask for the end of its child.
  const child = `const { spawn } = require('node:child_process');
    console.log(spawn(process.execPath, ['-e', 'setTimeout(() => {}, 300)']).pid);`;
  const parent = spawn(process.execPath, ['-e', child], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  parent.kill('SIGSTOP');
  const folder = `/proc/${String(line).trim()}`;
  while (!/\) Z /.test(readFileSync(`${folder}/stat`, 'latin1'))) await new Promise(setImmediate);
  assert.equal(readMountinfo(folder), '');
  assert.doesNotThrow(() => locateCgroup(ROOTS, Number(String(line)), process.pid));
});

const MOUNTS = `22 1 259:1 / / rw,relatime - ext4 /dev/root rw
30 22 0:25 / /tmp rw - tmpfs tmpfs rw
31 30 0:26 / /tmp ro - tmpfs tmpfs rw
32 22 0:27 / /data rw - ext4 /dev/sdb ro
`;

test('a path is read-only if its mount is, or the file system of its mount; of several at one point the last one counts', () => {
  assert.deepEqual(
    ['/tmp', '/tmp/x', '/data', '/tmpx', '/'].map((path) => isReadOnlyPath(MOUNTS, path)),
    [true, true, true, false, false],
  );
});
