import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastHourText } from '../../../src/cli/last-hour-text.ts';
import { MIB } from '../../../src/units.ts';

const series = { interval_s: 1800, limit_bytes: null, heap_max_bytes: null, aux: { events: [] } };

test('the last hour has one line for each field that a sentence may name: first, last and highest value', () => {
  const fields = {
    anon: [10 * MIB, null, 30 * MIB, 20 * MIB],
    threads: [7, 8, 9, 9],
    file_mapped: [MIB, MIB, MIB, MIB],
    heap_used: [null, null, null, null],
  };
  assert.deepEqual(lastHourText({ ...series, t: [0, 1200, 2400, 3600], fields }), [
    'The last 60 minutes, until 1970-01-01T01:00:00.000Z',
    '  field                    first      last   highest',
    '  anon                    10 MiB    20 MiB    30 MiB',
    '  threads                      7         9         9',
  ]);
});

test('an hour without samples says so', () =>
  assert.deepEqual(lastHourText({ ...series, t: [], fields: {} }), ['The last hour has no samples.']));
