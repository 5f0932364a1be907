import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Verdict } from '../../../../src/diagnosis/types.ts';
import type { SamplesAnswer } from '../../../../src/outlets/status.ts';
import { PageState } from '../../../../web/data/page-state.ts';

const rows = (...usage: number[]): SamplesAnswer => ({
  interval_s: 1,
  limit_bytes: null,
  heap_max_bytes: null,
  request_bytes: null,
  t: usage.map((_, i) => 100 + i),
  fields: { usage },
  aux: { events: [] },
});
const tick = (s: number, usage: number) => ({ at: new Date(s * 1000).toISOString(), values: { usage }, limitBytes: 1000 });
const whole = { zoomed: false, oldest: () => Number.NEGATIVE_INFINITY };
const hello = { everySeconds: 1, attach: true };

describe('rows', () => {
  test('a late answer does not undo a newer one', () => {
    const state = new PageState();
    const [early, late] = [state.requestRows(), state.requestRows()];
    assert.equal(state.takeRows(late, rows(1, 2, 3), false), true);
    assert.equal(state.takeRows(early, rows(9), false), false);
    assert.deepEqual(state.rows!.fields.usage, [1, 2, 3]);
  });

  test('a tick adds a row to the whole range, and none to a past time that is zoomed to; its values are known in both', () => {
    const state = new PageState();
    state.takeRows(state.requestRows(), rows(1, 2, 3), false);
    assert.deepEqual(state.takeTick(tick(103, 7), whole), { replaced: false, removed: 0 });
    assert.equal(state.takeTick(tick(104, 8), { ...whole, zoomed: true }), null);
    assert.deepEqual(state.rows!.fields.usage, [1, 2, 3, 7]);
    assert.equal(state.latest.value('usage'), 8);
  });

  test('a past time that is zoomed to is not taken for what is now', () => {
    const state = new PageState();
    state.takeRows(state.requestRows(), rows(1, 2, 3), true);
    assert.equal(state.latest.value('usage'), null);
  });

  test('a tick that comes before the first rows is remembered, and draws nothing', () => {
    const state = new PageState();
    assert.equal(state.takeTick(tick(100, 5), whole), null);
    assert.equal(state.latest.value('usage'), 5);
  });
});

describe('hello', () => {
  test('asks for nothing at the first connection, and for everything after a break, once', () => {
    const state = new PageState();
    assert.equal(state.takeHello(hello), false);
    state.loseConnection();
    assert.equal(state.takeHello(hello), true);
    assert.equal(state.takeHello(hello), false);
  });

  test('a first connection that fails counts as a break', () => {
    const state = new PageState();
    state.loseConnection();
    assert.equal(state.takeHello(hello), true);
  });
});

test('a verdict ends a refusal, and a refusal takes the verdict away', () => {
  const state = new PageState();
  const verdict = { headline: 'x' } as Verdict;
  assert.deepEqual([state.verdict, state.refused], [null, false]);
  state.takeVerdict(verdict);
  assert.deepEqual([state.verdict, state.refused], [verdict, false]);
  state.takeRefusal();
  assert.deepEqual([state.verdict, state.refused], [null, true]);
  state.takeVerdict(verdict);
  assert.equal(state.refused, false);
});

test('"max" and an unknown limit are no bytes, and another container has none of the former one’s values', () => {
  const state = new PageState();
  state.takeTick(tick(100, 5), whole);
  assert.equal(state.limitBytes, 1000);
  for (const none of ['max', null] as const) {
    state.takeLimit(none);
    assert.equal(state.limitBytes, null);
  }
  state.changeTarget();
  assert.equal(state.latest.value('usage'), null);
});
