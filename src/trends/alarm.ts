import { entriesOf } from '../fields.ts';
import type { Evaluation } from './types.ts';

/** The alarm fires after this many evaluations in a row with a leak. It is cleared after this many in a row without one. */
const RAISE_AFTER = 3;
const CLEAR_AFTER = 5;
/**
 * The evaluations must also agree for this share of their window. Evaluations of the same two days that are minutes apart are
 * hardly independent. On a healthy week most false alarms disappear within a thirtieth of their window (docs/verdict.md).
 */
const PENDING_SHARE = 1 / 30;
/** If an event is expected soon, the alarm waits no longer than this share of the time that is left. */
const PENDING_SHARE_OF_ETA = 1 / 20;
/** An evaluation with less confidence raises no alarm. Examples: growth within part of a day, a heap that may still be expanding. */
const ALARM_CONFIDENCE = 0.8;

/** What the alarm remembers between evaluations. It is immutable: the same evaluations at the same times give the same alarm. */
export interface AlarmState {
  readonly firing: boolean;
  readonly leakEvaluations: number;
  /** Epoch seconds of the first of the evaluations with a leak; null: there is none. */
  readonly pendingSinceS: number | null;
  readonly otherEvaluations: number;
  /** The newest evaluation with a leak. It is reported until the alarm is cleared. */
  readonly lastLeak: Evaluation | null;
}

export const INITIAL_STATE: AlarmState = {
  firing: false,
  leakEvaluations: 0,
  pendingSinceS: null,
  otherEvaluations: 0,
  lastLeak: null,
};

/** Seconds for which evaluations must find a leak before it is reported. */
export function pendingSeconds({ fields, etas }: Evaluation): number {
  let windowS = 0;
  for (const [, field] of entriesOf(fields)) if (field.trend === 'growing') windowS = Math.max(windowS, field.windowSeconds);
  return Math.min(windowS * PENDING_SHARE, (etas[0]?.seconds ?? Number.POSITIVE_INFINITY) * PENDING_SHARE_OF_ETA);
}

/** Whether the alarm fires if later evaluations agree with this one. */
export const exceedsThreshold = ({ leak, confidence }: Evaluation): boolean => leak === true && confidence >= ALARM_CONFIDENCE;

/**
 * The alarm after one more evaluation, made at `atS` (epoch seconds). `reported` is the evaluation as it is published:
 *
 *     leak found   1  2  3  4  .  .  .  .  .      found by this evaluation
 *     reported     -  -  T  T  T  T  T  T  F      raised after 3 in a row, cleared after 5 in a row; `-` is null
 *
 * An evaluation with too little data changes nothing, so an alarm outlasts the restart that the leak itself caused.
 */
export function nextState(
  state: AlarmState,
  evaluation: Evaluation,
  atS: number,
): { readonly state: AlarmState; readonly reported: Evaluation } {
  if (evaluation.trend === 'not-enough-data') return { state, reported: evaluation };
  const found = state.firing ? evaluation.leak === true : exceedsThreshold(evaluation);
  const inFavour = found ? state.leakEvaluations + 1 : 0;
  // If the clock was set back, the wait starts again.
  const sinceS = found ? Math.min(state.pendingSinceS ?? atS, atS) : null;
  const against = found ? 0 : state.otherEvaluations + 1;
  const lasted = sinceS !== null && atS - sinceS >= pendingSeconds(evaluation);
  const firing = state.firing ? against < CLEAR_AFTER : inFavour >= RAISE_AFTER && lasted;
  const last = found ? evaluation : state.lastLeak;
  const next: AlarmState = {
    firing,
    leakEvaluations: inFavour,
    pendingSinceS: sinceS,
    otherEvaluations: against,
    lastLeak: firing || found ? last : null,
  };
  if (firing && !found && last !== null) return { state: next, reported: last };
  return { state: next, reported: !firing && evaluation.leak === true ? { ...evaluation, leak: null } : evaluation };
}

export interface Alarm {
  /** Returns the evaluation of `atS` (epoch seconds) as it is published. */
  update(evaluation: Evaluation, atS: number): Evaluation;
  /** A new container instance begins. The old leak is no longer repeated, but it is reported at once if it is found again. */
  containerRestarted(): void;
}

export function createAlarm(): Alarm {
  let state = INITIAL_STATE;
  return {
    update(evaluation, atS) {
      const after = nextState(state, evaluation, atS);
      state = after.state;
      return after.reported;
    },
    containerRestarted() {
      state = { ...state, lastLeak: null };
    },
  };
}
