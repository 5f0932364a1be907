import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restarted } from '../../../../src/diagnosis/rules/restarted.ts';
import { applyRule, NOW_MS } from '../../../support/rule-context.ts';

const restarts = (...ago: readonly number[]) =>
  applyRule(restarted, { series: { events: ago.map((s) => ({ t: NOW_MS / 1000 - s, type: 'restart' })) } });

test('a restart in the history is an info finding', () => {
  assert.deepEqual(restarts(3600), {
    id: 'restarted',
    severity: 'info',
    title: 'The container was restarted once in this history',
    evidence: { count: 1, lastAt: '2020-12-21T23:00:00.000Z' },
    advice: 'Each run of the container is evaluated on its own. No trend line crosses a restart.',
    limit: null,
    headline: null,
  });
});

test('several restarts are counted, and the last is dated', () => {
  const found = restarts(7200, 3600);
  assert.equal(found?.title, 'The container was restarted 2 times in this history');
  assert.equal(found?.evidence.lastAt, '2020-12-21T23:00:00.000Z');
});

test('without a restart it does not apply', () => {
  assert.equal(restarts(), null);
  assert.equal(applyRule(restarted, { series: { events: [{ t: NOW_MS / 1000, type: 'oom_kill' }] } }), null);
});
