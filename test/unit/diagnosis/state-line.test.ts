import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stateLine } from '../../../src/diagnosis/state-line.ts';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { diagnose } from '../../../src/diagnosis/verdict.ts';
import { GIB } from '../../../src/units.ts';
import { eta, ruleContext } from '../../support/rule-context.ts';

const base = diagnose(ruleContext());
const line = (over: Partial<Verdict>, limitBytes: number | 'max' | null = 2 * GIB) =>
  stateLine({ ...base, target: { ...ruleContext().target, limitBytes }, ...over });
const leak = { trend: 'growing', leak: true, cause: 'native', confidence: 0.97 } as const;

test('the trend, the cause, leak or not, the confidence in a word and a number, and each time as an interval', () => {
  const etas = [eta('reclaim', 500_000), eta('disk-full', 1_036_800)];
  assert.equal(
    line({ trend: 'growing', leak: false, cause: 'page-cache', confidence: 0.97, etas }),
    'growing · page cache · no leak · sure (confidence 0.97) · limit in 5 to 6 days: reclaim, no OOM kill · disk full in 11 to 13 days',
  );
  assert.equal(
    line({ ...leak, etas: [eta('heap-exhausted', 36_000), eta('oom-kill', 72_000)] }),
    'growing · native · leak · sure (confidence 0.97) · OutOfMemoryError in 9 to 11 hours · OOM kill in 18 to 22 hours',
  );
});

test('cache that waits to be written is not said to come without an OOM kill', () => {
  const finding = {
    rule: 'unwritten-cache',
    severity: 'warn',
    title: '',
    titleParts: [],
    outcome: null,
    evidence: {},
    advice: '',
    limit: null,
  } as const;
  const etas = [eta('reclaim', 500_000)];
  assert.match(
    line({ trend: 'growing', leak: false, etas, findings: [finding] }),
    /limit in 5 to 6 days: reclaim, once it is written$/,
  );
});

test('where there is not enough data no confidence is claimed', () =>
  assert.equal(line({ trend: 'not-enough-data', leak: null }), 'not enough data'));

test('where it is not known whether it leaks, the confidence is that of the growth', () => {
  assert.equal(
    line({ trend: 'growing', leak: null, confidence: 0.8 }),
    'growing · not known yet whether it is a leak · fairly sure that it grows (confidence 0.80)',
  );
  assert.equal(
    line({ trend: 'settling', leak: null, confidence: 0.8 }),
    'settling · not known yet whether it is a leak · fairly sure (confidence 0.80)',
  );
});

test('the word of the confidence goes by the number as it is shown', () => {
  const word = (confidence: number) => /(fairly sure|unsure|sure) \(/.exec(line({ confidence }))?.[1];
  assert.deepEqual([0.9, 0.895, 0.894, 0.7, 0.695, 0.694].map(word), [
    'sure',
    'sure',
    'fairly sure',
    'fairly sure',
    'fairly sure',
    'unsure',
  ]);
});

describe('growth without a time to the limit says why', () => {
  const last = (over: Partial<Verdict>, limitBytes: number | 'max' | null) => line(over, limitBytes).split(' · ').at(-1);
  const SURE = 'sure (confidence 0.97)';
  test('no limit', () => assert.equal(last(leak, 'max'), 'no limit is set'));
  test('a limit that is not known', () => assert.equal(last(leak, null), 'the limit is not known'));
  test('a target without a limit field', () =>
    assert.match(stateLine({ ...base, ...leak, target: { id: 'x', reach: 'own-cgroup' } }), / · the limit is not known$/));
  test('a time that is not known', () => assert.equal(last(leak, GIB), 'the time to the limit is not known yet'));
  test('a full disk is no limit of memory', () =>
    assert.equal(last({ ...leak, etas: [eta('disk-full', 36_000)] }, GIB), 'the time to the limit is not known yet'));
  test('what is no leak needs no time', () => assert.equal(last({ ...leak, leak: false }, GIB), SURE));
  test('what does not grow needs no time', () => assert.equal(last({ ...leak, trend: 'stable' }, 'max'), SURE));
});
