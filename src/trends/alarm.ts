import type { Judgement } from './types.ts';

/** A leak is told when this many evaluations in a row agree, and taken back when this many in a row say otherwise. */
const TELL = 3;
const TAKE_BACK = 5;
/** A judgement that holds itself less sure than this (part of a day, a heap that may be expanding) wakes nobody yet. */
const SURE = 0.8;

/** What the alarm remembers between evaluations. A value: the same judgements in the same order make the same alarm. */
export interface AlarmState {
  readonly told: boolean;
  readonly inFavour: number;
  readonly against: number;
  /** The newest judgement that had a leak, told on while the alarm is not taken back. */
  readonly last: Judgement | null;
}

export const QUIET: AlarmState = { told: false, inFavour: 0, against: 0, last: null };

/**
 * One evaluation later. `answer` is the judgement as it may be told:
 *
 *     leak found   1  2  3  4  .  .  .  .  .      found by this evaluation
 *     leak told    -  -  T  T  T  T  T  T  F      told after 3 in a row, taken back after 5 in a row; `-` is null
 *
 * A life too young to be judged speaks neither for nor against: an alarm outlasts the restart that the leak itself caused.
 */
export function step(state: AlarmState, judgement: Judgement): { readonly state: AlarmState; readonly answer: Judgement } {
  if (judgement.trend === 'not-enough-data') return { state, answer: judgement };
  const found = judgement.leak === true && (state.told || judgement.confidence >= SURE);
  const inFavour = found ? state.inFavour + 1 : 0;
  const against = found ? 0 : state.against + 1;
  const told = state.told ? against < TAKE_BACK : inFavour >= TELL;
  const last = found ? judgement : state.last;
  const next: AlarmState = { told, inFavour, against, last: told || found ? last : null };
  if (told && !found && last !== null) return { state: next, answer: last };
  return { state: next, answer: !told && judgement.leak === true ? { ...judgement, leak: null } : judgement };
}

export interface Alarm {
  /** The judgement with its leak as it may be told. */
  update(judgement: Judgement): Judgement;
  /** The container begins a new life: what was told of the former is not repeated, but told at once if it is found again. */
  reborn(): void;
}

/** What stands between single judgements and an alarm that wakes someone. */
export function createAlarm(): Alarm {
  let state = QUIET;
  return {
    update(judgement) {
      const after = step(state, judgement);
      state = after.state;
      return after.answer;
    },
    reborn() {
      state = { ...state, last: null };
    },
  };
}
