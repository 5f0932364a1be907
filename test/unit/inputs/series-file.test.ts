import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError, parseSeries } from '../../../src/inputs/series-file.ts';

const wrong = (json: unknown): string => {
  try {
    parseSeries(json);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message;
  }
  return assert.fail('was accepted');
};
const base = { interval_s: 10, limit_bytes: 1000, t: [0, 10, 20], fields: { usage: [1, null, 3] } };

test('a null is a gap, and a count of threads comes from aux.pids', () => {
  const series = parseSeries({ ...base, aux: { pids: [5, 6, 7], events: [{ t: 10, type: 'restart' }] } });
  assert.deepEqual([...series.fields.get('usage')!], [1, Number.NaN, 3]);
  assert.deepEqual([...series.fields.get('threads')!], [5, 6, 7]);
  assert.deepEqual(series.events, [{ t: 10, type: 'restart' }]);
});

test('a column without values is absent, and that is said once', () => {
  const said: string[] = [];
  const series = parseSeries({ ...base, fields: { ...base.fields, sock: [] }, aux: { pids: [] } }, (text) => said.push(text));
  assert.deepEqual([...series.fields.keys()], ['usage']);
  assert.deepEqual(said, ['fields.sock, aux.pids have no values; taken as absent']);
  assert.match(wrong({ ...base, fields: { usage: [] } }), /at least one column/);
});

test('a limit that was resized in place is the last one', () => {
  assert.equal(parseSeries({ ...base, limit_bytes: [1000, 1000, 2000] }).limitBytes, 2000);
  assert.equal(parseSeries({ ...base, limit_bytes: null }).limitBytes, null);
  assert.equal(parseSeries({ ...base, limit_bytes: 'max' }).limitBytes, 'max');
});

test('each mistake in a series file is named with its place', () => {
  assert.match(wrong([]), /JSON object/);
  assert.match(wrong({ ...base, t: [] }), /^t must be/);
  assert.match(wrong({ ...base, t: [0], fields: { usage: [1] } }), /one point/);
  assert.match(wrong({ ...base, t: [0, 'x', 2] }), /t\[1\].*"x"/);
  assert.match(wrong({ ...base, fields: { usage: [1, 2] } }), /fields.usage has 2 values where t has 3/);
  assert.match(wrong({ ...base, fields: { usage: [1, 'abc', 3] } }), /fields.usage\[1\].*"abc"/);
  assert.match(wrong({ ...base, fields: { usage: [1, -2, 3] } }), /at least 0/);
  assert.match(wrong({ ...base, fields: {} }), /at least one column/);
  assert.match(wrong({ ...base, t: [30, 20, 10] }), /t must rise; it falls 2 times, first at t\[1\]/);
  assert.match(wrong({ ...base, interval_s: 0 }), /interval_s/);
});

test('one step back of a clock is data, not a mistake', () => {
  const t = Array.from({ length: 200 }, (_, i) => (i < 100 ? i * 10 : i * 10 - 300));
  assert.equal(parseSeries({ t, fields: { usage: t.map(() => 1) } }).t.length, 200);
});
