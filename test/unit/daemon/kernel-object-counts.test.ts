import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KernelObjectCounts } from '../../../src/daemon/kernel-object-counts.ts';

test('of kernel objects it is known how many came since they were first counted', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-counts-'));
  t.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(`${proc}/7/fd`, { recursive: true });
  writeFileSync(`${proc}/7/status`, 'Name:\tjava\nPid:\t7\nFDSize:\t1024\n');
  const open = (from: number, to: number) => {
    for (let fd = from; fd < to; fd++) symlinkSync('socket:[1]', `${proc}/7/fd/${fd}`);
  };
  const counts = new KernelObjectCounts();
  const look = (atMs: number) => counts.look(atMs, proc, [7], null).map(({ count, grew, seconds }) => ({ count, grew, seconds }));
  open(0, 600);
  assert.deepEqual(look(1000), [{ count: 600, grew: 0, seconds: 0 }]);
  open(600, 700);
  assert.deepEqual(look(21_000), [{ count: 700, grew: 100, seconds: 20 }]);
});
