import type { Judgement } from './types.ts';

/** A leak is told when this many evaluations in a row agree, and taken back when this many in a row say otherwise. */
const TELL = 3;
const TAKE_BACK = 5;
/**
 * And when they have agreed for this share of the window that they rest on. Answers minutes apart about the same two days are hardly
 * more than one: of false alarms on a healthy week most are gone within a thirtieth of their window (docs/verdict.md).
 */
const LASTING = 1 / 30;
/** What is to happen soon is told sooner: after this share of the time that is left. */
const SOON = 1 / 20;
/** A judgement that holds itself less sure than this (part of a day, a heap that may be expanding) wakes nobody yet. */
const SURE = 0.8;

/** What the alarm remembers between evaluations. A value: the same judgements at the same times make the same alarm. */
export interface AlarmState {
  readonly told: boolean;
  readonly inFavour: number;
  /** Time of the first of those in favour, seconds; null: there is none. */
  readonly sinceS: number | null;
  readonly against: number;
  /** The newest judgement that had a leak, told on while the alarm is not taken back. */
  readonly last: Judgement | null;
}

export const QUIET: AlarmState = { told: false, inFavour: 0, sinceS: null, against: 0, last: null };

/** Seconds for which a leak must have been found before it is told. */
export function lastingS({ fields, etas }: Judgement): number {
  let windowS = 0;
  for (const id in fields) if (fields[id]!.trend === 'growing') windowS = Math.max(windowS, fields[id]!.windowSeconds);
  return Math.min(windowS * LASTING, (etas[0]?.seconds ?? Number.POSITIVE_INFINITY) * SOON);
}

/** Whether a judgement, were it to last, would be told. */
export const speaks = ({ leak, confidence }: Judgement): boolean => leak === true && confidence >= SURE;

/**
 * One evaluation, at `atS` (seconds), later. `answer` is the judgement as it may be told:
 *
 *     leak found   1  2  3  4  .  .  .  .  .      found by this evaluation
 *     leak told    -  -  T  T  T  T  T  T  F      told after 3 in a row, taken back after 5 in a row; `-` is null
 *
 * A life too young to be judged speaks neither for nor against: an alarm outlasts the restart that the leak itself caused.
 */
export function step(
  state: AlarmState,
  judgement: Judgement,
  atS: number,
): { readonly state: AlarmState; readonly answer: Judgement } {
  if (judgement.trend === 'not-enough-data') return { state, answer: judgement };
  const found = state.told ? judgement.leak === true : speaks(judgement);
  const inFavour = found ? state.inFavour + 1 : 0;
  // A clock that was set back has not been waiting for long.
  const sinceS = found ? Math.min(state.sinceS ?? atS, atS) : null;
  const against = found ? 0 : state.against + 1;
  const lasted = sinceS !== null && atS - sinceS >= lastingS(judgement);
  const told = state.told ? against < TAKE_BACK : inFavour >= TELL && lasted;
  const last = found ? judgement : state.last;
  const next: AlarmState = { told, inFavour, sinceS, against, last: told || found ? last : null };
  if (told && !found && last !== null) return { state: next, answer: last };
  return { state: next, answer: !told && judgement.leak === true ? { ...judgement, leak: null } : judgement };
}

export interface Alarm {
  /** The judgement of `atS` (seconds) with its leak as it may be told. */
  update(judgement: Judgement, atS: number): Judgement;
  /** The container begins a new life: what was told of the former is not repeated, but told at once if it is found again. */
  reborn(): void;
}

/** What stands between single judgements and an alarm that wakes someone. */
export function createAlarm(): Alarm {
  let state = QUIET;
  return {
    update(judgement, atS) {
      const after = step(state, judgement, atS);
      state = after.state;
      return after.answer;
    },
    reborn() {
      state = { ...state, last: null };
    },
  };
}
