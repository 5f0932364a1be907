import type { Series } from '../../history/series.ts';
import { firstAt } from '../field/block-means.ts';
import type { FieldJudgement, Window } from '../field/field-trend.ts';
import { deviationOf, type Rate, rateOf, Z90 } from '../field/growth-rate.ts';
import type { Ordered } from '../normalise.ts';

/**
 * What earlier lives of the same container tell about the newest, which may be too young to tell by itself.
 *
 *      /|   /|   /|  /        it follows lives that grew until they were killed: a leak
 *     / |  / |  / | /
 *
 *      ,---|  ,----|  ,       it follows lives that rose like this and then stopped: a warm-up
 *     /    | /     | /
 *
 * To follow is to stand, at the same age, where the earlier life stood.
 */
export interface Life {
  readonly window: Window;
  /** It ended in an OOM kill that was told, or where memory that cannot be reclaimed stood at the limit. */
  readonly killed: 'told' | 'likely' | 'no';
}

/** A life with one field's judgement over its whole length, worked out only where the life says something. */
interface LifeOfField extends Life {
  readonly judged: () => FieldJudgement;
}

/** Judgements of lives that are over: they do not change, and `watch` asks each minute. Kept for speed alone; it changes no answer. */
const remembered = new Map<string, FieldJudgement>();
const MOST_REMEMBERED = 128;

/** What `judge` says of a life that is over, worked out once. */
export function judgedOnce(
  id: string,
  values: Float64Array,
  { t, from, to, limit }: Window,
  judge: () => FieldJudgement,
): FieldJudgement {
  let sum = 0;
  for (let i = from; i < to; i++) if (Number.isFinite(values[i])) sum += values[i]! * (1 + ((i - from) & 7));
  const key = [id, t[from], t[to - 1], to - from, limit, sum].join();
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const judged = judge();
  if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  remembered.set(key, judged);
  return judged;
}

/** Newest of the earlier lives, of those old enough to compare, that are looked at: a crash loop in between must not hide them. */
const MOST_LIVES = 4;
const FEWEST_SAMPLES = 30;
/** An OOM kill is counted a little before or after the restart that it causes. */
const KILL_NEAR_S = 120;

/** The lives before the newest that lasted long enough to tell something of it, oldest first. */
export function earlierLives(
  { limitBytes }: Series,
  { t, fields, kills }: Ordered,
  starts: readonly number[],
  newest: Window,
): Life[] {
  const anon = fields.get('anon');
  const shmem = fields.get('shmem');
  return starts
    .slice(0, -1)
    .flatMap((from, k): Life[] => {
      const to = starts[k + 1]!;
      if (to - from < FEWEST_SAMPLES || t[to - 1]! - t[from]! < AS_OLD * ageOf(newest)) return [];
      const restartT = t[to]!;
      const reach = KILL_NEAR_S + 2 * newest.intervalS;
      const told = kills.some((index) => Math.abs(t[index]! - restartT) <= reach);
      const held = (anon?.[to - 1] ?? 0) + (shmem?.[to - 1] ?? 0);
      const share = typeof limitBytes === 'number' ? held / limitBytes : null;
      const killed = told && (share ?? 1) > MOST_OF_LIMIT ? 'told' : (share ?? 0) > AT_LIMIT ? 'likely' : 'no';
      return [{ window: { ...newest, from, to }, killed }];
    })
    .slice(-MOST_LIVES);
}

/** Share of the limit from which a process that ended is taken to have been killed at it, though nobody told. */
const AT_LIMIT = 0.95;
/** A kill is counted for any process of the container: where the container held less than this of its limit, it was a child's. */
const MOST_OF_LIMIT = 0.5;

/** Lives that must agree before they stand for the newest. */
const AGREEING = 2;
/** Ages at which two lives are compared. */
const AGES = 8;
/** How far apart they may be, as a share of how far the earlier one moved in its life. */
const APART = 0.2;
/** A life that ended no later than this many times the newest's age does not show what comes; one killed at about that age does. */
const OLDER = 1.5;
const AS_OLD = 0.9;
/** Never surer than this by what other lives did; and by lives of which it is only likely that they were killed, not sure enough to wake anyone. */
const CERTAIN_BY_LIVES = 0.95;
const LIKELY_BY_LIVES = 0.75;
/** Leaks of which the growing part began later in an earlier life than this share of the newest's age have not shown in the newest. */
const BEGUN = 0.5;

const ageOf = ({ t, from, to }: Window): number => (t[to - 1] ?? 0) - (t[from] ?? 0);

/** Mean of what is known within a tenth of `span` about an age; NaN where nothing is. */
function levelAt(values: Float64Array, { t, from, to }: Window, age: number, span: number): number {
  let sum = 0;
  let count = 0;
  for (let i = firstAt(t, t[from]! + age - span / 10, from, to); i < to; i++) {
    if (t[i]! - t[from]! - age > span / 10) break;
    if (!Number.isFinite(values[i])) continue;
    sum += values[i]!;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/**
 * Whether the newest life stands, through the later two thirds of its age, where the earlier one stood then, and rose meanwhile as that one
 * did.
 */
function follows(values: Float64Array, newest: Window, earlier: Window): boolean {
  const age = ageOf(newest);
  const end = ageOf(earlier);
  const moved = Math.abs(levelAt(values, earlier, 0.95 * end, end) - levelAt(values, earlier, 0.05 * end, end / 2));
  const now: number[] = [];
  const then: number[] = [];
  for (let k = 0; k < AGES; k++) {
    const at = age * (0.3 + (0.65 * k) / (AGES - 1));
    const [a, b] = [levelAt(values, newest, at, age), levelAt(values, earlier, at, age)];
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
    now.push(a);
    then.push(b);
  }
  if (now.length < AGES / 2) return false;
  const apart = Math.sqrt(now.reduce((sum, level, k) => sum + (level - then[k]!) ** 2, 0) / now.length);
  const share = riseOf(now) / riseOf(then);
  const atEnd = Math.abs(now[now.length - 1]! - then[then.length - 1]!);
  return Math.max(apart, atEnd) <= APART * moved && share > 0.5 && share < 2;
}

/** Rise of the second half of the levels over the first. */
function riseOf(levels: readonly number[]): number {
  const half = levels.length >> 1;
  const mean = (part: readonly number[]): number => part.reduce((sum, level) => sum + level, 0) / part.length;
  return mean(levels.slice(half)) - mean(levels.slice(0, half));
}

/** The newest life's judgement in the light of earlier ones, newest last. */
export function inTheLightOf(
  lives: readonly LifeOfField[],
  values: Float64Array,
  newest: FieldJudgement,
  window: Window,
): FieldJudgement {
  const age = ageOf(window);
  const alike = lives.filter(
    (life) => ageOf(life.window) > (life.killed === 'no' ? OLDER : AS_OLD) * age && follows(values, window, life.window),
  );
  if (alike.length < AGREEING) return newest;
  const judged = alike.map(({ killed, judged: judgedLife, window: { t, from } }) => {
    const field = judgedLife();
    return { killed, field, beganAfter: field.basis.line === null ? 0 : field.basis.line.fromT - t[from]! };
  });
  const leaking = judged.filter(
    ({ killed, field, beganAfter }) => killed !== 'no' && field.trend === 'growing' && beganAfter < BEGUN * age,
  );
  if (leaking.length >= AGREEING && leaking.length > alike.length / 2 && Number.isFinite(newest.levelNow)) {
    const sure = leaking.every(({ killed }) => killed === 'told');
    return leaksLike(
      leaking.map(({ field }) => field),
      newest,
      sure,
    );
  }
  const stopped = judged.filter(
    ({ killed, field }) => killed === 'no' && field.trend !== 'growing' && field.trend !== 'not-enough-data',
  );
  if (newest.trend === 'growing' && stopped.length === alike.length)
    return {
      ...newest,
      trend: 'settling',
      certainty: 0.2,
      basis: {
        ...newest.basis,
        tests: { ...newest.basis.tests, livesThatStopped: stopped.length },
        because: `it rises as ${stopped.length} earlier lives did at this age, and those stopped`,
      },
    };
  return newest;
}

function leaksLike(leaking: readonly FieldJudgement[], newest: FieldJudgement, sure: boolean): FieldJudgement {
  const certain = sure ? CERTAIN_BY_LIVES : LIKELY_BY_LIVES;
  const estimates = newest.trend === 'growing' ? [...leaking, newest] : leaking;
  const { slope, low, high } = pooled(estimates);
  const { line } = newest.basis;
  return {
    ...newest,
    trend: 'growing',
    slopeBytesPerHour: slope,
    low,
    high,
    p: Math.min(newest.p ?? 1, 1 - certain),
    certainty: Math.max(newest.certainty, certain),
    fills: false,
    known: sure,
    basis: {
      ...newest.basis,
      line:
        line === null
          ? null
          : { ...line, level: newest.levelNow - (slope / 3600) * (line.toT - line.fromT), slopePerSecond: slope / 3600 },
      tests: { ...newest.basis.tests, livesThatLeaked: leaking.length },
      because: `it follows ${leaking.length} earlier lives that grew until they were killed`,
    },
  };
}

/**
 * One slope from those of several lives, which differ by more than their own errors: random effects of DerSimonian & Laird 1986,
 * "Meta-Analysis in Clinical Trials". With its 90 % interval.
 */
function pooled(estimates: readonly FieldJudgement[]): Rate {
  const each = estimates.map((estimate) => {
    const rate = rateOf(estimate);
    return { slope: rate.slope, variance: Math.max(deviationOf(rate), 1e-3 * Math.abs(rate.slope), 1e-9) ** 2 };
  });
  const weigh = (between: number) => {
    let weight = 0;
    let sum = 0;
    let squares = 0;
    for (const { slope, variance } of each) {
      const w = 1 / (variance + between);
      weight += w;
      sum += w * slope;
      squares += w * w;
    }
    return { weight, mean: sum / weight, squares };
  };
  const fixed = weigh(0);
  const spread = each.reduce((sum, { slope, variance }) => sum + (slope - fixed.mean) ** 2 / variance, 0);
  const between = Math.max(0, (spread - (each.length - 1)) / (fixed.weight - fixed.squares / fixed.weight));
  const { mean, weight } = weigh(between);
  const half = Z90 * Math.sqrt(1 / weight + between / each.length);
  return { slope: mean, low: mean - half, high: mean + half };
}
