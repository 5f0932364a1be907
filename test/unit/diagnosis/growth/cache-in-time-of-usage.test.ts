import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCacheInTimeOfUsage } from '../../../../src/diagnosis/growth/cache-in-time-of-usage.ts';
import type { FieldTrend } from '../../../../src/trends/types.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';
import { causeShare, fieldTrend, ruleContext } from '../../../support/rule-context.ts';

const since = (fromT: number, perSecond: number): FieldTrend => {
  const field = fieldTrend('growing', perSecond * HOUR_S);
  return { ...field, basis: { ...field.basis, line: { fromT, toT: 29, level: 0, slopePerSecond: perSecond } } };
};

/** Page cache that is 15 of 16 parts of 3.2 MiB a second, and its line of the last seconds with another slope. */
function cachePerSecond(
  lineFrom: number,
  perSecond: number,
  usageFrom = 0,
  windowSeconds = HOUR_S,
  { foundPerSecond = perSecond, shmemPerSecond = 0 } = {},
): number {
  const t = Float64Array.from({ length: 30 }, (_, i) => i);
  const { evaluation } = ruleContext({
    evaluation: {
      trend: 'growing',
      causes: [
        causeShare('page-cache', foundPerSecond * HOUR_S),
        ...(shmemPerSecond > 0 ? [causeShare('shmem', shmemPerSecond * HOUR_S)] : []),
      ],
      fields: { usage: { ...since(usageFrom, 3.2 * MIB), windowSeconds }, file: since(lineFrom, perSecond) },
    },
  });
  const fields = new Map([
    ['file', t.map((s) => 3 * MIB * s)],
    ['usage', t.map((s) => 3.2 * MIB * s)],
  ] as const);
  return withCacheInTimeOfUsage(evaluation, { t, fields }).causes[0]!.bytesPerHour / HOUR_S;
}

test('page cache has its pace since all memory used grows so, where its own line is of the last seconds', () => {
  assert.equal(Math.round(cachePerSecond(26, 2.6 * MIB)), 3 * MIB);
  assert.equal(Math.round(cachePerSecond(26, 3.6 * MIB)), 3 * MIB);
});

test('page cache of a young run has its measured share of the growth, also where its line is as long', () => {
  assert.equal(Math.round(cachePerSecond(0, 2.6 * MIB, 0, 30)), 3 * MIB);
});

test('page cache of a young run is no faster than all memory used, of which it is a part', () => {
  assert.equal(Math.round(cachePerSecond(26, 9 * MIB, 0, 30)), 3 * MIB);
});

test('page cache has the slope of its own line where that is as long, or many times as fast: then it is another growth', () => {
  assert.equal(cachePerSecond(0, 2.6 * MIB), 2.6 * MIB);
  assert.equal(cachePerSecond(10, 2.6 * MIB, 12), 2.6 * MIB);
  assert.equal(cachePerSecond(26, 9 * MIB), 9 * MIB);
});

test('page cache of an answer that is held, whose field has another slope by now, has its measured share too', () => {
  assert.equal(Math.round(cachePerSecond(26, 0.4 * MIB, 0, 30, { foundPerSecond: 2 * MIB })), 3 * MIB);
});

test('page cache beside a tmpfs, which is counted with it, has its share of both', () => {
  const perSecond = cachePerSecond(26, 4 * MIB, 0, 30, { foundPerSecond: 3 * MIB, shmemPerSecond: MIB });
  assert.equal(Math.round(perSecond), 2.25 * MIB);
});
