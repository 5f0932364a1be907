import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { garbageCollection } from '../../../src/daemon/collect-garbage.ts';
import { MIB } from '../../../src/units.ts';

const anonBytes = (): number => Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024;

test('a collection of last resort that moves live objects keeps no pages of where they were', async (t) => {
  setFlagsFromString('--compact-on-every-full-gc');
  t.after(() => setFlagsFromString('--no-compact-on-every-full-gc'));
  const collect = garbageCollection('last-resort');
  const live = Array.from({ length: 500_000 }, (_, n) => ({ n, next: [n, n] }));
  const before = anonBytes();
  const keepsPages = (): boolean => anonBytes() >= before + 8 * MIB;
  collect();
  // Node 20 has no such collection. After a regular one a thread of its returns them within a moment; newer Nodes keep those of a regular one for seconds.
  for (let i = 0; i < 100 && keepsPages(); i++) await setTimeout(20);
  assert.ok(!keepsPages(), `${(anonBytes() - before) / MIB} MiB more than before`);
  assert.equal(live.length, 500_000);
});

/** Of an object that has left the young generation, and that nothing holds any more. */
async function forgotten(): Promise<WeakRef<object>> {
  const held: { old: object | null } = { old: {} };
  const ref = new WeakRef(held.old!);
  const collect = garbageCollection('regular');
  for (let i = 0; i < 3; i++) {
    collect();
    // V8 keeps what a WeakRef was asked for until the end of the job.
    await setTimeout(0);
  }
  assert.notEqual(held.old, null);
  held.old = null;
  return ref;
}

for (const flavor of ['regular', 'last-resort'] as const)
  test(`a ${flavor} collection is one of the whole heap, not of its young generation alone`, async () => {
    const ref = await forgotten();
    garbageCollection(flavor)();
    assert.equal(ref.deref(), undefined);
  });

/** A function that has run before one such collection, and the names of the functions whose code the collection drops. */
const CHILD = `
import { setFlagsFromString } from 'node:v8';
import * as collections from './src/daemon/collect-garbage.ts';
import { COLLECTION_FLAGS } from './src/daemon/collection-flags.ts';
for (const flag of COLLECTION_FLAGS) setFlagsFromString(flag);
const collect = process.argv[1] === 'gentle' ? collections.gentleCollection() : collections.garbageCollection('last-resort');
function runBefore() { return 1; }
runBefore();
setFlagsFromString('--trace-flush-code');
collect();
`;

test('a gentle collection leaves the code that was run since the last one', () => {
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', CHILD, 'gentle'], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  assert.doesNotMatch(run.stdout, /runBefore/);
});

/** Holds columns as an evaluation does, and frees them. */
const COLUMNS = `
import { setFlagsFromString } from 'node:v8';
import { beginningNoCollection } from './src/daemon/collect-garbage.ts';
setFlagsFromString('--trace-incremental-marking');
function evaluate() {
  const columns = Array.from({ length: 48 }, () => new Float64Array(1 << 17).fill(1));
  let texts = [];
  for (let i = 0; i < 200_000; i++) texts = [texts.length, String(i)];
  for (const { buffer } of columns) structuredClone(buffer, { transfer: [buffer] });
}
for (let i = 0; i < 3; i++) beginningNoCollection(evaluate);
`;

test('columns that are decoded and freed begin no collection', () => {
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', COLUMNS], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.doesNotMatch(run.stdout, /IncrementalMarking\] Start/);
});
