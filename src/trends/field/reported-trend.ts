import type { Limit } from '../../sources/types.ts';
import type { ModelPosterior } from '../model/model-average.ts';
import type { Trend } from '../types.ts';
import type { Straightness } from './straightness.ts';

/*
 * Which trend the averaged models are reported as.
 */

/**
 * Minimum posterior probability at which a drift is reported. If the drift is a small part of the variation (low R squared), the probability
 * depends on correct noise models, and must be high. If the drift is nearly all of the variation, less is enough: no noise of a real machine
 * was seen to look like that.
 */
export const MIN_POSTERIOR = 0.94;
const MIN_POSTERIOR_WHEN_LINEAR = 0.55;
const LOW_R_SQUARED = 0.5;
const HIGH_R_SQUARED = 0.85;
/** By the R squared of a line. */
export const requiredPosterior = (straight: number): number =>
  MIN_POSTERIOR -
  (MIN_POSTERIOR - MIN_POSTERIOR_WHEN_LINEAR) *
    Math.min(1, Math.max(0, (straight - LOW_R_SQUARED) / (HIGH_R_SQUARED - LOW_R_SQUARED)));

/**
 * What stopped and what goes on differ in their newer half. Slow noise can make that half flat by chance, so the probability must be higher, not 1.
 */
const HALTED = 0.3;
const MIN_POSTERIOR_WHEN_HALTED = 0.97;

function posteriorNeeded({ line: { rSquared, newerHalf }, leastPosterior }: TrendFacts): number {
  const halted = newerHalf !== null && newerHalf < HALTED ? MIN_POSTERIOR_WHEN_HALTED : 0;
  return Math.max(requiredPosterior(rSquared), leastPosterior, halted);
}

/** A line that was sought among many, such as that after the likeliest bend, is straight by choice. */
const MIN_POSTERIOR_WHEN_CHOSEN = 0.7;
const CHOSEN: ReadonlySet<string> = new Set(['hinge', 'daily-cycle-line']);
/** What a line after steps explains little of may be further steps, too small to be found: a heap expands by many. */
const MIN_POSTERIOR_AMONG_STEPS = 0.99;
/** What fell along a line and has only come back may go no further. */
const MIN_NET_RISE = 0.5;
const MIN_POSTERIOR_WHEN_BACK = 0.99;

/** The posterior that is needed beside what `rSquared` of the newest line of this model asks for. */
export function leastPosterior(
  top: Pick<ModelPosterior, 'model' | 'coefficients'>,
  { cycles, rSquared, netShare }: Pick<TrendFacts, 'cycles' | 'netShare'> & Pick<Straightness, 'rSquared'>,
): number {
  if (top.model.name === 'hinge' && netShare < MIN_NET_RISE) return MIN_POSTERIOR_WHEN_BACK;
  if (top.model.name === 'step-line' && rSquared < LOW_R_SQUARED) return MIN_POSTERIOR_AMONG_STEPS;
  const isUncertain = top.model.name === 'two-saturations-line' || (cycles !== null && hasTooFewCycles(top, cycles));
  return isUncertain ? MIN_POSTERIOR : CHOSEN.has(top.model.name) ? MIN_POSTERIOR_WHEN_CHOSEN : 0;
}

/**
 * A fall ends by itself: what load has taken is given back, a cache is reclaimed, and nobody has to act. So it is reported late rather than early:
 * at a posterior that no small variation lowers, if it is straight since the window began, and if it frees a part of the limit that matters. What is
 * given back after load falls ever more slowly, and looks like a line that began within the window. A large fall needs less. It must also end lower
 * than it stood after the start, by half of the fall: what rose before, as a warm-up or a part of a day's load does, has only gone back.
 */
const MIN_POSTERIOR_OF_FALL = 0.97;
const MIN_POSTERIOR_OF_LARGE_FALL = 0.93;
const LARGE_FALL_OF_LIMIT = 0.05;
const MIN_STRAIGHT_FALL = 0.8;
const MIN_FALL_OF_LIMIT = 0.01;
const MIN_NET_FALL = 0.5;

/** Minimum number of collections for a rising floor, and for a floor whose mean model is not a plain line: few collections are few points. */
export const MIN_CYCLES = 4;
const MIN_CYCLES_FOR_BENDS = 12;

export interface TrendFacts {
  /** Whether the slope has practical significance. */
  readonly significant: boolean;
  readonly growing: number;
  readonly falling: number;
  /** Probability of a slope that begins with the window. */
  readonly straightAllAlong: number;
  /** How far it moved along that slope, as a share of the limit; null: there is no limit in its unit. */
  readonly moveOfLimit: number | null;
  /** How far it ends from where it stood after the start, in the direction of that slope, as a share of how far it moved along it. */
  readonly netShare: number;
  /** Of the newest line. */
  readonly line: Straightness;
  /** No smaller posterior is enough for its model (`leastPosterior`). */
  readonly leastPosterior: number;
  /** Whether it rises towards a level and has a part of that still to come. */
  readonly settles: boolean;
  /** Number of collections that its floor is known by; null: no sawtooth. */
  readonly cycles: number | null;
}

export interface ReportedTrend {
  readonly trend: Trend;
  /** One short sentence. */
  readonly reason: string;
}

export function reportedTrend(facts: TrendFacts): ReportedTrend {
  const { significant, growing, falling, settles, cycles } = facts;
  const required = posteriorNeeded(facts);
  const rises = `it rises with a probability of ${percentText(growing)}`;
  const needed = `and ${percentText(required)} are needed`;
  if (significant && growing >= required) {
    if (cycles === null || cycles >= MIN_CYCLES) return { trend: 'growing', reason: `${rises}, ${needed}` };
    return { trend: 'cyclic', reason: `its floor is known after ${MIN_CYCLES} collections, and it has seen ${cycles}` };
  }
  const falls = `falls with a probability of ${percentText(falling)}`;
  const ofFall = (facts.moveOfLimit ?? 0) >= LARGE_FALL_OF_LIMIT ? MIN_POSTERIOR_OF_LARGE_FALL : MIN_POSTERIOR_OF_FALL;
  if (significant && falling >= ofFall && isFallOfNote(facts))
    return { trend: 'shrinking', reason: `it ${falls}, and ${percentText(ofFall)} are needed` };
  if (settles) return { trend: 'settling', reason: 'it rises ever more slowly towards a level' };
  if (significant && falling >= required)
    return { trend: 'stable', reason: `it ${falls}, too late, too little or too uncertain to say that it shrinks` };
  return { trend: 'stable', reason: significant ? `${rises} and ${falls}, ${needed}` : 'its slope is too small to matter' };
}

const isFallOfNote = ({ straightAllAlong, moveOfLimit, netShare }: TrendFacts): boolean =>
  straightAllAlong >= MIN_STRAIGHT_FALL && netShare >= MIN_NET_FALL && (moveOfLimit === null || moveOfLimit >= MIN_FALL_OF_LIMIT);

/** Whether what is still to come within a day is 2 % of the limit, or a tenth of the level. */
export function isStillToCome(remainingRise: number, levelNow: number, limit: Limit): boolean {
  const limitShare = typeof limit === 'number' ? 0.02 * limit : Number.POSITIVE_INFINITY;
  return remainingRise > Math.min(limitShare, 0.1 * Math.abs(levelNow));
}

/** Whether a floor of so many collections is too few points for its most probable model. */
export function hasTooFewCycles(
  { model, coefficients }: Pick<ModelPosterior, 'model' | 'coefficients'>,
  cycles: number,
): boolean {
  // The floor fell once and rises again: an old generation that is rarely collected, with one cycle in the window.
  const startsBelow = (model.name === 'step-line' || model.name === 'shift-line') && coefficients[1]! < 0;
  return startsBelow || (cycles < MIN_CYCLES_FOR_BENDS && model.name !== 'line');
}

/** "97 %", "over 99 %" */
const percentText = (share: number): string => (share > 0.995 ? 'over 99 %' : `${Math.round(100 * share)} %`);
