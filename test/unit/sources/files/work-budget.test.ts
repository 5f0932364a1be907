import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkBudget } from '../../../../src/sources/files/work-budget.ts';

test('the first scan may use four fifths of what was saved, a later one ten times what a scan adds', () => {
  const budget = new WorkBudget(10, 1000);
  budget.refill();
  assert.equal(budget.left, 800);
  budget.spend(800);
  budget.refill();
  assert.equal(budget.left, 100);
});

test('operations that are granted count for this scan alone', () => {
  const budget = new WorkBudget(10, 1000);
  budget.refill();
  budget.spend(1000);
  budget.refill();
  assert.equal(budget.left, 10);
  budget.grant(250);
  assert.equal(budget.left, 260);
  budget.spend(260);
  budget.refill();
  assert.equal(budget.left, 10);
});
