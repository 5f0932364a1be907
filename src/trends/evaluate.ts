import { type ByField, type FieldName, fieldRow, isEvaluated } from '../fields.ts';
import type { Series } from '../history/series.ts';
import { limitWithSwap, versionOf } from '../memory-facts.ts';
import { HOUR_S, MINUTE_S } from '../units.ts';
import { EvaluationCache } from './evaluation-cache.ts';
import { evaluateField, type FieldEvaluation, notEnoughData } from './field/field-trend.ts';
import { neededHistory } from './field/needed-history.ts';
import { preferRecentGrowth } from './field/recent-window.ts';
import { SharedWork } from './field/shared-work.ts';
import type { Window } from './field/window.ts';
import { evaluateHeap } from './heap/heap-trend.ts';
import { anonOutsideHeap } from './heap/live-set.ts';
import { normalise } from './normalise.ts';
import { adjustForEarlierRuns, earlierRuns, type RunOfField } from './runs/earlier-runs.ts';
import { withEvidenceOfRuns } from './runs/evidence-of-runs.ts';
import { growthBefore, withGrowthBefore } from './runs/growth-before.ts';
import { runStarts } from './runs/run-boundaries.ts';
import { combineFields } from './together/causes.ts';
import { coMovement } from './together/co-movement.ts';
import { lockedCacheColumn, newestReader, withSwap } from './together/derived-columns.ts';
import { jointEvidence } from './together/joint-evidence.ts';
import { commonBeginning, paceSince } from './together/one-window.ts';
import { reconcileSums } from './together/sum-rates.ts';
import { admitUnknownParts } from './together/unknown-parts.ts';
import { waitsForCollection } from './together/waits-for-collection.ts';
import type { Evaluation, EvaluationOptions, FieldTrend, FieldTrends, Trend } from './types.ts';

/** Minimum number of samples, at any interval. */
const MIN_SAMPLES = 30;
/** If the options ask for less history than this, fewer samples are enough too. */
const DEFAULT_HISTORY_S = 15 * MINUTE_S;

/**
 * Evaluates the series of one container. Each gauge is evaluated over the run since the last restart and adjusted by earlier runs.
 * Then all fields are combined. Pure: the same series gives the same evaluation. Slopes are in bytes (or counts) an hour.
 * `cache` saves time for a caller that evaluates repeatedly; it changes no answer.
 */
export function evaluateSeries(series: Series, options: EvaluationOptions, cache = new EvaluationCache()): Evaluation {
  const ordered = normalise(series, cache.arithmetic.isAscending);
  const { t } = ordered;
  const starts = runStarts(ordered, cache.arithmetic.fallsBelow);
  const from = starts[starts.length - 1] ?? 0;
  const to = t.length;
  const windowS = to > from ? t[to - 1]! - t[from]! : 0;
  const askedSamples = options.minHistorySeconds / Math.max(1e-9, series.intervalS);
  const least = options.minHistorySeconds < DEFAULT_HISTORY_S ? Math.min(MIN_SAMPLES, askedSamples) : MIN_SAMPLES;
  const evaluatedFields = [...ordered.fields.keys()].filter((id) => isEvaluated(fieldRow(id)));
  const shared = new SharedWork(cache.arithmetic, cache.averagers);
  const window: Window = { t, from, to, intervalS: series.intervalS, limit: series.limitBytes, shared };
  const isEnough = (first: number): boolean =>
    t[to - 1]! - t[first]! >= options.minHistorySeconds * 0.98 && to - first >= Math.max(2, least);
  // A line across a kill would be that of a saw: what another process held is gone, and the next one grows from nothing.
  const killed = ordered.processKills.findLast((row) => row > from && row < to && isEnough(row)) ?? from;
  const evaluateOver = (id: FieldName, values: Float64Array, whole: Window): FieldEvaluation => {
    const over = whole === window && !isOfJvm(id) ? { ...window, from: killed } : whole;
    // A heap is not evaluated over a part of the run: the part may hold too few collections.
    if (id === 'heap_used') return evaluateHeap(ordered, values, over, series.heapMaxBytes);
    const present = presentWindow(values, over);
    if (present === null) return notEnoughData(0, over.t[over.to - 1]! - over.t[over.from]!, 'the field is no longer reported');
    return preferRecentGrowth(evaluateField(id, values, present), values, present, (part) => evaluateField(id, values, part));
  };
  const pastRuns = earlierRuns(series, ordered, starts, window);
  const runsOf = (id: FieldName, values: Float64Array): RunOfField[] =>
    pastRuns.map((run) => ({
      window: run.window,
      get oomKilled() {
        return run.oomKilled;
      },
      evaluate: () => cache.pastEvaluations.evaluation(id, values, run.window, () => evaluateOver(id, values, run.window)),
    }));
  const anonValues = ordered.fields.get('anon');
  if (windowS < options.minHistorySeconds * 0.98 || to - from < Math.max(2, least)) {
    const none = notEnoughData(to - from, windowS, 'too little history since the last restart');
    const young = new Map(evaluatedFields.map((id) => [id, none] as const));
    const missingS = Math.max(options.minHistorySeconds - windowS, (least - (to - from)) * series.intervalS, 0);
    const needs = {
      hours: missingS / HOUR_S,
      for: `the least history of ${options.minHistorySeconds} s and ${Math.ceil(least)} samples since the last restart`,
    };
    // A leak that is killed before each run is old enough shows in the runs before it.
    const before = anonValues === undefined ? null : growthBefore(runsOf('anon', anonValues), anonValues, none, window);
    if (before !== null) young.set('anon', withGrowthBefore(none, before));
    return {
      trend: 'not-enough-data',
      leak: null,
      confidence: 0.99,
      causes: [],
      etas: [],
      needs,
      fields: publicFields(young),
      causeBasis: [],
    };
  }
  const withEarlierRuns = (id: FieldName, values: Float64Array): FieldEvaluation => {
    const runs = runsOf(id, values);
    return withEvidenceOfRuns(runs, adjustForEarlierRuns(runs, values, evaluateOver(id, values, window), window));
  };
  const fields = new Map(evaluatedFields.map((id) => [id, withEarlierRuns(id, ordered.fields.get(id)!)]));
  const together = new Map(fields);
  let counted = ordered;
  const swapped = withSwap(ordered);
  if (swapped !== null) {
    // Swapped-out memory is still in use: a leak continues there, and ends when swap is full.
    const anonAndSwap = withEarlierRuns('anon', swapped.anon);
    const isTmpfsAlone = anonAndSwap.trend === 'growing' && withEarlierRuns('anon', swapped.anonShmemAndSwap).trend !== 'growing';
    if (!isTmpfsAlone) {
      counted = swapped.series;
      together.set('anon', anonAndSwap);
      if (swapped.usage !== null) together.set('usage', withEarlierRuns('usage', swapped.usage));
    }
  }
  const outsideHeap = anonOutsideHeap(counted, starts);
  const native =
    outsideHeap === null
      ? null
      : { field: withEarlierRuns('anon', outsideHeap.outsideHeap), untouchedBytes: outsideHeap.untouchedBytes };
  const limit = limitWithSwap(newestReader(ordered.fields), series.limitBytes, versionOf(ordered.fields));
  const lockedCache = lockedCacheColumn(ordered.fields);
  const locked = lockedCache === null ? null : withEarlierRuns('unevictable', lockedCache);
  const limits = { limit, heapMax: series.heapMaxBytes };
  const memory = outsideHeap?.outsideHeap ?? counted.fields.get('anon');
  const waits = memory === undefined ? null : waitsForCollection(counted, memory, window);
  const joint = inOneWindow(jointEvidence(together, native), counted.fields, outsideHeap?.outsideHeap, window);
  const combined = admitUnknownParts(
    combineFields(
      joint.fields,
      { native: joint.native, locked, isSwapped: counted !== ordered, waits },
      limits,
      coMovement(counted, window),
      windowS,
    ),
    joint.fields,
  );
  // The published fields are those of the kernel, without swapped-out memory.
  const published = new Map(inOneWindow(jointEvidence(fields, native), ordered.fields, outsideHeap?.outsideHeap, window).fields);
  const anon = published.get('anon');
  const before =
    combined.leak === false && combined.trend !== 'growing' && anon !== undefined && anonValues !== undefined
      ? growthBefore(runsOf('anon', anonValues), anonValues, anon, window)
      : null;
  if (before !== null) published.set('anon', withGrowthBefore(anon!, before));
  return {
    ...combined,
    ...(before !== null && { leak: null, confidence: Math.min(combined.confidence, YOUNG_RUN_CONFIDENCE) }),
    needs: neededHistoryNow(combined.trend, published, window),
    fields: publicFields(reconcileSums(published, series.limitBytes)),
  };
}

/** Where the paces of a sum and of its parts are of different times, all of one time. */
function inOneWindow(
  { fields, native }: ReturnType<typeof jointEvidence>,
  columns: ReadonlyMap<FieldName, Float64Array>,
  outsideHeap: Float64Array | undefined,
  window: Window,
): ReturnType<typeof jointEvidence> {
  const atS = commonBeginning(fields, window);
  if (atS === null) return { fields, native };
  return {
    fields: new Map([...fields].map(([id, field]) => [id, paceSince(id, field, columns.get(id), window, atS)])),
    native: native && { ...native, field: paceSince('anon', native.field, outsideHeap, window, atS) },
  };
}

/** A run that is too young to show what earlier ones did is reported with at most this confidence. */
const YOUNG_RUN_CONFIDENCE = 0.6;

/** Of the JVM's own process, which went on through the kill of another one. */
const isOfJvm = (id: FieldName): boolean => fieldRow(id).source !== 'cgroup';

/** The part of a window in which a field has values, because a field may appear later than others. null: the field is absent now. */
function presentWindow(values: Float64Array, window: Window): Window | null {
  let { from, to } = window;
  while (from < to && !Number.isFinite(values[from])) from++;
  while (to > from && !Number.isFinite(values[to - 1])) to--;
  if (to - from < 2) return window;
  const { t } = window;
  const absentS = t[window.to - 1]! - t[to - 1]!;
  return absentS > ABSENT_SHARE * (t[window.to - 1]! - t[window.from]!) ? null : { ...window, from, to };
}

/** A field is absent if its last value is older than this share of the window. */
const ABSENT_SHARE = 0.1;

function neededHistoryNow(
  trend: Trend,
  fields: ReadonlyMap<FieldName, FieldEvaluation>,
  { t, from, to, limit }: Window,
): Evaluation['needs'] {
  // The window is long enough but has too few values, as after gaps. Ask for the same time again.
  if (trend === 'not-enough-data')
    return { hours: (t[to - 1]! - t[from]!) / HOUR_S, for: 'values more evenly spread over the time' };
  return trend === 'growing'
    ? null
    : neededHistory(fields.get('usage') ?? fields.get('anon') ?? fields.get('working_set'), limit);
}

function publicFields(fields: ReadonlyMap<FieldName, FieldEvaluation>): FieldTrends {
  const out: ByField<FieldTrend> = {};
  for (const [id, { trend, slopeBytesPerHour, low, high, p, points, windowSeconds, basis }] of fields)
    out[id] = { trend, slopeBytesPerHour, low, high, p, points, windowSeconds, basis };
  return out;
}
