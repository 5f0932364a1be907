import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unevenRise } from '../../../../src/trends/field/uneven-rise.ts';

const t = Float64Array.from({ length: 60 }, (_, i) => i);
const of = (value: (second: number) => number, fromS = 0) => unevenRise(t, t.map(value), fromS);
const dips = (second: number): number => (second % 12 === 5 ? 60 : 0);

test('a rise with dips is a rise from the first to the last third of the window', () => {
  const { amount, share } = of((second) => 100 + 3 * second - dips(second))!;
  assert.ok(Math.abs(amount - 120) <= 6, String(amount));
  assert.ok(Math.abs(share - 120 / 130) <= 0.06, String(share));
});

test('a start that levelled off, a fall, a small rise and a few values are none', () => {
  assert.equal(
    of((second) => 100 + Math.min(100, 10 * second) - dips(second)),
    null,
  );
  assert.equal(
    of((second) => 400 - 3 * second),
    null,
  );
  assert.equal(
    of((second) => 1000 + second),
    null,
  );
  assert.equal(
    of((second) => 100 + 3 * second, 52),
    null,
  );
  assert.equal(
    of(() => Number.NaN),
    null,
  );
});
