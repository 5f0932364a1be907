import type { Evaluation } from '../../src/trends/types.ts';
import { Random } from '../../synthetic/random.ts';
import { EvaluationReplay, firstAlarm, STEP_S } from './evaluation-replay.ts';

/**
 * The case that memhound was written for: growth of 4.76 MB/h from a level of 635 MB, with a daily load of 40 MB and AR(1) noise of 0.9 at
 * five minutes with a deviation of 12 MB. In page cache (a log that is not rotated), and the same slope in anonymous memory.
 */
const HOURS = 72;
const LIMIT = 2e9;

export type StoryField = 'file' | 'anon';

function column(seed: number): Float64Array {
  const random = new Random(77_000 + seed);
  const phase = random.between(0, 2 * Math.PI);
  let noise = 12e6 * random.normal();
  return Float64Array.from({ length: (HOURS * 3600) / STEP_S }, (_, i) => {
    noise = 0.9 * noise + 12e6 * Math.sqrt(1 - 0.81) * random.normal();
    const day = 40e6 * Math.sin((2 * Math.PI * i * STEP_S) / 86_400 + phase);
    return 635e6 + (4.76e6 * i * STEP_S) / 3600 + day + noise;
  });
}

/** The right verdict: page cache is no leak, anonymous memory is. */
const names = (id: StoryField) => (judgement: Evaluation) =>
  judgement.trend === 'growing' && judgement.leak === (id === 'anon') && (id === 'file' || judgement.confidence >= 0.8);

export interface StoryResult {
  /** Single evaluations at 48 and 72 h. */
  readonly at48: boolean;
  readonly at72: boolean;
  /** Hours until as many evaluations in a row as the alarm needs have named it; null: not within 72. */
  readonly afterH: number | null;
}

export function runStory(id: StoryField, seed: number): StoryResult {
  const y = column(seed);
  const asked = new EvaluationReplay(
    new Map([
      ['usage', y],
      [id, y],
    ]),
    LIMIT,
  );
  const speaks = names(id);
  const perHour = asked.answers / HOURS;
  const alarmIndex = firstAlarm(asked, speaks);
  return {
    at48: speaks(asked.answer(48 * perHour - 1)),
    at72: speaks(asked.answer(72 * perHour - 1)),
    afterH: alarmIndex === null ? null : (alarmIndex + 1) / perHour,
  };
}
