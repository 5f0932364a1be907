import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf, type FieldId } from '../../../../src/fields.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { coMovement, type Sum } from '../../../../src/trends/together/co-movement.ts';

const ROWS = 120;
const shared = new SharedWork(PLAIN_ARITHMETIC);

/** Fields by the minute, over `count` minutes from 600 s on. */
function movement(columns: ByField<(minute: number) => number>, count = ROWS) {
  const t = Float64Array.from({ length: count }, (_, i) => 600 + 60 * i);
  const fields = new Map(entriesOf(columns).map(([id, of]) => [id, t.map((_, i) => of(i))]));
  return coMovement({ fields, processKills: [] }, { t, from: 0, to: count, intervalS: 60, limit: null, shared });
}

test('page tables are explained by the memory that they map, of all kinds together, and not by less', () => {
  const line = { fromT: 600, toT: 600 + 60 * (ROWS - 1), level: 0, slopePerSecond: 1 };
  const explained = (columns: ByField<(minute: number) => number>) =>
    movement({ pagetables: (m) => 0.01 * m, ...columns }).isExplainedByMappings('pagetables', line, 0.01);
  assert.equal(explained({ anon: (m) => 1.1 * m }), true);
  assert.equal(explained({ anon: (m) => 0.4 * m, shmem: (m) => 0.4 * m, file_mapped: (m) => 0.4 * m }), true);
  assert.equal(explained({ anon: (m) => 0.4 * m }), false);
  assert.equal(explained({}), false);
});

describe('a field is explained by page cache', () => {
  const LINE = { fromT: 600, toT: 600 + 60 * (ROWS - 1), level: 0, slopePerSecond: 1 };
  const explained = (columns: ByField<(minute: number) => number>, line: typeof LINE | null = LINE, id: FieldId = 'slab') =>
    movement(columns).isExplainedByCache(id, line, 0.1);
  const steps = (minute: number) => 1000 * Math.floor(minute / 30);

  test('where it moves when the cache does, by a tenth of it at most', () => {
    assert.equal(explained({ slab: (m) => 0.09 * m, file: (m) => m }), true);
    assert.equal(explained({ slab: (m) => 0.11 * m, file: (m) => m }), false);
    assert.equal(explained({ slab: (m) => 0.09 * steps(m), file: steps }), true, 'in steps');
  });
  test('not where it moves at other times, though the cache moved by more', () => {
    assert.equal(explained({ slab: (m) => 0.05 * m, file: (m) => (m < 60 ? 0 : 1000) }), false);
    // Half of what it gained came with the cache.
    assert.equal(
      explained({ slab: (m) => (m < 58 ? m / 60 : 2), file: (m) => (m < 31 ? 0 : Math.min(40 * (m - 31), 1200)) }),
      true,
    );
  });
  test('not where it does not rise, or the cache falls', () => {
    assert.equal(explained({ slab: () => 5, file: (m) => m }), false);
    assert.equal(explained({ slab: (m) => -m, file: (m) => m }), false);
    assert.equal(explained({ slab: (m) => 0.09 * m, file: (m) => -m }), false);
  });
  test('not by tmpfs, which the cgroup counts with the cache', () => {
    assert.equal(explained({ slab: (m) => 0.09 * m, file: (m) => m, shmem: (m) => m }), false);
    assert.equal(explained({ slab: (m) => 0.09 * m, file: (m) => 2 * m, shmem: (m) => m }), true);
  });
  test('not where the cache, the field or its line is not known', () => {
    assert.equal(explained({ slab: (m) => 0.09 * m }), false);
    assert.equal(explained({ file: (m) => m }), false);
    assert.equal(explained({ slab: (m) => 0.09 * m, file: (m) => m }, null), false);
  });
  test('by what they did since its line began', () => {
    const columns = { slab: (m: number) => 0.09 * m, file: (m: number) => Math.min(m, 60) };
    assert.equal(explained({ ...columns, file: (m) => 2 * Math.min(m, 60) }), true);
    assert.equal(explained({ ...columns, file: (m) => 2 * Math.min(m, 60) }, { ...LINE, fromT: 600 + 3600 }), false);
  });
  test('gaps are left out', () => {
    assert.equal(explained({ slab: (m) => (m % 7 === 0 ? Number.NaN : 0.09 * m), file: (m) => m }), true);
    assert.equal(explained({ slab: (m) => (m > 40 && m < 62 ? Number.NaN : 0.09 * m), file: (m) => m }), true);
  });
});

describe('the peak of a sum', () => {
  const anon: Sum = { of: (read) => read('anon'), level: () => null };
  const peak = (columns: ByField<(minute: number) => number>, perHour = 0, fromT = 0, count = 100) =>
    movement(columns, count).peak(anon, perHour, fromT);

  test('is what a twentieth of its samples reach', () => {
    assert.equal(peak({ anon: (m) => m }), 95);
    assert.equal(peak({ anon: (m) => (m % 10 === 0 ? 200 : 100) }), 200);
    assert.equal(peak({ anon: (m) => (m % 50 === 0 ? 200 : 100) }), 100);
  });
  test('is moved along the slope to the end', () => {
    assert.equal(peak({ anon: (m) => 60 * m }, 3600), 60 * 99);
    assert.equal(peak({ anon: () => 1000 }, 3600), 1000 + 60 * 95);
  });
  test('is taken from the samples since a time, all or an even part of them', () => {
    assert.equal(peak({ anon: (m) => 100 - m }, 0, 600 + 60 * 50), 100 - 52);
    assert.equal(peak({ anon: (m) => m }, 0, 0, 5000), 4751);
  });
  test('is not known from fewer than ten samples that have all values', () => {
    assert.equal(peak({ anon: (m) => m }, 0, 0, 9), null);
    assert.equal(peak({ anon: (m) => m }, 0, 0, 10), 9);
    assert.equal(peak({ anon: (m) => (m < 91 ? Number.NaN : m) }), null);
    assert.equal(peak({ anon: (m) => (m < 90 ? Number.NaN : m) }), 99);
    assert.equal(peak({}), null);
  });
  test('is that of all parts, of which one that is missing stands at its known level', () => {
    const both: Sum = {
      of: (read) => (read('anon') === null ? null : read('anon')! + (read('shmem') ?? 0)),
      level: (id) => (id === 'shmem' ? 7 : null),
    };
    const of = (shmem: (minute: number) => number) => movement({ anon: (m) => m, shmem }, 100).peak(both, 0, 0);
    assert.equal(
      of(() => 1000),
      1095,
    );
    assert.equal(
      of(() => Number.NaN),
      102,
    );
    assert.equal(movement({ anon: (m) => m }, 100).peak(both, 0, 0), 102);
  });
});
