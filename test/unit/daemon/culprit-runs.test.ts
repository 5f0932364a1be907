import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Culprit } from '../../../src/culprit/types.ts';
import { CulpritRuns } from '../../../src/daemon/culprit-runs.ts';

const NOT_KNOWN: Culprit = { state: 'unknown', cause: 'heap', because: 'no-growth', native: null, grown: [] };

function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('a search tells how many looks are done, and then its answer, also as text', async () => {
  const first = gate();
  const runs = new CulpritRuns(async ({ onLook }) => {
    await first.promise;
    onLook(1);
    return NOT_KNOWN;
  });
  assert.deepEqual(runs.run, { state: 'none' });
  assert.equal(runs.start('heap', 60), true);
  assert.equal(runs.run.state === 'running' && runs.run.looksDone, 0);
  assert.equal(runs.start('threads', 60), false, 'one at a time');
  first.resolve();
  await runs.ended;
  assert.ok(runs.run.state === 'done');
  assert.deepEqual(runs.run.culprit, NOT_KNOWN);
  assert.match(runs.run.text[0]!, /^heap: not known/);
});

test('a search that is cancelled runs until the JVM has answered, and another may follow', async () => {
  const answered = gate();
  const runs = new CulpritRuns(async ({ signal }) => {
    await once(signal, 'abort');
    await answered.promise;
    return { ...NOT_KNOWN, because: 'cancelled' } as Culprit;
  });
  runs.start('heap', 60);
  runs.cancel();
  assert.equal(runs.run.state === 'running' && runs.run.cancelled, true);
  assert.equal(runs.start('heap', 60), false);
  answered.resolve();
  await runs.ended;
  assert.ok(runs.run.state === 'done');
  assert.equal(runs.start('heap', 60), true);
  runs.cancel();
  await runs.ended;
});

test('a fault of memhound itself is an answer with its message', async () => {
  const runs = new CulpritRuns(() => Promise.reject(new Error('no such thing')));
  runs.start('heap', 60);
  await runs.ended;
  assert.ok(runs.run.state === 'done' && runs.run.culprit.state === 'failed');
  assert.match(runs.run.culprit.error, /no such thing/);
});
