import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PARTS } from '../../../src/history/part-readings.ts';
import type { HistoryEvent } from '../../../src/sample/types.ts';
import { normalise } from '../../../src/trends/normalise.ts';

/** Samples at these stamps, whose anon is their place in the file. */
function ordered(stamps: readonly number[], { intervalS = 10, events = [] as HistoryEvent[] } = {}) {
  const { t, fields, restarts, oomKills } = normalise({
    t: Float64Array.from(stamps),
    fields: new Map([['anon', Float64Array.from(stamps, (_, i) => i)]]),
    intervalS,
    limitBytes: null,
    heapMaxBytes: null,
    events,
    files: [],
    parts: NO_PARTS,
  });
  return { t: [...t], anon: [...fields.get('anon')!], restarts: [...restarts], oomKills: [...oomKills] };
}
const samples = (stamps: readonly number[], intervalS = 10) => {
  const { t, anon } = ordered(stamps, { intervalS });
  return { t, anon };
};

test('samples in order stay as they are, and a step forward stays a gap', () => {
  assert.deepEqual(samples([10, 20, 3000, 3010]), { t: [10, 20, 3000, 3010], anon: [0, 1, 2, 3] });
});

test('samples in order are handed on, not copied: that is nearly every history', () => {
  const t = Float64Array.of(10, 20, 30);
  const fields = new Map([['anon' as const, Float64Array.of(1, 2, 3)]]);
  const answer = normalise({
    t,
    fields,
    intervalS: 10,
    limitBytes: null,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
  });
  assert.equal(answer.t, t);
  assert.equal(answer.fields, fields);
});

test('of samples with the same stamp the last one counts', () => {
  assert.deepEqual(samples([10, 20, 20, 30]), { t: [10, 20, 30], anon: [0, 2, 3] });
});

test('samples without a stamp are left out', () => {
  assert.deepEqual(samples([Number.NaN, 10, Number.NaN, 20, Number.POSITIVE_INFINITY]), { t: [10, 20], anon: [1, 3] });
  assert.deepEqual(samples([]), { t: [], anon: [] });
});

test('where a clock is set back, what came before is shifted to meet it, one interval earlier', () => {
  assert.deepEqual(samples([1000, 1010, 1020, 500, 510]), { t: [470, 480, 490, 500, 510], anon: [0, 1, 2, 3, 4] });
  assert.deepEqual(samples([1000, 500], 0).t, [440, 500], 'an unknown interval is taken for a minute');
  assert.deepEqual(samples([1000, 500, 510, 100]).t, [70, 80, 90, 100], 'twice');
  assert.deepEqual(samples([1000, 500, 800]).t, [490, 500, 800], 'a gap after it stays');
});

test('stamps that go back often are those of an unsorted file, which is sorted', () => {
  assert.deepEqual(samples([10, 50, 20, 60, 30, 70, 40, 80, 45]), {
    t: [10, 20, 30, 40, 45, 50, 60, 70, 80],
    anon: [0, 2, 4, 6, 8, 1, 3, 5, 7],
  });
  assert.deepEqual(
    samples([10, 50, 20, 60, 30, 70, 20, 80, 20]).anon,
    [0, 8, 4, 1, 3, 5, 7],
    'the last of the same stamp counts',
  );
  assert.deepEqual(samples([10, 50, 20, 60, 30, 70, 40]).anon, [0, 1, 2, 3, 4, 5, 6], 'three times is a clock that was set');
});

test('in a long file up to one stamp in a hundred may go back before it counts as unsorted', () => {
  const setBack = (times: number) => {
    const stamps = Array.from({ length: 500 }, (_, i) => 10 * i);
    for (let k = 1; k <= times; k++) stamps[80 * k] = 1;
    return samples(stamps).anon.every((place, i) => place === i);
  };
  assert.equal(setBack(5), true);
  assert.equal(setBack(6), false);
});

test('an event belongs to the first sample at or after it, and the start of memhound is no restart', () => {
  const events: HistoryEvent[] = [
    { t: 45, type: 'oom_kill' },
    { t: 20, type: 'restart' },
    { t: 41, type: 'restart' },
    { t: 30, type: 'memhound_start' },
  ];
  const { restarts, oomKills } = ordered([10, 20, 30, 40, 50, 60], { events });
  assert.deepEqual([restarts, oomKills], [[1, 4], [4]]);
});

test('events before the first sample or after the last one begin no run', () => {
  const events: HistoryEvent[] = [
    { t: 5, type: 'restart' },
    { t: 10, type: 'oom_kill' },
    { t: 99, type: 'oom_kill' },
  ];
  const { restarts, oomKills } = ordered([10, 20], { events });
  assert.deepEqual([restarts, oomKills], [[], []]);
});

test('events keep the clock of their samples where that was set back, and find them by place', () => {
  const events: HistoryEvent[] = [{ t: 1015, type: 'oom_kill' }];
  assert.deepEqual(ordered([1000, 1010, 1020, 1030, 500, 510], { events }).oomKills, [2]);
  const atStamp: HistoryEvent[] = [{ t: 1020, type: 'restart' }];
  assert.deepEqual(ordered([1000, 1010, 1010, 1020, 500, 510], { events: atStamp }).restarts, [2], 'of samples that are kept');
});
