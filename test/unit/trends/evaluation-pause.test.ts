import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseSeconds, usageIsSteady } from '../../../src/trends/evaluation-pause.ts';
import type { Eta, Evaluation } from '../../../src/trends/types.ts';
import { HOUR_S } from '../../../src/units.ts';
import { fieldEvaluation } from '../../support/evaluation.ts';

const pause = (windowHours: number | null, etaS: number | null = null, trend: Evaluation['trend'] = 'stable'): number => {
  const etas: Eta[] = etaS === null ? [] : [{ event: 'oom-kill', seconds: etaS, low: etaS, high: null }];
  const fields = windowHours === null ? {} : { usage: fieldEvaluation({ windowSeconds: windowHours * HOUR_S }) };
  return pauseSeconds({ trend, leak: false, confidence: 0.9, causes: [], etas, needs: null, causeBasis: [], fields });
};

test('an evaluation is repeated after a sixtieth of its window, at the latest after ten minutes', () => {
  assert.equal(pause(1), 60);
  assert.equal(pause(1000), 600);
  assert.equal(pause(null), 0, 'usage is not known');
});

test('an event that is near is evaluated twenty times before it comes', () => {
  assert.equal(pause(1000, 2000), 100);
  assert.equal(pause(1, 2000), 60);
});

test('without enough data each sample is evaluated', () => assert.equal(pause(10, null, 'not-enough-data'), 0));

test('usage is steady while it changes by less than 2 % of the limit, or of itself without one', () => {
  for (const [before, now, limit, steady] of [
    [500, 519, 1000, true],
    [500, 481, 1000, true],
    [500, 520, 1000, false],
    [500, 480, 1000, false],
    [500, 509, 'max', true],
    [500, 510, 'max', false],
    [500, 509, null, true],
    [500, 511, null, false],
    [Number.NaN, 500, 1000, false],
    [500, Number.NaN, 1000, false],
  ] as const)
    assert.equal(usageIsSteady(before, now, limit), steady, `${before} to ${now} of ${limit}`);
});
