import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readMountinfo } from '../../../../src/sources/process/mountinfo.ts';

test('the mounts of a process are read, and those of one that is gone are empty', () => {
  assert.match(readMountinfo('/proc/self'), / \/proc /);
  assert.equal(readMountinfo('/proc/999999999'), '');
});

test('a process that has ended and is not reaped yet has no mounts, and that is no error', async (t) => {
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
});
