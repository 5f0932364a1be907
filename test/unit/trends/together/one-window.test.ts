import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ByField } from '../../../../src/fields.ts';
import { entriesOf, type FieldName } from '../../../../src/fields.ts';
import { parseSeries } from '../../../../src/inputs/series-file.ts';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import { commonBeginning, paceSince } from '../../../../src/trends/together/one-window.ts';
import { HOUR_S } from '../../../../src/units.ts';
import { growingField } from '../../../support/evaluation.ts';

test('threads that slow down have one pace in all memory used and in its parts', () => {
  const file = new URL('../../../fixtures/recordings/threads-that-slow-down.json.gz', import.meta.url);
  const { fields, causes } = evaluateSeries(parseSeries(JSON.parse(gunzipSync(readFileSync(file)).toString())), {
    minHistorySeconds: 20,
  });
  const pace = (id: FieldName): number => (fields[id]?.slopeBytesPerHour ?? 0) / HOUR_S / 1e6;
  const [usage, parts] = [pace('usage'), pace('anon') + pace('kernel')];
  assert.ok(Math.abs(usage - parts) < 0.25 * usage, `${usage} MB a second, and its parts ${parts}`);
  assert.ok(causes[0]!.bytesPerHour <= fields.usage!.high!, 'no cause is faster than all memory used');
});

/** 100 samples, one a second. */
const T = Float64Array.from({ length: 100 }, (_, i) => i);
const ROWS = { t: T, from: 0, to: 100 };
/** 10 a second for 50 seconds, then 1. */
const SLOWED = T.map((at) => (at < 50 ? 10 * at : 500 + (at - 50)));

const lineFrom = (fromT: number, perSecond: number, statistics = {}): FieldEvaluation => {
  const field = growingField(perSecond * HOUR_S, HOUR_S);
  const line = { fromT, toT: 99, level: 0, slopePerSecond: perSecond };
  return { ...field, basis: { ...field.basis, line, statistics } };
};
const beginning = (given: ByField<FieldEvaluation>): number | null => commonBeginning(new Map(entriesOf(given)), ROWS);

describe('the newest beginning', () => {
  test('is that of all memory used, or of a part of it', () => {
    assert.equal(beginning({ usage: lineFrom(50, 1), anon: lineFrom(0, 5) }), 50);
    assert.equal(beginning({ usage: lineFrom(0, 5), anon: lineFrom(50, 1) }), 50);
    assert.equal(beginning({ usage: lineFrom(0, 5), anon: lineFrom(20, 1), file: lineFrom(50, 1) }), 50);
    assert.equal(beginning({ usage: { ...lineFrom(50, 1), trend: 'stable' }, anon: lineFrom(0, 5) }), 0);
    assert.equal(beginning({ threads: lineFrom(50, 1) }), null, 'nothing grows');
  });
  test('is not that of a small part', () => {
    assert.equal(beginning({ usage: lineFrom(0, 11), anon: lineFrom(0, 10), kernel: lineFrom(50, 1) }), 0);
    assert.equal(beginning({ usage: lineFrom(0, 10), anon: lineFrom(0, 9), kernel: lineFrom(50, 1) }), 50);
  });
  test('is none of a moment', () => {
    assert.equal(beginning({ usage: lineFrom(96, 1), anon: lineFrom(0, 5) }), 0);
    assert.equal(beginning({ usage: lineFrom(95, 1), anon: lineFrom(0, 5) }), 95);
  });
});

describe('the pace since then', () => {
  const since = (field: FieldEvaluation, values: Float64Array | undefined = SLOWED, id: FieldName = 'anon'): number =>
    Math.round((100 * paceSince(id, field, values, ROWS, 50).slopeBytesPerHour!) / HOUR_S) / 100;
  test('replaces the mean of two paces, with level and line', () => {
    const { basis, levelNow, low, high } = paceSince('anon', lineFrom(0, 5), SLOWED, ROWS, 50);
    assert.deepEqual(basis.line, { fromT: 50, toT: 99, level: 500, slopePerSecond: 1 });
    assert.deepEqual([levelNow, low, high], [549, HOUR_S, HOUR_S]);
    assert.deepEqual(basis.segments, [0, 50]);
  });
  test('replaces that of a line that began later', () => {
    assert.equal(since(lineFrom(80, 5)), 1);
  });
  test('replaces no pace that is alike, of the same time, of bursts, or of a saw-tooth', () => {
    assert.equal(since(lineFrom(0, 1.2)), 1.2);
    assert.equal(since(lineFrom(45, 5)), 5);
    assert.equal(since(lineFrom(0, 5, { bursts: 4 })), 5);
    assert.equal(since(lineFrom(0, 5), SLOWED, 'heap_used'), 5);
    assert.equal(since({ ...lineFrom(0, 5), trend: 'stable' }), 5);
  });
  test('replaces none where it is not known, or where nothing has certainly grown since', () => {
    assert.equal(paceSince('anon', lineFrom(0, 5), undefined, ROWS, 50).slopeBytesPerHour, 5 * HOUR_S);
    assert.equal(
      since(
        lineFrom(0, 5),
        SLOWED.map((value, at) => (at < 96 ? Number.NaN : value)),
      ),
      5,
    );
    assert.equal(
      since(
        lineFrom(0, 5),
        SLOWED.map((_, at) => (at % 7) * 10),
      ),
      5,
    );
  });
  test('is less certain where neighbouring samples are off by the same', () => {
    const width = (values: Float64Array): number => {
      const { low, high } = paceSince('anon', lineFrom(0, 5), values, ROWS, 50);
      return high! - low!;
    };
    const alternating = SLOWED.map((value, at) => value + (at % 2));
    const wandering = SLOWED.map((value, at) => value + (Math.floor(at / 8) % 2));
    assert.ok(width(wandering) > 2 * width(alternating));
  });
});
