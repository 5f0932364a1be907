import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import { lockedCacheColumn } from '../../../../src/trends/together/derived-columns.ts';
import { MIB } from '../../../../src/units.ts';

const columns = (mib: ByField<readonly number[]>) =>
  new Map(entriesOf(mib).map(([id, values]) => [id, Float64Array.from(values, (value) => value * MIB)]));
const lists = { anon: [100, 100], active_anon: [60, 60], inactive_anon: [40, 20], file: [80, 80], shmem: [0, 0] };

test('locked page cache is what is on the unevictable list and not anonymous, by sample', () => {
  const locked = lockedCacheColumn(columns({ ...lists, unevictable: [10, 30] }));
  assert.deepEqual([...(locked ?? [])], [10 * MIB, 10 * MIB]);
  assert.deepEqual([...(lockedCacheColumn(columns({ ...lists, unevictable: [Number.NaN, 30] })) ?? [])], [Number.NaN, 10 * MIB]);
});

test('it is not known without the lists, and not worth a trend where hardly any is locked', () => {
  assert.equal(lockedCacheColumn(columns({ anon: [100, 100], unevictable: [10, 30] })), null);
  assert.equal(lockedCacheColumn(columns(lists)), null);
  assert.equal(lockedCacheColumn(columns({ ...lists, unevictable: [0.5, 0.5] })), null);
});
