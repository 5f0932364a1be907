import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INITIAL_STATE, nextState } from '../../../src/trends/alarm.ts';
import type { Evaluation, FieldTrend } from '../../../src/trends/types.ts';

const judgement = (leak: boolean | null): Evaluation => ({
  trend: leak === null ? 'not-enough-data' : leak ? 'growing' : 'stable',
  leak,
  confidence: 0.9,
  causes: [],
  etas: [],
  needs: null,
  fields: {},
});

/** `L` a leak was found, `.` none, `?` too young a life to tell; the answer's leak: `T` true, `n` null, `f` false. */
const told = (found: string): string => {
  let state = INITIAL_STATE;
  return [...found]
    .map((letter, minute) => {
      const after = nextState(state, judgement(letter === '?' ? null : letter === 'L'), minute * 60);
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

test('a leak is told after three findings in a row and taken back after five without; a life too young to tell changes nothing', () => {
  for (const row of TABLE.trim().split('\n')) {
    const [found, answer] = row.trim().split(/\s+/);
    assert.equal(told(found!), answer, found);
  }
});

/** A leak that rests on two days of anon, with so many seconds to the limit. */
const long = (etaS: number): Evaluation => ({
  ...judgement(true),
  etas: [{ event: 'oom-kill', seconds: etaS, low: etaS, high: etaS }],
  fields: {
    anon: { trend: 'growing', windowSeconds: 172_800 } as FieldTrend,
    file: { trend: 'stable', windowSeconds: 864_000 } as FieldTrend,
  },
});

/** Minutes after which a leak is told that is found each ten minutes from the first on. */
function toldAfter(
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
    toldAfter(() => long(1e6)),
    100,
  );
  assert.equal(
    toldAfter((minute) => (minute === 90 ? judgement(false) : long(1e6))),
    200,
  );
});

test('a leak with little time left is told after a twentieth of that time', () => {
  assert.equal(
    toldAfter(() => long(12 * 3600)),
    40,
  );
  assert.equal(
    toldAfter(() => long(60)),
    20,
  );
});

test('a clock that is set back does not make a leak told sooner', () => {
  assert.equal(
    toldAfter(
      () => long(1e6),
      (minute) => (minute < 50 ? 1e6 : 0) + minute * 60,
    ),
    150,
  );
});
