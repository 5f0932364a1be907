import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftByRuns } from '../../../../src/diagnosis/growth/left-by-runs.ts';
import { fieldName } from '../../../../src/fields.ts';
import { MIB } from '../../../../src/units.ts';

/** Ten samples a run, one a second; each run holds so many MiB, and 9 more for a moment. */
const runs = (...mib: readonly number[]) => {
  const shmem = mib.flatMap((level) => Array.from({ length: 10 }, (_, i) => (level + (i === 5 ? 9 : 0)) * MIB));
  return {
    t: Float64Array.from(shmem, (_, i) => 1000 + i),
    fields: new Map([[fieldName('shmem'), Float64Array.from(shmem)]]),
    events: mib.slice(1).map((_, i) => ({ t: 1010 + 10 * i, type: 'restart' as const })),
  };
};

test('shared memory that is higher after each restart is what the runs have left there', () => {
  assert.deepEqual(leftByRuns(runs(25, 50, 75, 100)), { restarts: 3, seconds: 39, bytesPerRestart: 25 * MIB, bytes: 100 * MIB });
  assert.equal(leftByRuns(runs(25, 50, 50, 75, 100))?.restarts, 4, 'one of four left nothing');
});

test('one rise, a rise of little, and what is removed at a start are nothing that is left', () => {
  assert.equal(leftByRuns(runs(25, 50)), null, 'one restart tells nothing');
  assert.equal(leftByRuns(runs(25, 90, 90, 90)), null, 'the first run alone');
  assert.equal(leftByRuns(runs(1, 2, 3, 4)), null);
  assert.equal(leftByRuns(runs(25, 50, 75, 25)), null);
  assert.equal(leftByRuns({ ...runs(25, 50, 75), fields: new Map() }), null);
});

test('a run in which the value was not known is no run, and a gap no value', () => {
  const gap = runs(25, 50, 75, 100);
  for (let i = 10; i < 21; i++) gap.fields.get(fieldName('shmem'))![i] = Number.NaN;
  assert.deepEqual(leftByRuns(gap), { restarts: 2, seconds: 39, bytesPerRestart: 37.5 * MIB, bytes: 100 * MIB });
});

test('a restart after the last sample, and two of which no sample lies between, are no runs of their own', () => {
  const series = runs(25, 50, 75);
  const restarts = [1009.5, ...series.events.map(({ t }) => t), 1030].map((t) => ({ t, type: 'restart' as const }));
  assert.equal(leftByRuns({ ...series, events: restarts })?.restarts, 2);
});
