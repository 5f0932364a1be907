import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import koffi from 'koffi';
import { lockOrderTables } from '../../../src/daemon/lock-order-table.ts';
import { loadSyscalls } from '../../../src/sources/process/syscalls.ts';

const BUCKETS = 262_139;
const OTHER = 7_777_777;

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

/** Large enough for malloc to map it. One for all tests: once such memory is freed, malloc takes the next from the heap. */
const memory = new Int32Array(300_000);
const FIRST = 20_000;
const table = memory.subarray(FIRST, FIRST + BUCKETS);
const MUTEXES = 300;

/** Fills the memory with what Abseil has there, between other words. Vectors have a size and a capacity. */
function fillAsDetector(): void {
  memory.fill(OTHER);
  const put = (at: number, ...words: number[]): void => memory.set(words, FIRST + at);
  const pointer = koffi.address(memory) + BigInt(4 * FIRST - 136);
  put(-16, MUTEXES, 20_000); // the mutexes
  put(-4, 0, 8); // those that are gone
  put(-2, Number(BigInt.asIntN(32, pointer)), Number(pointer >> 32n));
  put(BUCKETS + 11, 0, 8); // the next vector
  table.fill(-1);
  for (let i = 0; i < MUTEXES; i++) table[(i * 7919) % BUCKETS] = i;
}

test('a table like the one of the detector is found, and nothing beside it is emptied', async () => {
  const calls = await loadSyscalls();
  assert.ok(typeof calls !== 'string');
  const before = lockOrderTables(calls.pageBytes).map(({ start }) => start);
  fillAsDetector();
  const around = memory.slice();
  const found = lockOrderTables(calls.pageBytes).filter(({ start }) => !before.includes(start));
  assert.equal(found.length, 1);
  for (const { start, end } of found) calls.madviseDontNeed(start, end - start);
  const empty = table.reduce((sum, word) => sum + (word === 0 ? 1 : 0), 0);
  // But for parts of pages at its ends.
  assert.ok(empty > table.length - (2 * calls.pageBytes) / 4, `${empty} of ${table.length} words`);
  const isIn = (i: number): boolean => i >= FIRST && i < FIRST + BUCKETS;
  assert.ok(memory.every((word, i) => isIn(i) || word === around[i]));
});

/** What makes of such a table something else. */
const OTHERS: Readonly<Record<string, () => void>> = {
  'numbers and -1 as in the table, without the address of the mutexes before it': () => {
    memory.fill(OTHER, FIRST - 2, FIRST);
  },
  'one of the numbers twice': () => {
    table[200_001] = 7;
  },
  'a number that no mutex has': () => {
    table[200_001] = MUTEXES;
  },
  'a number below -1': () => {
    table[200_001] = -2;
  },
  'a table that ends earlier': () => {
    table[BUCKETS - 1] = OTHER;
  },
  'another thing where the next vector is': () => {
    memory.fill(OTHER, FIRST + BUCKETS);
  },
  'more mutexes than there is room for': () => {
    memory[FIRST - 15] = MUTEXES - 1;
  },
};

test('what is different from the table in one word is not taken for it', async () => {
  const calls = await loadSyscalls();
  assert.ok(typeof calls !== 'string');
  fillAsDetector();
  const like = lockOrderTables(calls.pageBytes);
  for (const [what, change] of Object.entries(OTHERS)) {
    fillAsDetector();
    change();
    assert.equal(lockOrderTables(calls.pageBytes).length, like.length - 1, what);
  }
});

test("V8's detector of deadlocks is off, and the memory of its table is given back", () => {
  const { hasDetector, before, after } = run(DETECTOR);
  const v8 = Number.parseInt(process.versions.v8, 10);
  // V8 13.6 (Node 24) is the first that locks by Abseil's mutexes.
  // Other threads take memory meanwhile.
  if (v8 >= 13) assert.ok(hasDetector && before - after > 512, `${before} to ${after} KiB`);
  else assert.equal(before, 0, 'nothing looks like the table');
});
