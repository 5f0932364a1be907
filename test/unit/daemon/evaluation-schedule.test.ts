import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EvaluationSchedule } from '../../../src/daemon/evaluation-schedule.ts';
import { History } from '../../../src/history/history.ts';
import { exceedsThreshold } from '../../../src/trends/alarm.ts';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';
import { HOUR_S, MIB } from '../../../src/units.ts';

/** So many minutes, memory flat but for some wandering. */
function flat(minutes: number): History {
  const history = new History();
  for (let minute = 0; minute < minutes; minute++) add(history, minute * 60, 300 * MIB + (minute % 7) * 4096);
  return history;
}

function add(history: History, t: number, usage: number, epoch = 'first'): void {
  history.append({
    atMs: t * 1000,
    epoch,
    values: { usage, anon: usage },
    limitBytes: 1024 * MIB,
    heapMaxBytes: null,
    failures: [],
  });
}

const options = { minHistorySeconds: 900, final: false };

test('a long run is evaluated again after a sixtieth of its length, and after ten minutes at the latest, and not before', () => {
  for (const [hours, pauseMinutes] of [
    [3, 3],
    [24, 10],
  ] as const) {
    const [history, judging] = [flat(hours * 60), new EvaluationSchedule()];
    const first = judging.evaluate(history, options);
    assert.equal(first.trend, 'stable');
    // The newest sample is that of the minute before.
    for (let minute = 0; minute < pauseMinutes - 1; minute++) add(history, hours * HOUR_S + minute * 60, 300 * MIB);
    assert.equal(judging.evaluate(history, options), first, `${hours} h`);
    add(history, hours * HOUR_S + (pauseMinutes - 1) * 60, 300 * MIB);
    assert.notEqual(judging.evaluate(history, options), first, `${hours} h`);
  }
});

test('a run is evaluated at once after a jump of memory, an event, the begin of another run, and its end', () => {
  const changes: readonly ((history: History) => void)[] = [
    (history) => add(history, 24 * HOUR_S, 330 * MIB),
    (history) => history.recordEvent({ t: 24 * HOUR_S, type: 'oom_kill' }),
    (history) => add(history, 24 * HOUR_S, 300 * MIB, 'second'),
  ];
  for (const change of changes) {
    const [history, judging] = [flat(24 * 60), new EvaluationSchedule()];
    const first = judging.evaluate(history, options);
    assert.equal(judging.evaluate(history, options), first);
    change(history);
    assert.notEqual(judging.evaluate(history, options), first, change.toString());
  }
  const [history, judging] = [flat(24 * 60), new EvaluationSchedule()];
  const first = judging.evaluate(history, options);
  assert.notEqual(judging.evaluate(history, { ...options, final: true }), first);
});

test('a run that is too short for a trend is evaluated each time', () => {
  const [history, judging] = [new History(), new EvaluationSchedule()];
  add(history, 0, MIB);
  const first = judging.evaluate(history, options);
  assert.equal(first.trend, 'not-enough-data');
  assert.notEqual(judging.evaluate(history, options), first);
});

/** Minutes with a leak of 10 MiB an hour, of which this program saw nothing. */
function leaking(untilMinute: number): History {
  const history = new History();
  for (let minute = 0; minute < untilMinute; minute++)
    add(history, minute * 60, 300 * MIB + (minute * 10 * MIB) / 60 + (minute % 7) * 4096);
  return history;
}

test('a memhound that starts with a long history of a leak reports the leak at once', () => {
  assert.equal(new EvaluationSchedule().evaluate(leaking(36 * 60), options).leak, true);
});

test('this holds at any fraction of a second', () => {
  for (let n = 0; n < 10; n++) {
    const history = new History();
    const startS = 1_790_000_000 + n * 0.0137;
    for (let minute = 0; minute < 36 * 60; minute++)
      add(history, startS + minute * 60, 300 * MIB + (minute * 15 * MIB) / 60 + (minute % 7) * 4096);
    assert.equal(new EvaluationSchedule().evaluate(history, options).leak, true, `started at ${startS}`);
  }
});

test('a leak that has just begun to show is not reported yet, even right after a start', () => {
  // Part of a day may be daily load: after a day it no longer is.
  const raw = (minute: number) =>
    evaluateSeries(leaking(minute).series({ fields: null, fromS: null, toS: null, points: null, epoch: 'all' }), options);
  let minute = 23 * 60;
  while (!exceedsThreshold(raw(minute))) minute += 5;
  assert.ok(minute > 23 * 60 && minute < 25 * 60);
  assert.equal(new EvaluationSchedule().evaluate(leaking(minute), options).leak, null);
});
