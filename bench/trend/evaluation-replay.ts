import { fieldName } from '../../src/fields.ts';
import { NO_PARTS } from '../../src/history/part-readings.ts';
import type { Series } from '../../src/history/series.ts';
import { exceedsThreshold, INITIAL_STATE, nextState } from '../../src/trends/alarm.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import type { Evaluation } from '../../src/trends/types.ts';

/** Samples come every five minutes, and every second one is evaluated: every ten minutes, as in `watch`. */
export const STEP_S = 300;
const SAMPLES_PER_ANSWER = 2;
const OPTIONS = { minHistorySeconds: 900 };

/** The evaluations of `watch` for a container's columns, numbered from 0, ten minutes apart. */
export class EvaluationReplay {
  readonly #columns: ReadonlyMap<string, Float64Array>;
  readonly #limit: number;
  readonly #t: Float64Array;
  readonly #answers = new Map<number, Evaluation>();
  readonly answers: number;
  constructor(columns: ReadonlyMap<string, Float64Array>, limit: number) {
    const n = columns.values().next().value!.length;
    this.#columns = columns;
    this.#limit = limit;
    this.#t = Float64Array.from({ length: n }, (_, i) => 1_700_000_000 + i * STEP_S);
    this.answers = Math.floor(n / SAMPLES_PER_ANSWER);
  }

  /** Number of evaluations that had to be made. */
  get worked(): number {
    return this.#answers.size;
  }

  answer(index: number): Evaluation {
    const known = this.#answers.get(index);
    if (known !== undefined) return known;
    const to = (index + 1) * SAMPLES_PER_ANSWER;
    const series: Series = {
      t: this.#t.subarray(0, to),
      fields: new Map([...this.#columns].map(([id, column]) => [fieldName(id), column.subarray(0, to)])),
      intervalS: STEP_S,
      limitBytes: this.#limit,
      heapMaxBytes: null,
      events: [],
      files: [],
      parts: NO_PARTS,
    };
    const evaluation = evaluateSeries(series, OPTIONS);
    this.#answers.set(index, evaluation);
    return evaluation;
  }
}

const SUREST: Evaluation = {
  trend: 'growing',
  leak: true,
  confidence: 1,
  causes: [],
  etas: [],
  needs: null,
  causeBasis: [],
  fields: {},
};

/** Time of an evaluation, seconds. */
const timeOf = (index: number): number => index * SAMPLES_PER_ANSWER * STEP_S;

/** Minimum number of evaluations in a row for the alarm. It is counted with the alarm itself, so it cannot differ. */
function wantedInARow(): number {
  let state = INITIAL_STATE;
  for (let count = 1; count < 100; count++) {
    state = nextState(state, SUREST, timeOf(count)).state;
    if (state.firing) return count;
  }
  throw new Error('the alarm is never given');
}

/**
 * The first evaluation at which the alarm fires; null: never. The result is exact. An alarm needs at least k evaluations in a row with
 * a leak. Every k in a row contain exactly one with the number k-1, 2k-1, ... If that one finds no leak, no row that contains it can raise
 * the alarm. So those are made first, and their neighbours only if they find a leak. The alarm itself then decides on the whole row.
 *
 *     number    0 1 2 3 4 5 6 7 8     k = 3: 2, 5 and 8 are made; if 5 finds a leak, 3, 4, 6 and 7 too
 */
export function firstAlarm(
  asked: EvaluationReplay,
  counts: (evaluation: Evaluation) => boolean = exceedsThreshold,
): number | null {
  const k = wantedInARow();
  for (let index = k - 1; index < asked.answers; index += k) {
    if (!counts(asked.answer(index))) continue;
    let at = index;
    while (at > 0 && counts(asked.answer(at - 1))) at--;
    let state = INITIAL_STATE;
    for (; at < asked.answers && counts(asked.answer(at)); at++) {
      // Growth that counts here is given to the alarm as a leak, whatever its cause.
      state = nextState(state, { ...asked.answer(at), leak: true, confidence: 1 }, timeOf(at)).state;
      if (state.firing) return at;
    }
    while (index + k <= at) index += k;
  }
  return null;
}

/** The same with all evaluations one after the other, as in `watch`. */
export function firstAlarmByAll(asked: EvaluationReplay): number | null {
  let state = INITIAL_STATE;
  for (let index = 0; index < asked.answers; index++) {
    const after = nextState(state, asked.answer(index), timeOf(index));
    state = after.state;
    if (after.reported.leak === true) return index;
  }
  return null;
}
