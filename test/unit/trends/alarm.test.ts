import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAlarm, INITIAL_STATE, nextState } from '../../../src/trends/alarm.ts';
import type { Evaluation, FieldTrend } from '../../../src/trends/types.ts';

const evaluation = (leak: boolean | null): Evaluation => ({
  trend: leak === null ? 'not-enough-data' : leak ? 'growing' : 'stable',
  leak,
  confidence: 0.9,
  causes: [],
  etas: [],
  needs: null,
  causeBasis: [],
  fields: {},
});

/** `L` a leak was found, `.` none, `?` too young a run to know; the leak that is reported: `T` true, `n` null, `f` false. */
const reportedFor = (found: string): string => {
  let state = INITIAL_STATE;
  return [...found]
    .map((letter, minute) => {
      const after = nextState(state, evaluation(letter === '?' ? null : letter === 'L'), minute * 60);
      state = after.state;
      return after.reported.leak === true ? 'T' : after.reported.leak === null ? 'n' : 'f';
    })
    .join('');
};

const TABLE = `
  LLLL          nnTT
  LL.LL.        nnfnnf
  LLL....       nnTTTTT
  LLL.....      nnTTTTTf
  LLL....L....  nnTTTTTTTTTT
  ......        ffffff
  LLL???LL.     nnTnnnTTT
  LL?L          nnnT
`;

test('a leak is reported after three findings in a row and cleared after five without; a run too young to know changes nothing', () => {
  for (const row of TABLE.trim().split('\n')) {
    const [found, answer] = row.trim().split(/\s+/);
    assert.equal(reportedFor(found!), answer, found);
  }
});

/** A leak that rests on two days of anon, with so many seconds to the limit. */
const long = (etaS: number): Evaluation => ({
  ...evaluation(true),
  etas: [{ event: 'oom-kill', seconds: etaS, low: etaS, high: etaS }],
  fields: {
    anon: { trend: 'growing', windowSeconds: 172_800 } as FieldTrend,
    file: { trend: 'stable', windowSeconds: 864_000 } as FieldTrend,
  },
});

/** Minutes after which a leak is reported that is found each ten minutes from the first on. */
function reportedAfter(
  found: (minute: number) => Evaluation,
  atS: (minute: number) => number = (minute) => minute * 60,
): number | null {
  let state = INITIAL_STATE;
  for (let minute = 0; minute < 600; minute += 10) {
    state = nextState(state, found(minute), atS(minute)).state;
    if (state.firing) return minute;
  }
  return null;
}

test('a leak that rests on two days must be found for a thirtieth of them, without a break', () => {
  assert.equal(
    reportedAfter(() => long(1e6)),
    100,
  );
  assert.equal(
    reportedAfter((minute) => (minute === 90 ? evaluation(false) : long(1e6))),
    200,
  );
});

test('a leak with little time left is reported after a twentieth of that time', () => {
  assert.equal(
    reportedAfter(() => long(12 * 3600)),
    40,
  );
  assert.equal(
    reportedAfter(() => long(60)),
    20,
  );
});

test('a clock that is set back does not make a leak reported sooner', () => {
  assert.equal(
    reportedAfter(
      () => long(1e6),
      (minute) => (minute < 50 ? 1e6 : 0) + minute * 60,
    ),
    150,
  );
});

test('a finding below the confidence of an alarm raises none, but keeps one that is raised', () => {
  for (const [confidence, raised] of [
    [0.79, false],
    [0.8, true],
  ] as const) {
    const alarm = createAlarm();
    const reported = [1, 2, 3].map((minute) => alarm.update({ ...evaluation(true), confidence }, 60 * minute).leak);
    assert.deepEqual(reported, [null, null, raised ? true : null]);
  }
  const alarm = createAlarm();
  for (const minute of [1, 2, 3]) alarm.update(evaluation(true), 60 * minute);
  for (const minute of [4, 5, 6, 7, 8, 9])
    assert.equal(alarm.update({ ...evaluation(true), confidence: 0.5 }, 60 * minute).leak, true);
});

test('while an alarm is raised, an evaluation without a leak is reported as the last one with it', () => {
  const alarm = createAlarm();
  for (const confidence of [0.81, 0.82, 0.83]) alarm.update({ ...evaluation(true), confidence }, 6000 * confidence);
  assert.equal(alarm.update(evaluation(false), 6000).confidence, 0.83);
});

test('after a restart the old leak is not repeated, and the same leak is reported as soon as it is found', () => {
  const alarm = createAlarm();
  for (const minute of [1, 2, 3]) alarm.update(evaluation(true), 60 * minute);
  alarm.containerRestarted();
  assert.equal(alarm.update(evaluation(false), 240).leak, false);
  assert.equal(alarm.update(evaluation(true), 300).leak, true);
});

test('a leak that was found before a break without an alarm is forgotten', () => {
  let { state } = nextState(INITIAL_STATE, evaluation(true), 60);
  assert.equal(state.lastLeak?.leak, true);
  state = nextState(state, evaluation(false), 120).state;
  assert.equal(state.lastLeak, null);
  assert.equal(state.pendingSinceS, null);
});
