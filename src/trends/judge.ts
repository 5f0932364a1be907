import { fieldRow } from '../fields.ts';
import type { Series } from '../history/series.ts';
import { combine } from './combine.ts';
import { epochStarts } from './epochs.ts';
import { type FieldJudgement, judgeField, notEnough, type Window } from './field-trend.ts';
import { anonBeyondHeap } from './heap.ts';
import { judgeHeap } from './heap-trend.ts';
import { earlierLives, inTheLightOf } from './lives.ts';
import { needsOf } from './needs.ts';
import { normalise } from './normalise.ts';
import { orLately } from './recent.ts';
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
 * put together. Pure; the same series gives the same judgement. Slopes in bytes (or counts) an hour.
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
  const fields = new Map<string, FieldJudgement>();
  const enough = windowS >= options.minHistorySeconds * 0.98 && to - from >= least;
  const window: Window = { t, from, to, intervalS: series.intervalS, limit: series.limitBytes };
  const one = (id: string, values: Float64Array, over: Window): FieldJudgement => {
    if (id === 'heap_used') return judgeHeap(ordered, values, over);
    return orLately(judgeField(id, values, over), values, over, (part) => judgeField(id, values, part));
  };
  const lives = enough ? earlierLives(series, ordered, starts, window) : [];
  for (const [id, values] of ordered.fields) {
    if (fieldRow(id).kind === 'counter' || UNJUDGED.test(id)) continue;
    if (!enough) {
      fields.set(id, notEnough(to - from, windowS, 'too little history since the last restart'));
      continue;
    }
    const earlier = lives.map((life) => ({ ...life, judged: () => one(id, values, life.window) }));
    fields.set(id, inTheLightOf(earlier, values, one(id, values, window), window));
  }
  if (!enough) {
    const missingS = Math.max(options.minHistorySeconds - windowS, (least - (to - from)) * series.intervalS, 0);
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
      fields: publicFields(fields),
    };
  }
  const beyond = anonBeyondHeap(ordered, from);
  const native = beyond === null ? null : judgeField('anon', beyond, window);
  const combined = combine(fields, native, { limit: series.limitBytes, heapMax: series.heapMaxBytes });
  return { ...combined, needs: needsNow(combined.trend, fields, window), fields: publicFields(fields) };
}

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
