import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdSeconds, Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import { DAY_S, HOUR_S, MINUTE_S } from '../../../src/units.ts';

/** What is published of these values, one a second, in a window of a minute: a contradiction must hold for 20 s. */
function published<T>(values: readonly T[], keeping: Parameters<Steady['keep']>[2] = {}): T[] {
  let state: SteadyState | null = null;
  return values.map((value, second) => {
    const steady = new Steady(state, second, MINUTE_S);
    const kept = steady.keep('it', value, keeping as Parameters<typeof steady.keep<T>>[2]);
    state = steady.after;
    return kept;
  });
}

const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

test('a statement that comes and goes at each evaluation is published once and stays', () => {
  const values = Array.from({ length: 600 }, (_, second) => second % 3 === 0);
  assert.deepEqual(new Set(published(values)), new Set([true]));
});

test('another statement replaces it once it has held for the time, and then stays itself', () => {
  assert.deepEqual(published([true, ...times(25, false), true, false]), [...times(21, true), ...times(7, false)]);
});

test('one evaluation that agrees begins the wait again', () => {
  const values = [...times(5, 'a'), ...times(19, 'b'), 'a', ...times(19, 'b')];
  assert.deepEqual(new Set(published(values)), new Set(['a']));
});

test('the numbers are those of the newest evaluation that says the same', () => {
  const same = (a: unknown, b: unknown) => (a as { is: string }).is === (b as { is: string }).is;
  const values = [1, 2, 3].map((n) => ({ is: 'growing', n }));
  const other = { is: 'stable', n: 9 };
  assert.deepEqual(
    published([...values, other, { is: 'growing', n: 4 }], { same }).map(({ n }) => n),
    [1, 2, 3, 3, 4],
  );
});

test('a change that is published at once does not wait', () => {
  assert.deepEqual(published([1, 2, 1], { atOnce: (before, now) => (now as number) > (before as number) }), [1, 2, 2]);
});

test('a statement that a verdict does not make is forgotten', () => {
  const first = new Steady(null, 0, MINUTE_S);
  first.keep('it', true);
  const second = new Steady(first.after, 1, MINUTE_S);
  const third = new Steady(second.after, 2, MINUTE_S);
  assert.equal(third.keep('it', false), false);
});

test('a clock that was set back begins the wait again', () => {
  const first = new Steady(null, 1000, MINUTE_S);
  first.keep('it', true);
  const second = new Steady(first.after, 1010, MINUTE_S);
  second.keep('it', false);
  const back = new Steady(second.after, 100, MINUTE_S);
  assert.equal(back.keep('it', false), true);
  assert.equal(new Steady(back.after, 119, MINUTE_S).keep('it', false), true);
  assert.equal(new Steady(back.after, 120, MINUTE_S).keep('it', false), false);
});

test('the wait is a third of a short window, a minute of half an hour, and a thirtieth of a long one', () => {
  assert.deepEqual([30, MINUTE_S, 10 * MINUTE_S, 30 * MINUTE_S, HOUR_S, DAY_S].map(holdSeconds), [10, 20, 60, 60, 120, 2880]);
});

test('what several statements rest on is found once in a verdict, also if it is nothing', () => {
  const steady = new Steady(null, 0, 3600);
  let found = 0;
  const find = (): null => {
    found++;
    return null;
  };
  assert.deepEqual([steady.once('rise', find), steady.once('rise', find)], [null, null]);
  assert.equal(found, 1);
  assert.equal(
    steady.once('swings', () => 7),
    7,
  );
});
