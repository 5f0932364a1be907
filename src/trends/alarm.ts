import type { Evaluation } from './types.ts';

/** A leak is told when this many evaluations in a row agree, and taken back when this many in a row say otherwise. */
const RAISE_AFTER = 3;
const CLEAR_AFTER = 5;
/**
 * And when they have agreed for this share of the window that they rest on. Answers minutes apart about the same two days are hardly
 * more than one: of false alarms on a healthy week most are gone within a thirtieth of their window (docs/verdict.md).
 */
const PENDING_SHARE = 1 / 30;
/** What is to happen soon is told sooner: after this share of the time that is left. */
const PENDING_SHARE_OF_ETA = 1 / 20;
/** A judgement that holds itself less sure than this (part of a day, a heap that may be expanding) wakes nobody yet. */
const ALARM_CONFIDENCE = 0.8;

/** What the alarm remembers between evaluations. A value: the same judgements at the same times make the same alarm. */
export interface AlarmState {
  readonly firing: boolean;
  readonly leakEvaluations: number;
  /** Time of the first of those in favour, seconds; null: there is none. */
  readonly pendingSinceS: number | null;
  readonly otherEvaluations: number;
  /** The newest judgement that had a leak, told on while the alarm is not taken back. */
  readonly lastLeak: Evaluation | null;
}

export const INITIAL_STATE: AlarmState = {
  firing: false,
  leakEvaluations: 0,
  pendingSinceS: null,
  otherEvaluations: 0,
  lastLeak: null,
};

/** Seconds for which a leak must have been found before it is told. */
export function pendingSeconds({ fields, etas }: Evaluation): number {
  let windowS = 0;
  for (const id in fields) if (fields[id]!.trend === 'growing') windowS = Math.max(windowS, fields[id]!.windowSeconds);
  return Math.min(windowS * PENDING_SHARE, (etas[0]?.seconds ?? Number.POSITIVE_INFINITY) * PENDING_SHARE_OF_ETA);
}

/** Whether a judgement, were it to last, would be told. */
export const exceedsThreshold = ({ leak, confidence }: Evaluation): boolean => leak === true && confidence >= ALARM_CONFIDENCE;

/**
 * One evaluation, at `atS` (seconds), later. `answer` is the judgement as it may be told:
 *
 *     leak found   1  2  3  4  .  .  .  .  .      found by this evaluation
 *     leak told    -  -  T  T  T  T  T  T  F      told after 3 in a row, taken back after 5 in a row; `-` is null
 *
 * A life too young to be judged speaks neither for nor against: an alarm outlasts the restart that the leak itself caused.
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
  const told = state.firing ? against < CLEAR_AFTER : inFavour >= RAISE_AFTER && lasted;
  const last = found ? evaluation : state.lastLeak;
  const next: AlarmState = {
    firing: told,
    leakEvaluations: inFavour,
    pendingSinceS: sinceS,
    otherEvaluations: against,
    lastLeak: told || found ? last : null,
  };
  if (told && !found && last !== null) return { state: next, reported: last };
  return { state: next, reported: !told && evaluation.leak === true ? { ...evaluation, leak: null } : evaluation };
}

export interface Alarm {
  /** The judgement of `atS` (seconds) with its leak as it may be told. */
  update(evaluation: Evaluation, atS: number): Evaluation;
  /** The container begins a new life: what was told of the former is not repeated, but told at once if it is found again. */
  containerRestarted(): void;
}

/** What stands between single judgements and an alarm that wakes someone. */
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
