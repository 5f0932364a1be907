import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { FileScans } from '../../../src/daemon/file-scans.ts';
import { readStartTicks } from '../../../src/sources/process/procfs.ts';
import type { FileReading, ProcessRef, Target } from '../../../src/sources/types.ts';

const roots = { proc: '/proc', cgroup: '/sys/fs/cgroup' };
const processOf = (pid: number): ProcessRef => ({
  ...{ pid, nspid: pid, uid: 0, gid: 0, name: 'java' },
  startTicks: readStartTicks('/proc', pid)!,
});
const target = { cgroup: { version: 2, path: '/pod/app', dir: '/x' } } as Target;

test('two JVMs of one container have one scan of files a tick, which goes on when one of them ends', async (t) => {
  const child = spawn('sleep', ['100']);
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const scans = new FileScans(roots, () => [process.pid]);
  const [first, second] = [scans.open(target, processOf(child.pid!)), scans.open(target, processOf(process.pid))];
  assert.equal(scans.size, 1);
  const seen: { files: FileReading[]; isAnew: boolean }[] = [];
  const scan = (of: typeof first, nowMs: number) =>
    of.scan(nowMs, {}, (files, isAnew) => {
      seen.push({ files, isAnew });
    });
  await Promise.all([scan(first, 1000), scan(second, 1000)]);
  assert.equal(seen.length, 2);
  assert.equal(seen[0]!.files, seen[1]!.files, 'the same files, not the same again');

  child.kill('SIGKILL');
  await once(child, 'exit');
  await first.close();
  await scan(second, 100_000);
  assert.deepEqual(
    seen.map(({ isAnew }) => isAnew),
    [false, false, true],
  );
  await scan(second, 200_000);
  assert.equal(seen.at(-1)!.isAnew, false);
  await second.close();
  assert.equal(scans.size, 0);
});
