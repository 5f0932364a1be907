import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldName } from '../../../../src/fields.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { PastEvaluations } from '../../../../src/trends/runs/past-evaluations.ts';
import { fieldEvaluation } from '../../../support/evaluation.ts';

const t = Float64Array.from({ length: 40 }, (_, i) => 60 * i);
const values = t.map((_, i) => 1000 + i);
const run = { t, from: 10, to: 20, intervalS: 60, limit: 5000, shared: new SharedWork(PLAIN_ARITHMETIC) };

/** Whether an evaluation is known after that of `run`. */
function isKnown(other: Partial<typeof run>, { id = 'anon' as FieldName, column = values } = {}): boolean {
  const past = new PastEvaluations();
  const first = past.evaluation('anon', values, run, () => fieldEvaluation());
  return past.evaluation(id, column, { ...run, ...other }, () => fieldEvaluation()) === first;
}

test('the evaluation of a run that is over is made once, also where the history before it has been dropped', () => {
  assert.equal(isKnown({}), true);
  assert.equal(isKnown({ t: t.slice(5), from: 5, to: 15 }, { column: values.slice(5) }), true);
  const gap = values.with(12, Number.NaN);
  const past = new PastEvaluations();
  const first = past.evaluation('anon', gap, run, () => fieldEvaluation());
  assert.equal(
    past.evaluation('anon', gap, run, () => fieldEvaluation()),
    first,
  );
});

test('a change of single values far apart is seen, and one after the run is not', () => {
  assert.equal(isKnown({}, { column: values.with(18, values[18]! + 5) }), false);
  assert.equal(isKnown({}, { column: values.with(11, values[11]! - 1).with(10, values[10]! + 1) }), false);
  assert.equal(isKnown({}, { column: values.with(20, 0) }), true);
  const gap = values.with(15, Number.NaN);
  const past = new PastEvaluations();
  const first = past.evaluation('anon', gap, run, () => fieldEvaluation());
  const other = past.evaluation('anon', gap.with(16, 0), run, () => fieldEvaluation());
  assert.notEqual(other, first, 'beside a gap');
});

test('another field, time, length, limit, value or order of values is another evaluation', () => {
  assert.equal(isKnown({}, { id: 'file' }), false);
  assert.equal(isKnown({ t: t.map((at) => at + 1) }), false);
  assert.equal(isKnown({ t: t.with(19, 1141) }), false, 'its end');
  assert.equal(isKnown({ t: t.with(10, 599) }), false, 'its beginning');
  assert.equal(isKnown({ limit: 6000 }), false);
  assert.equal(isKnown({}, { column: values.with(15, 0) }), false);
  assert.equal(isKnown({}, { column: values.with(11, values[12]!).with(12, values[11]!) }), false);
  assert.equal(isKnown({}, { column: values.with(15, Number.NaN) }), false);
  const flat = values.map(() => 0);
  const past = new PastEvaluations();
  const first = past.evaluation('anon', flat, run, () => fieldEvaluation());
  const fewer = { ...run, t: t.with(20, 1140), to: 21 };
  assert.notEqual(
    past.evaluation('anon', flat, fewer, () => fieldEvaluation()),
    first,
    'the number of its samples',
  );
});

test('the newest 128 evaluations are kept', () => {
  const past = new PastEvaluations();
  const at = (limit: number) => past.evaluation('anon', values, { ...run, limit }, () => fieldEvaluation({ points: limit }));
  const [first, second] = [at(0), at(1)];
  for (let limit = 2; limit < 128; limit++) at(limit);
  assert.equal(at(0), first, '128 are kept');
  at(128);
  assert.equal(at(1), second);
  assert.notEqual(at(0), first, 'the oldest one made room');
});
