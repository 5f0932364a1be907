import type { FieldId } from '../fields.ts';
import { bytesText, durationText } from '../format.ts';
import { finiteSince } from '../trends/field/finite-since.ts';
import { risingFloor } from '../trends/field/rising-floor.ts';
import { type Swings, swings } from '../trends/field/swings.ts';
import { unevenRise } from '../trends/field/uneven-rise.ts';
import type { Trend } from '../trends/types.ts';
import { MINUTE_S } from '../units.ts';
import { newHigh } from './new-high.ts';
import { type RuleContext, trendOf } from './rule-context.ts';
import { type Sentence, sentence } from './sentence.ts';
import type { Keeping } from './steady.ts';
import { isCacheAlone, isCacheBetween, whatRose, whatSwung } from './what-moved.ts';

/** The lasting rise of a field within its window: its size, its duration, and the time since then without a rise. */
interface Rise {
  readonly field: FieldId;
  readonly what: string;
  readonly bytes: number;
  readonly share: number;
  readonly windowSeconds: number;
  readonly roseSeconds: number;
  readonly standsSeconds: number;
}

const RISING: readonly (readonly [FieldId, string])[] = [
  ['usage', 'Memory used'],
  ['working_set', 'The working set'],
  ['anon', 'Anonymous memory'],
  ['heap_used', "The Java heap's floor after GC"],
  ['metaspace', 'Metaspace'],
];
/** Fields of which a part may have most of the rise. */
const SUMS: ReadonlySet<FieldId> = new Set(['usage', 'working_set', 'anon']);

const SAME_RISE: Keeping<Rise | null> = { same: (a, b) => a?.field === b?.field };

/** The first of these fields that has risen and has this trend. */
function riseWithTrend(context: RuleContext, trend: Trend, among = RISING): Rise | null {
  for (const [field, what] of among) {
    const found = trendOf(context, field);
    const { rise, riseShare, roseSeconds = 0, standsSeconds = 0 } = found?.basis.statistics ?? {};
    if (found?.trend !== trend || rise === undefined || riseShare === undefined) continue;
    return { field, what, bytes: rise, share: riseShare, windowSeconds: found.windowSeconds, roseSeconds, standsSeconds };
  }
  return null;
}

/** A pause shorter than this share of the rise is not a pause. */
const MIN_PAUSE_SHARE = 0.02;

/** A rise of which it is not known whether it goes on, with its sentence. */
interface OpenRise {
  readonly rise: Rise;
  readonly text: () => Sentence;
  /** Only of a floor: nearly all of its rise is page cache, which the kernel can reclaim. */
  readonly isCache?: boolean;
}

/** What the headline says of a rise that is too short to know; null: there is none. */
export const openRiseText = (context: RuleContext): Sentence | null => openRise(context)?.text() ?? null;

/**
 * Whether memory that the kernel cannot reclaim has risen, and it is not known whether it goes on: then it is not known either whether it is a
 * leak.
 */
export function isLeakOpen(context: RuleContext): boolean {
  const open = openRise(context);
  if (open === null) return false;
  const { rise, isCache } = open;
  if (isCache !== undefined) return !isCache;
  const toS = context.series.t.at(-1) ?? 0;
  const isOfCache =
    rise.field === 'usage' && isCacheAlone(context.series, { fromS: toS - rise.windowSeconds, toS, bytes: rise.bytes });
  // A file that is cut off and written again takes the cache with it for a moment, and the rise stays published.
  return !context.steady.keep('the rise is page cache', isOfCache);
}

const openRise = (context: RuleContext): OpenRise | null => context.steady.once('open rise', () => findOpenRise(context));

function findOpenRise(context: RuleContext): OpenRise | null {
  switch (context.evaluation.trend) {
    case 'settling':
      return undecidedRise(context);
    case 'stable':
      return freshRise(context) ?? unevenRiseOf(context) ?? floorThatRises(context) ?? riseOfLastSamples(context);
    default:
      return null;
  }
}

/** The field that rose and has been steady for too short a time; null: it is a warm-up that clearly slows down. */
function undecidedRise(context: RuleContext): OpenRise | null {
  // Where it is known that nothing leaks, a part of memory may have stopped while the whole still slows down.
  const among = context.evaluation.leak === null ? RISING : RISING.slice(0, 1);
  const rise = context.steady.keep('rise of what settles', riseWithTrend(context, 'settling', among), SAME_RISE);
  return rise === null ? null : { rise, text: () => tooShortText(context, rise) };
}

/** A rise that stands for less than this, whatever its shape, may go on at the next sample. */
const SHORT_STAND_S = MINUTE_S;

/** Memory is stable by its shape, and has risen only just now; null: it stands for longer, or has not risen. */
function freshRise(context: RuleContext): OpenRise | null {
  const rise = stableRise(context);
  const isFresh = context.steady.keep('the rise is fresh', rise !== null && rise.standsSeconds < SHORT_STAND_S, {
    atOnce: () => rise !== null,
  });
  return rise === null || !isFresh ? null : { rise, text: () => tooShortText(context, rise) };
}

/** Memory is stable by its shape, or was so until just now, and the last samples are far above it; null: they are not. */
function riseOfLastSamples(context: RuleContext): OpenRise | null {
  const [column, usage] = [context.series.fields.get('usage'), trendOf(context, 'usage')];
  const high = column === undefined || usage === null ? null : newHigh(context.series, column, usage.windowSeconds);
  if (high === null) return null;
  const windowSeconds = (context.series.t.at(-1) ?? 0) - high.sinceS;
  const rise: Rise = {
    ...high,
    field: 'usage',
    what: 'Memory used',
    windowSeconds,
    roseSeconds: windowSeconds,
    standsSeconds: 0,
  };
  return {
    rise,
    text: () =>
      sentence`${rise.what} rose ${sizeText(rise)}${partText(context, rise)} in the last ${durationText(windowSeconds)}: too short to know whether it goes on.`,
  };
}

/** With more samples than this, the models know what is a rise. With fewer, on a busy machine, a dip or a late sample hides one. */
const FEW_SAMPLES = 120;

/** Memory rose and fell back now and then, and the samples are too few to know whether it grows; null: it is not so. */
function unevenRiseOf(context: RuleContext): OpenRise | null {
  const [column, usage] = [context.series.fields.get('usage'), trendOf(context, 'usage')];
  if (column === undefined || usage === null || usage.points > FEW_SAMPLES) return null;
  const { windowSeconds } = usage;
  const fromS = (context.series.t.at(-1) ?? 0) - windowSeconds;
  const isOther = stableRise(context) !== null || usageSwings(context) !== null;
  const found = isOther ? null : unevenRise(context.series.t, column, fromS);
  const kept = context.steady.keep('uneven rise', found, { same: (a, b) => (a === null) === (b === null) });
  if (kept === null) return null;
  const rise: Rise = {
    ...{ field: 'usage', what: 'Memory used', bytes: kept.amount, share: kept.share },
    ...{ windowSeconds, roseSeconds: windowSeconds, standsSeconds: 0 },
  };
  return {
    rise,
    text: () =>
      sentence`${rise.what} rose ${sizeText(rise)}${partText(context, rise)} in ${durationText(windowSeconds)}, unevenly: too short to know whether it goes on.`,
  };
}

/** Where samples are many, the models have found no drift, so that a floor of fewer cycles rises by chance. */
const CYCLES_OF_MANY_SAMPLES = 5;

/** Memory goes up and down, and its floor rose with each of the few times that it came back; null: it is not so. */
function floorThatRises(context: RuleContext): OpenRise | null {
  const { series, steady } = context;
  const [column, usage] = [series.fields.get('usage'), trendOf(context, 'usage')];
  if (column === undefined || usage === null) return null;
  const { windowSeconds } = usage;
  const since = (series.t.at(-1) ?? 0) - windowSeconds;
  const rising = usageSwings(context) === null ? null : risingFloor(series.t, column, since);
  const found = rising !== null && (usage.points <= FEW_SAMPLES || rising.cycles >= CYCLES_OF_MANY_SAMPLES) ? rising : null;
  const floor = steady.keep('floor that rises', found, {
    same: (a, b) => (a === null) === (b === null),
    atOnce: (before) => before === null,
  });
  if (floor === null) return null;
  const { amount, cycles, fromS, toS } = floor;
  const isCache = steady.keep('floor of page cache', isCacheBetween(series, { fromS, toS, bytes: amount }));
  return {
    rise: {
      field: 'usage',
      what: 'Memory used',
      bytes: amount,
      share: 0,
      windowSeconds,
      roseSeconds: toS - fromS,
      standsSeconds: 0,
    },
    text: () =>
      sentence`Memory used goes ${swingText(context) ?? 'up and down'}, and its floor rose ${bytesText(amount)} in ${cycles} cycles: too short to know whether it goes on.`,
    isCache,
  };
}

const stableRise = (context: RuleContext): Rise | null =>
  context.steady.keep('rise of what is steady', riseWithTrend(context, 'stable', RISING.slice(0, 1)), SAME_RISE);

function tooShortText(context: RuleContext, rise: Rise): Sentence {
  const { what, roseSeconds, standsSeconds } = rise;
  const rose = sentence`${what} rose ${sizeText(rise)}${partText(context, rise)} ${inText(roseSeconds)}`;
  if (!context.steady.keep('it stands', standsSeconds >= MIN_PAUSE_SHARE * roseSeconds))
    return sentence`${rose}, unevenly: too short to know whether it goes on.`;
  return sentence`${rose} and has not risen for ${durationText(standsSeconds)}: too short to know whether it has stopped.`;
}

/** "steady for 57 minutes, after a rise of 45 MiB (41 %), most of it direct buffers, in 24 minutes" */
export function steadyText(context: RuleContext, windowSeconds: number): Sentence {
  const rise = stableRise(context);
  if (rise === null) return swingText(context) ?? levelText(context, standsSeconds(context, windowSeconds));
  return sentence`steady for ${durationText(rise.standsSeconds)}, after a rise of ${sizeText(rise)}${partText(context, rise)} ${inText(rise.roseSeconds)}`;
}

/** Memory that was further from where it is now than this share was not steady there. */
const MAX_MOVE = 0.2;
/** A level that was met in the last samples alone may be a spike. */
const MIN_SAMPLES_THERE = 4;

/** Eight tenths of the samples of a steady level are within this share of it. */
const STEADY_RANGE = 0.12;
const OUTSIDE = 0.1;

/** "steady for 57 minutes"; of a level that moves, within what: "between 95 MiB and 121 MiB for 26 seconds". */
function levelText(context: RuleContext, seconds: number): Sentence {
  const { t, fields } = context.series;
  const fromS = (t.at(-1) ?? 0) - seconds;
  const values = finiteSince(t, fields.get('usage') ?? new Float64Array(), fromS)
    .values.slice()
    .sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] ?? 0;
  const moves = at(1 - OUTSIDE) - at(OUTSIDE) > STEADY_RANGE * at(0.5);
  return context.steady.keep('usage moves around its level', moves)
    ? sentence`between ${bytesText(at(0))} and ${bytesText(at(1))} for ${durationText(seconds)}`
    : sentence`steady for ${durationText(seconds)}`;
}

/** The time since usage first was where it is now: a rise up to the limit is no part of the time for which it stands there. */
function standsSeconds({ series: { t, fields } }: RuleContext, windowSeconds: number): number {
  const [usage, toS] = [fields.get('usage'), t.at(-1) ?? 0];
  const now = usage?.at(-1) ?? Number.NaN;
  // Gaps compare as false.
  const first = usage?.findIndex((value, i) => t[i]! >= toS - windowSeconds && Math.abs(value - now) <= MAX_MOVE * now) ?? -1;
  return first === -1 || first > t.length - MIN_SAMPLES_THERE ? windowSeconds : Math.min(windowSeconds, toS - t[first]!);
}

/** Memory used goes up and comes back in its window; null: it is steady. */
const usageSwings = (context: RuleContext): Swings | null =>
  context.steady.once('swings of usage', () => {
    const { t, fields } = context.series;
    const column = fields.get('usage');
    const windowS = trendOf(context, 'usage')?.windowSeconds ?? 0;
    return column === undefined ? null : swings(t, column, (t.at(-1) ?? 0) - windowS);
  });

/** "up and down between 120 MiB and 310 MiB in 98 seconds, most of it wkhtmltopdf"; null: usage is steady. */
function swingText(context: RuleContext): Sentence | null {
  const windowS = trendOf(context, 'usage')?.windowSeconds ?? 0;
  const toS = context.series.t.at(-1) ?? 0;
  const swing = context.steady.keep('usage swings', usageSwings(context), { same: (a, b) => (a === null) === (b === null) });
  if (swing === null) return null;
  const part = whatSwung(context, { fromS: toS - windowS, toS, bytes: swing.high - swing.low });
  return sentence`up and down between ${bytesText(swing.low)} and ${bytesText(swing.high)} in ${durationText(windowS)}${part === null ? '' : sentence`, most of it ${part}`}`;
}

const sizeText = ({ bytes, share }: Rise): string => `${bytesText(bytes)} (${Math.round(100 * share)} %)`;

const inText = (seconds: number): string => (Math.round(seconds) < 1 ? 'in one step' : `in ${durationText(seconds)}`);

/** ", most of it page cache of /data/app.log," */
function partText(context: RuleContext, { field, bytes, windowSeconds }: Rise): Sentence {
  if (!SUMS.has(field)) return [];
  const toS = context.series.t.at(-1) ?? 0;
  const part = whatRose(context, { fromS: toS - windowSeconds, toS, bytes, isOfAnon: field === 'anon' });
  return part === null ? [] : sentence`, most of it ${part},`;
}
