import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endedAtLimit } from '../../../src/diagnosis/ended-at-limit.ts';
import { type Given, ruleContext } from '../../support/rule-context.ts';

/** A limit of 1000 bytes; the container ended after these samples of anon, by default 10 s apart. */
const ended = (anon: readonly number[], series: Given['series'] = {}) =>
  endedAtLimit(
    ruleContext({
      series: {
        limitBytes: 1000,
        intervalS: 10,
        t: Float64Array.from(anon, (_, i) => 1000 + 10 * i),
        fields: new Map([['anon', Float64Array.from(anon)]]),
        ...series,
      },
    }),
  );

test('a container whose last sample cannot be reclaimed from 97 % of the limit on ended at it', () => {
  assert.equal(ended([970]), true);
  assert.equal(ended([969]), false);
});

test('growth is followed for one and a half sampling intervals beyond the last sample', () => {
  assert.equal(ended([700, 808]), true); // 10.8 a second: 970 after 15 s
  assert.equal(ended([700, 807]), false);
  assert.equal(ended([700, 807], { intervalS: 11 }), true);
  assert.equal(ended([900, 960]), true);
  assert.equal(ended([700, 808], { t: Float64Array.of(0, 100) }), false, 'at a tenth of the pace');
});

test('only the last two known samples count, and a fall is not followed', () => {
  assert.equal(ended([0, 800, 805]), false);
  assert.equal(ended([0, 700, Number.NaN, 900, Number.NaN]), true);
  assert.equal(ended([2000, 970]), true);
  assert.equal(ended([990, 900]), false);
});

test('nothing is claimed without a limit or without a sample', () => {
  assert.equal(ended([970], { limitBytes: 'max' }), false);
  assert.equal(ended([970], { limitBytes: null }), false);
  assert.equal(ended([]), false);
  assert.equal(ended([Number.NaN]), false);
});
