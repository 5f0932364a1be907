import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oomKilled } from '../../../../src/diagnosis/rules/oom-killed.ts';
import { GIB, HOUR_S } from '../../../../src/units.ts';
import { applyRule, NOW_MS } from '../../../support/rule-context.ts';

/** OOM kills so many seconds ago, oldest first. */
const killed = (...ago: readonly number[]) =>
  applyRule(oomKilled, {
    series: { events: ago.map((s) => ({ t: NOW_MS / 1000 - s, type: 'oom_kill' })) },
    lastEnd: { atMs: NOW_MS - ago.at(-1)! * 1000, oomKilled: 'recorded', address: '/api/v1/verdict?epoch=-1' },
  });

test('an OOM kill within a day is critical, and its time is named', () => {
  assert.deepEqual(killed(12 * HOUR_S), {
    id: 'oom-killed',
    severity: 'critical',
    title: '1 OOM kill, at 2020-12-21T12:00:00.000Z',
    outcome: 'was OOM-killed',
    evidence: { count: 1, lastAt: '2020-12-21T12:00:00.000Z', limitBytes: 2 * GIB },
    advice:
      'Read the final verdict of the container that was killed: /api/v1/verdict?epoch=-1. If its heap was flat, memory outside the heap grew.',
    limit: { kind: 'memory', bytes: 2 * GIB, level: 'unreclaimable', levelBytes: null },
    headline: null,
  });
});

test('several OOM kills are counted, and the last is dated', () => {
  const found = killed(30 * HOUR_S, 12 * HOUR_S);
  assert.equal(found?.title, '2 OOM kills, the last at 2020-12-21T12:00:00.000Z');
  assert.equal(found?.severity, 'critical');
});

test('a kill is recent for one day', () => {
  assert.equal(killed(24 * HOUR_S)?.severity, 'critical');
  assert.equal(killed(24 * HOUR_S + 1)?.severity, 'warn');
});

test('a restart is no OOM kill', () => {
  assert.equal(applyRule(oomKilled, { series: { events: [{ t: NOW_MS / 1000, type: 'restart' }] } }), null);
  assert.equal(applyRule(oomKilled, {}), null);
});

test('an address is given only where a final verdict answers', () => {
  const events = [{ t: NOW_MS / 1000, type: 'oom_kill' as const }];
  assert.equal(applyRule(oomKilled, { series: { events } })?.advice, 'If its heap was flat, memory outside the heap grew.');
});

test('kills of other processes are reported as such where they came last', () => {
  const kill = (ago: number) => ({ t: NOW_MS / 1000 - ago, type: 'process_oom_kill' as const });
  const parent = { pid: 1, name: 'java' };
  const chrome = { pid: 9, name: 'chrome', anonBytes: GIB, parent };
  const found = applyRule(oomKilled, {
    series: {
      events: [
        { ...kill(20), killed: [] },
        { ...kill(10), killed: [chrome] },
      ],
    },
  });
  assert.equal(
    found?.title,
    'The OOM killer struck 2 times, the last at 2020-12-21T23:59:50.000Z: it ended chrome (pid 9, 1 GiB when last seen, started by the JVM); the JVM still runs',
  );
  const container = [
    { ...kill(20), killed: [chrome] },
    { t: NOW_MS / 1000 - 10, type: 'oom_kill' as const },
  ];
  assert.match(applyRule(oomKilled, { series: { events: container } })!.title, /^1 OOM kill/);
});
