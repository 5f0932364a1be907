import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { rangesLikeTable } from '../../../src/daemon/lock-order-table.ts';
import { loadSyscalls } from '../../../src/sources/process/syscalls.ts';

/** Anonymous memory before and after, and what a thread and the compilers do afterwards. */
const DETECTOR = `
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { LockOrderTable } from './src/daemon/lock-order-table.ts';
import { loadSyscalls } from './src/sources/process/syscalls.ts';
const calls = await loadSyscalls();
const anonKiB = () => Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
const table = new LockOrderTable();
table.turnOff(calls);
anonKiB();
let before = 0;
let after = 0;
const drop = { ...calls, madviseDontNeed: (at, bytes) => { before = anonKiB(); calls.madviseDontNeed(at, bytes); after = anonKiB(); } };
table.drop(drop);
await new Promise((ended) => new Worker('let a = []; for (let i = 0; i < 1e6; i++) a = [a.length, i];', { eval: true }).once('exit', ended));
let kept = [];
for (let i = 0; i < 3e6; i++) { kept = [kept.length, i]; }
console.log(JSON.stringify({ hasDetector: calls.ignoreLockOrder(), before, after }));
`;

function run(script: string) {
  const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  return JSON.parse(child.stdout);
}

test('a table like the one of the detector is found, and nothing beside it is emptied', async () => {
  const calls = await loadSyscalls();
  assert.ok(typeof calls !== 'string');
  const before = rangesLikeTable(calls.pageBytes).map(({ start }) => start);
  // 262,139 indexes of mutexes, nearly all of them -1, between other things.
  const other = 7_777_777;
  const memory = new Int32Array(300_000).fill(other);
  const table = memory.subarray(20_000, 20_000 + 262_139).fill(-1);
  for (let i = 0; i < 300; i++) table[(i * 7919) % table.length] = i;
  const found = rangesLikeTable(calls.pageBytes).filter(({ start }) => !before.includes(start));
  assert.equal(found.length, 1);
  for (const { start, end } of found) calls.madviseDontNeed(start, end - start);
  const empty = table.reduce((sum, word) => sum + (word === 0 ? 1 : 0), 0);
  // But for the pages at its ends.
  assert.ok(empty > 0.75 * table.length, `${empty} of ${table.length} words`);
  assert.ok(memory.every((word, i) => word === other || (i >= 20_000 && i < 20_000 + table.length)));
});

test("V8's detector of deadlocks is off, and the memory of its table is given back", () => {
  const { hasDetector, before, after } = run(DETECTOR);
  const v8 = Number.parseInt(process.versions.v8, 10);
  // V8 13.6 (Node 24) is the first that locks by Abseil's mutexes.
  if (v8 >= 13) assert.ok(hasDetector && before - after > 900, `${before} to ${after} KiB`);
  else assert.equal(before, 0, 'nothing looks like the table');
});
