import { fieldName } from '../../src/fields.ts';
import type { Series } from '../../src/history/series.ts';
import { exceedsThreshold, INITIAL_STATE, nextState } from '../../src/trends/alarm.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import type { Evaluation } from '../../src/trends/types.ts';

/** Samples come every five minutes, and every second one is asked about: every ten minutes, as `watch` asks. */
export const STEP_S = 300;
const SAMPLES_PER_ANSWER = 2;
const OPTIONS = { minHistorySeconds: 900 };

/** What a container's columns make `watch` answer. Answers are numbered from 0, ten minutes apart. */
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

  /** How many answers had to be worked out. */
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
    };
    const judgement = evaluateSeries(series, OPTIONS);
    this.#answers.set(index, judgement);
    return judgement;
  }
}

const SUREST: Evaluation = {
  trend: 'growing',
  leak: true,
  confidence: 1,
  causes: [],
  etas: [],
  needs: null,
  fields: {},
};

/** Time of an answer, seconds. */
const timeOf = (index: number): number => index * SAMPLES_PER_ANSWER * STEP_S;

/** How many answers in a row the alarm wants at least: counted on the alarm, so that it is never another number here. */
function wantedInARow(): number {
  let state = INITIAL_STATE;
  for (let count = 1; count < 100; count++) {
    state = nextState(state, SUREST, timeOf(count)).state;
    if (state.firing) return count;
  }
  throw new Error('the alarm is never told');
}

/**
 * The first answer at which an alarm is told; null: never. Nothing is left out and nothing is guessed: an alarm needs k answers in a
 * row at least, every k in a row hold exactly one whose number is k-1, 2k-1, ..., and where that one does not speak for it, no row that
 * holds it can tell it. So those are worked out first, and their neighbours only where they speak: a whole row of them, by the alarm itself.
 *
 *     answers   0 1 2 3 4 5 6 7 8     k = 3: 2, 5 and 8 are worked out; if 5 speaks, 3, 4, 6 and 7 too
 */
export function firstAlarm(
  asked: EvaluationReplay,
  counts: (judgement: Evaluation) => boolean = exceedsThreshold,
): number | null {
  const k = wantedInARow();
  for (let index = k - 1; index < asked.answers; index += k) {
    if (!counts(asked.answer(index))) continue;
    let at = index;
    while (at > 0 && counts(asked.answer(at - 1))) at--;
    let state = INITIAL_STATE;
    for (; at < asked.answers && counts(asked.answer(at)); at++) {
      // What counts is told as a leak would be, whatever it is.
      state = nextState(state, { ...asked.answer(at), leak: true, confidence: 1 }, timeOf(at)).state;
      if (state.firing) return at;
    }
    while (index + k <= at) index += k;
  }
  return null;
}

/** The same by asking all answers one after the other, as `watch` does. */
export function firstToldByAll(asked: EvaluationReplay): number | null {
  let state = INITIAL_STATE;
  for (let index = 0; index < asked.answers; index++) {
    const after = nextState(state, asked.answer(index), timeOf(index));
    state = after.state;
    if (after.reported.leak === true) return index;
  }
  return null;
}
