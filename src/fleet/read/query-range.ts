import type { LabelledSeries } from '../../inputs/prometheus/labelled-series.ts';
import { HttpError } from '../http/http-error.ts';
import type { PrometheusApi, TimeRange } from '../http/prometheus-api.ts';
import { type Matcher, selectorText } from './matchers.ts';
import type { SeriesReader } from './series-reader.ts';

/** Prometheus refuses more points a series (web/api/v1/api.go). */
const MAX_POINTS = 11_000;
/** Fewer points would cost more in requests than they save in memory. */
const MIN_POINTS = 500;
/** A server that refuses even this little has another reason than the size. */
const SHORTEST_S = 3600;
/** How far back a server looks for a sample, unless it is told (--query.lookback-delta). */
const LOOKBACK_S = 300;

/**
 * Range queries, which every server answers. The step is the scrape interval: a finer one repeats samples, and a coarser one loses them. What a
 * server refuses as too much is asked for in halves.
 */
export class RangeReader implements SeriesReader {
  readonly way = 'query-range';
  readonly mostSamples = 50_000;
  readonly #api: PrometheusApi;
  readonly #step: number;

  constructor(api: PrometheusApi, stepSeconds: number) {
    this.#api = api;
    this.#step = stepSeconds;
  }

  async read(matchers: readonly Matcher[], range: TimeRange, expected: number): Promise<LabelledSeries[]> {
    const points = Math.max(MIN_POINTS, Math.min(MAX_POINTS, Math.floor(this.mostSamples / expected)));
    const selector = selectorText(matchers);
    // Of samples that are further apart some would lie between two steps, too old for the second.
    const expression = this.#step > LOOKBACK_S ? `last_over_time(${selector}[${this.#step}s])` : selector;
    const joined = new Map<string, LabelledSeries[]>();
    for (const part of splitByPoints(range, this.#step, points))
      for (const series of await this.#readPart(expression, part)) {
        const key = JSON.stringify(series.labels);
        joined.set(key, [...(joined.get(key) ?? []), series]);
      }
    return [...joined.values()].map(concatenated);
  }

  async #readPart(expression: string, part: TimeRange): Promise<LabelledSeries[]> {
    try {
      return await this.#api.range(expression, part, this.#step);
    } catch (error) {
      if (!(error instanceof HttpError) || !TOO_MUCH.has(error.status ?? 0) || part.to - part.from < SHORTEST_S) throw error;
      const middle = part.from + Math.floor((part.to - part.from) / 2 / this.#step) * this.#step;
      const halves = [
        { from: part.from, to: middle },
        { from: middle + this.#step, to: part.to },
      ];
      const rows: LabelledSeries[] = [];
      for (const half of halves) rows.push(...(await this.#readPart(expression, half)));
      return rows;
    }
  }
}

/** Bad request (more points than allowed), too large, not processable (more samples than allowed), and timeouts of the server and of proxies. */
const TOO_MUCH: ReadonlySet<number> = new Set([400, 413, 422, 503, 504]);

/** Ranges of at most as many points as a server answers, one step apart. */
export function splitByPoints({ from, to }: TimeRange, step: number, points = MAX_POINTS): TimeRange[] {
  const parts: TimeRange[] = [];
  for (let start = from; start <= to; start += points * step)
    parts.push({ from: start, to: Math.min(to, start + (points - 1) * step) });
  return parts;
}

function concatenated(pieces: readonly LabelledSeries[]): LabelledSeries {
  if (pieces.length === 1) return pieces[0]!;
  const length = pieces.reduce((n, { t }) => n + t.length, 0);
  const t = new Float64Array(length);
  const v = new Float64Array(length);
  let end = 0;
  for (const piece of pieces) {
    t.set(piece.t, end);
    v.set(piece.v, end);
    end += piece.t.length;
  }
  return { labels: pieces[0]!.labels, t, v };
}
