import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EvaluationReplay, firstAlarm, firstAlarmByAll } from '../../bench/trend/evaluation-replay.ts';
import { Random } from '../../synthetic/random.ts';

/** A day of a leak that shows itself somewhere on the way, in noise that is not kind. */
function leaking(seed: number): EvaluationReplay {
  const random = new Random(seed);
  const perStep = random.scale(1e6, 8e6);
  let noise = 0;
  const anon = Float64Array.from({ length: 288 }, (_, i) => {
    noise = 0.9 * noise + 6e6 * random.normal();
    return 500e6 + perStep * i + noise;
  });
  return new EvaluationReplay(new Map([['anon', anon]]), 2e9);
}

test('the alarm is raised at the same evaluation, whether all evaluations are made or only those that decide', () => {
  let alarms = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const all = firstAlarmByAll(leaking(seed));
    assert.equal(firstAlarm(leaking(seed)), all, `seed ${seed}`);
    if (all !== null) alarms++;
  }
  assert.ok(alarms >= 1 && alarms < 5, `${alarms} of 5 are reported`);
});
