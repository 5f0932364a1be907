import type { Judgement } from './types.ts';

/** A leak is told when this many evaluations in a row agree, and taken back when this many in a row say otherwise. */
const TELL = 3;
const TAKE_BACK = 5;

export interface Alarm {
  /** The judgement with its leak as it may be told. */
  update(judgement: Judgement, nowMs: number): Judgement;
}

/** What stands between single judgements and an alarm that wakes someone. */
export function createAlarm(): Alarm {
  let told = false;
  let inFavour = 0;
  let against = 0;
  let last: Judgement | null = null;
  return {
    update(judgement) {
      if (judgement.leak === true) {
        inFavour++;
        against = 0;
      } else {
        against++;
        inFavour = 0;
      }
      if (!told && inFavour >= TELL) told = true;
      if (told && against >= TAKE_BACK) told = false;
      if (told && judgement.leak !== true && last !== null) return last;
      if (!told && judgement.leak === true) return { ...judgement, leak: null };
      last = judgement;
      return judgement;
    },
  };
}
