import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neededHistory } from '../../../../src/trends/field/needed-history.ts';
import { isPracticallySignificant, smallestRelevantGrowth } from '../../../../src/trends/field/practical-significance.ts';
import { DAY_S, MIB } from '../../../../src/units.ts';
import { fieldEvaluation } from '../../../support/evaluation.ts';

/** Growth a day of a field at a level, over days; in MiB, or numbers of what is counted. */
const TABLE = `
  unit   a day  level  limit  days  matters
  bytes  11     100    max    1     yes   a tenth of its level a day
  bytes  9      100    max    1     no
  bytes  -11    100    max    1     yes   a fall matters as a rise does
  bytes  5      100    1000   1     yes   0.4 % of the limit a day
  bytes  3      100    1000   1     no
  bytes  11     100    -      1     yes   no limit is known
  bytes  9      100    -      1     no
  bytes  1.1    1      max    1     yes   1 MiB a day
  bytes  0.9    1      max    2     no
  bytes  50     90     max    0.021 yes   it rose by 1 MiB
  bytes  50     90     max    0.019 no
  bytes  200    1000   max    0.06  yes   it rose by 1 % of its level
  bytes  200    1000   max    0.04  no
  bytes  29     500    max    14    yes   without a limit, a quarter of its level within the window
  bytes  29     500    -      14    yes
  bytes  29     1700   max    14    no
  count  12     100    1000   1     yes   a tenth of its number a day
  count  9      80     1000   1     no    fewer than ten a day
  count  11     80     1000   1     yes
  count  15     200    1000   1     no
  count  25     200    1000   1     yes
  count  100    50     1000   0.04  yes   three more within the window
  count  100    50     1000   0.02  no
  count  200    1000   1000   0.06  yes   1 % more within the window
  count  200    1000   1000   0.04  no
`;

test('growth matters from a size a day and a rise within the window on', () => {
  for (const row of TABLE.trim().split('\n').slice(1)) {
    const [unit, ...cells] = row.trim().split(/\s+/);
    const times = unit === 'bytes' ? MIB : 1;
    const [daily, level, , days] = cells.map(Number) as [number, number, number, number];
    const limit = cells[2] === 'max' ? 'max' : cells[2] === '-' ? null : Number(cells[2]) * MIB;
    const found = isPracticallySignificant((daily * times) / DAY_S, level * times, limit, days * DAY_S, unit!);
    assert.equal(found ? 'yes' : 'no', cells[4], row);
  }
});

test('the smallest growth that matters is a tenth of the level a day, at least 1 MiB and at most 0.4 % of the limit', () => {
  assert.deepEqual(smallestRelevantGrowth(100 * MIB, 'max'), { bytesPerDay: 10 * MIB, riseBytes: MIB });
  assert.deepEqual(smallestRelevantGrowth(1000 * MIB, 1000 * MIB), { bytesPerDay: 4 * MIB, riseBytes: 10 * MIB });
  assert.equal(smallestRelevantGrowth(MIB, null).bytesPerDay, MIB);
});

/** A field of 1000 MB, whose smallest relevant growth is 4.2 MB an hour: half of the interval an hour, after hours. */
const needed = (halfMB: number, hours: number) =>
  neededHistory(
    fieldEvaluation({ levelNow: 1000e6, low: -halfMB * 1e6, high: halfMB * 1e6, windowSeconds: 3600 * hours }),
    'max',
  );

test('the history that is missing is what narrows the interval to the smallest relevant growth', () => {
  const { hours, for: what } = needed(100 / 12, 10)!;
  assert.ok(Math.abs(hours - 10) < 1e-6, String(hours));
  assert.equal(what, 'a drift as slow as 4.2 MB an hour to show');
});

test('a narrow interval still needs the time in which that growth rises enough', () => {
  assert.ok(Math.abs(needed(0.1, 1)!.hours - 1.4) < 1e-6);
});

test('no more history is asked for where the drift would show, or where a wait would be too long', () => {
  assert.equal(needed(1, 10), null);
  assert.notEqual(needed(100, 28), null, 'four weeks are a wait');
  assert.equal(needed(100, 33), null, 'more than thirty days are not');
});

test('no more history is asked for a field that grows, is not known, or has no interval or level', () => {
  const wide = { levelNow: 1000e6, low: -20e6, high: 20e6, windowSeconds: 36_000 };
  assert.equal(neededHistory(fieldEvaluation({ ...wide, levelNow: 0, low: -5e4, high: 5e4 }), 'max'), null, 'nothing is there');
  assert.notEqual(neededHistory(fieldEvaluation(wide), 'max'), null);
  assert.equal(neededHistory(undefined, 'max'), null);
  for (const other of [{ trend: 'growing' }, { low: null }, { high: null }, { levelNow: Number.NaN }] as const)
    assert.equal(neededHistory(fieldEvaluation({ ...wide, ...other }), 'max'), null, JSON.stringify(other));
});
