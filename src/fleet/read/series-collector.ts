import { hasSameTimes, type LabelledSeries, type Labels } from '../../inputs/prometheus/labelled-series.ts';
import { SampleColumns } from '../../inputs/prometheus/sample-columns.ts';
import { SECOND_MS } from '../../units.ts';
import { HttpError } from '../http/http-error.ts';
import type { TimeRange } from '../http/prometheus-api.ts';
import type { SampleSink } from './xor-chunk.ts';

/** What a server sends beyond this is no answer to a request of memhound. */
const MAX_SAMPLES = 20_000_000;

/** Collects samples of series that arrive in pieces. Staleness markers (a NaN) and what is out of range or out of order are left out. */
export class SeriesCollector implements SampleSink {
  readonly #range: { readonly fromMs: number; readonly toMs: number };
  readonly #done: LabelledSeries[] = [];
  readonly #times = new Map<string, Float64Array>();
  #labels: Labels | null = null;
  #key = '';
  readonly #columns = new SampleColumns(4096);
  #samples = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ from, to }: TimeRange) {
    this.#range = { fromMs: from * SECOND_MS, toMs: to * SECOND_MS };
  }

  /** Samples that follow belong to this series. It continues if it is the same as before. */
  begin(labels: Labels): void {
    const key = JSON.stringify(labels);
    if (this.#labels !== null && key === this.#key) return;
    this.#finish();
    this.#labels = labels;
    this.#key = key;
  }

  append(tMs: number, value: number): void {
    if (!(tMs > this.#lastMs) || tMs < this.#range.fromMs || tMs > this.#range.toMs || Number.isNaN(value)) return;
    if (++this.#samples > MAX_SAMPLES)
      throw new HttpError('broken', `the server sends more than ${MAX_SAMPLES} samples, expected some hundred thousand`);
    this.#columns.push(tMs / SECOND_MS, value);
    this.#lastMs = tMs;
  }

  /** A copy, or that of a series before with the same times: half of the memory. */
  #shared(t: Float64Array): Float64Array {
    const id = `${t.length} ${t[0]} ${t[t.length - 1]}`;
    const known = this.#times.get(id);
    if (known !== undefined && hasSameTimes(known, t)) return known;
    const copy = t.slice();
    this.#times.set(id, copy);
    return copy;
  }

  series(): LabelledSeries[] {
    this.#finish();
    return this.#done;
  }

  #finish(): void {
    const { t, v } = this.#columns;
    if (this.#labels !== null && t.length > 0) this.#done.push({ labels: this.#labels, t: this.#shared(t), v: v.slice() });
    this.#labels = null;
    this.#columns.clear();
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }
}
