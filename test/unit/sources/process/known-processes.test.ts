import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProcessCache } from '../../../../src/sources/process/known-processes.ts';

/** A /proc whose processes are what the test says. */
function proc(t: { after: (f: () => void) => void }) {
  const root = mkdtempSync(join(tmpdir(), 'memhound-known-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const is = (pid: number, comm: string, start: number): void => {
    mkdirSync(join(root, String(pid)), { recursive: true });
    const between = Array.from({ length: 18 }, () => '0').join(' ');
    writeFileSync(join(root, String(pid), 'stat'), `${pid} (${comm}) S ${between} ${start} 0 0\n`);
  };
  return { root, is };
}

/** Number of processes that one search examines. */
function search(known: ProcessCache<string>, root: string, pids: readonly number[], settled = false): number {
  known.beginSearch();
  let looked = 0;
  for (const pid of pids) {
    if (known.get(root, pid) !== undefined) continue;
    looked++;
    known.set(root, pid, `what ${pid} is`, { settled });
  }
  return looked;
}

test('a process is examined in its first two searches, and again when its pid has another program or process', (t) => {
  const { root, is } = proc(t);
  const known = new ProcessCache<string>();
  is(7, 'sh', 100);
  is(8, 'a) b (c', 100);
  assert.deepEqual([search(known, root, [7, 8]), search(known, root, [7, 8]), search(known, root, [7, 8])], [2, 2, 0]);
  is(7, 'java', 100); // the shell has become the JVM
  assert.equal(search(known, root, [7, 8]), 1);
  is(8, 'a) b (c', 900); // the pid was reused
  assert.equal(search(known, root, [7, 8]), 2, '7 is new still, 8 is another');
});

test('a process that cannot change is examined once, until all are examined again', (t) => {
  const { root, is } = proc(t);
  const known = new ProcessCache<string>();
  is(2, 'kthreadd', 0);
  const looks = Array.from({ length: 11 }, () => search(known, root, [2], true));
  assert.deepEqual(looks, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('after ten searches all processes are examined again, and ended ones are dropped', (t) => {
  const { root, is } = proc(t);
  const known = new ProcessCache<string>();
  is(7, 'java', 100);
  const looks = Array.from({ length: 13 }, () => search(known, root, [7]));
  assert.deepEqual(looks, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0]);
  search(known, root, []);
  assert.equal(search(known, root, [7]), 1);
});
