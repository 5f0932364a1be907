import { entriesOf } from '../fields.ts';
import type { Evaluation } from './types.ts';

/** A leak is reported when this many evaluations in a row find it, and cleared when this many in a row do not. */
const RAISE_AFTER = 3;
const CLEAR_AFTER = 5;
/**
 * They must also have found it for this share of the window that they rest on. Evaluations of the same two days that are minutes apart are
 * hardly independent: most false alarms on a healthy week are gone within a thirtieth of their window (docs/verdict.md).
 */
const PENDING_SHARE = 1 / 30;
/** An event that comes soon is reported sooner: after this share of the time that is left. */
const PENDING_SHARE_OF_ETA = 1 / 20;
/** An evaluation below this confidence (part of a day, a heap that may be expanding) raises no alarm yet. */
const ALARM_CONFIDENCE = 0.8;

/** What the alarm remembers between evaluations. A value: the same evaluations at the same times give the same alarm. */
export interface AlarmState {
  readonly firing: boolean;
  readonly leakEvaluations: number;
  /** Time of the first of those in favour, seconds; null: there is none. */
  readonly pendingSinceS: number | null;
  readonly otherEvaluations: number;
  /** The newest evaluation with a leak, reported until the alarm is cleared. */
  readonly lastLeak: Evaluation | null;
}

export const INITIAL_STATE: AlarmState = {
  firing: false,
  leakEvaluations: 0,
  pendingSinceS: null,
  otherEvaluations: 0,
  lastLeak: null,
};

/** Seconds for which a leak must have been found before it is reported. */
export function pendingSeconds({ fields, etas }: Evaluation): number {
  let windowS = 0;
  for (const [, field] of entriesOf(fields)) if (field.trend === 'growing') windowS = Math.max(windowS, field.windowSeconds);
  return Math.min(windowS * PENDING_SHARE, (etas[0]?.seconds ?? Number.POSITIVE_INFINITY) * PENDING_SHARE_OF_ETA);
}

/** Whether an evaluation would raise the alarm if it lasted. */
export const exceedsThreshold = ({ leak, confidence }: Evaluation): boolean => leak === true && confidence >= ALARM_CONFIDENCE;

/**
 * One evaluation, at `atS` (seconds), later. `reported` is the evaluation as it is published:
 *
 *     leak found   1  2  3  4  .  .  .  .  .      found by this evaluation
 *     reported     -  -  T  T  T  T  T  T  F      raised after 3 in a row, cleared after 5 in a row; `-` is null
 *
 * A run without enough data counts neither way: an alarm outlasts the restart that the leak itself caused.
 */
export function nextState(
  state: AlarmState,
  evaluation: Evaluation,
  atS: number,
): { readonly state: AlarmState; readonly reported: Evaluation } {
  if (evaluation.trend === 'not-enough-data') return { state, reported: evaluation };
  const found = state.firing ? evaluation.leak === true : exceedsThreshold(evaluation);
  const inFavour = found ? state.leakEvaluations + 1 : 0;
  // A clock that was set back has not been waiting for long.
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
  /** The evaluation of `atS` (seconds) with its leak as it is published. */
  update(evaluation: Evaluation, atS: number): Evaluation;
  /** Another container instance begins: the leak of the last one is not repeated, but reported at once if it is found again. */
  containerRestarted(): void;
}

/** The state between single evaluations and an alarm. */
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
