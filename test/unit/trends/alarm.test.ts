import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUIET, step } from '../../../src/trends/alarm.ts';
import type { Judgement } from '../../../src/trends/types.ts';

const judgement = (leak: boolean | null): Judgement => ({
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
  let state = QUIET;
  return [...found]
    .map((letter) => {
      const after = step(state, judgement(letter === '?' ? null : letter === 'L'));
      state = after.state;
      return after.answer.leak === true ? 'T' : after.answer.leak === null ? 'n' : 'f';
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
