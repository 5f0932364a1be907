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
  // The shell starts a child that ends at once, and becomes a program that never asks for its end.
  const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const stat = `/proc/${String(line).trim()}/stat`;
  while (!/\) Z /.test(readFileSync(stat, 'latin1'))) await new Promise(setImmediate);
  assert.equal(readMountinfo(stat.replace('/stat', '')), '');
});
