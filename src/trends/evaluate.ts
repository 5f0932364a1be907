import { fieldRow } from '../fields.ts';
import type { Series } from '../history/series.ts';
import { forgetEdges } from './field/block-means.ts';
import { type FieldJudgement, judgeField, notEnough, type Window } from './field/field-trend.ts';
import { needsOf } from './field/needed-history.ts';
import { orLately } from './field/recent-window.ts';
import { judgeHeap } from './heap/heap-trend.ts';
import { anonBeyondHeap } from './heap/live-set.ts';
import { forgetFrame } from './model/design-matrix.ts';
import { normalise } from './normalise.ts';
import { earlierLives, inTheLightOf, judgedOnce } from './runs/earlier-runs.ts';
import { epochStarts } from './runs/run-boundaries.ts';
import { combine } from './together/causes.ts';
import { movedIn } from './together/co-movement.ts';
import { inTheirParts } from './together/sum-rates.ts';
import type { FieldTrend, Judgement, JudgeOptions, Trend } from './types.ts';

/** Least number of samples, whatever their distance. */
const LEAST_SAMPLES = 30;
/** Who asks for less history than this asks for fewer samples too. */
const USUAL_HISTORY_S = 900;

/** Counters, lists that are no type, and figures that only repeat others. */
const UNJUDGED =
  /^(?:pg|workingset_|zswp|thp_|memsw|swap|oom|under_oom|limit_hits|high_hits|gc_|full_gc|heap_committed|active_anon|inactive_anon|file_dirty|file_writeback|dirty|writeback)/;

/**
 * The numeric verdict on one container's series: every gauge judged on its own over the run since the last restart, then
 * put together, in the light of the lives before it. Pure; the same series gives the same judgement. Slopes in bytes (or counts) an hour.
 */
export function judge(series: Series, options: JudgeOptions): Judgement {
  const ordered = normalise(series);
  const { t } = ordered;
  const starts = epochStarts(ordered);
  const from = starts[starts.length - 1] ?? 0;
  const to = t.length;
  const windowS = to > from ? t[to - 1]! - t[from]! : 0;
  const asked = options.minHistorySeconds / Math.max(1e-9, series.intervalS);
  const least = options.minHistorySeconds < USUAL_HISTORY_S ? Math.min(LEAST_SAMPLES, asked) : LEAST_SAMPLES;
  const judged = [...ordered.fields].filter(([id]) => fieldRow(id).kind !== 'counter' && !UNJUDGED.test(id));
  if (windowS < options.minHistorySeconds * 0.98 || to - from < Math.max(2, least)) {
    const missingS = Math.max(options.minHistorySeconds - windowS, (least - (to - from)) * series.intervalS, 0);
    const none = notEnough(to - from, windowS, 'too little history since the last restart');
    return {
      trend: 'not-enough-data',
      leak: null,
      confidence: 0.99,
      causes: [],
      etas: [],
      needs: {
        hours: missingS / 3600,
        for: `the least history of ${options.minHistorySeconds} s and ${Math.ceil(least)} samples since the last restart`,
      },
      fields: publicFields(new Map(judged.map(([id]) => [id, none]))),
    };
  }
  const window: Window = { t, from, to, intervalS: series.intervalS, limit: series.limitBytes };
  const one = (id: string, values: Float64Array, over: Window): FieldJudgement => {
    // A heap's floor is told by its collections, of which a part of a life may hold too few.
    if (id === 'heap_used') return judgeHeap(ordered, values, over, series.heapMaxBytes);
    const told = whereTold(values, over);
    if (told === null) return notEnough(0, over.t[over.to - 1]! - over.t[over.from]!, 'it is no longer told');
    return orLately(judgeField(id, values, told), values, told, (part) => judgeField(id, values, part));
  };
  const lives = earlierLives(series, ordered, starts, window);
  const lit = (id: string, values: Float64Array): FieldJudgement => {
    const earlier = lives.map((life) => ({
      ...life,
      judged: () => judgedOnce(id, values, life.window, () => one(id, values, life.window)),
    }));
    return inTheLightOf(earlier, values, one(id, values, window), window);
  };
  const fields = new Map(judged.map(([id, values]) => [id, lit(id, values)]));
  const apart = anonBeyondHeap(ordered, starts);
  const native = apart === null ? null : { field: lit('anon', apart.beyond), untouchedBytes: apart.untouchedBytes };
  forgetFrame();
  forgetEdges();
  const limits = { limit: series.limitBytes, heapMax: series.heapMaxBytes };
  const combined = combine(fields, native, limits, movedIn(ordered, window));
  return { ...combined, needs: needsNow(combined.trend, fields, window), fields: publicFields(inTheirParts(fields)) };
}

/** The part of a window in which a field was there, for it may have come later than the rest; null where it is gone. */
function whereTold(values: Float64Array, window: Window): Window | null {
  let { from, to } = window;
  while (from < to && !Number.isFinite(values[from])) from++;
  while (to > from && !Number.isFinite(values[to - 1])) to--;
  if (to - from < 2) return window;
  const { t } = window;
  const silentS = t[window.to - 1]! - t[to - 1]!;
  return silentS > GONE * (t[window.to - 1]! - t[window.from]!) ? null : { ...window, from, to };
}

/** A field that was last told longer ago than this share of the window is gone. */
const GONE = 0.1;

function needsNow(trend: Trend, fields: ReadonlyMap<string, FieldJudgement>, { t, from, to, limit }: Window): Judgement['needs'] {
  // Enough time, but too few values in it, as after gaps: as much again.
  if (trend === 'not-enough-data')
    return { hours: (t[to - 1]! - t[from]!) / 3600, for: 'values more evenly spread over the time' };
  return trend === 'growing' ? null : needsOf(fields.get('usage') ?? fields.get('anon'), limit);
}

function publicFields(fields: ReadonlyMap<string, FieldJudgement>): Record<string, FieldTrend> {
  const out: Record<string, FieldTrend> = {};
  for (const [id, { trend, slopeBytesPerHour, low, high, p, points, windowSeconds, basis }] of fields)
    out[id] = { trend, slopeBytesPerHour, low, high, p, points, windowSeconds, basis };
  return out;
}
