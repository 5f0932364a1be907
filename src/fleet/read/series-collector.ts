import { hasSameTimes, type LabelledSeries, type Labels } from '../../inputs/prometheus/labelled-series.ts';
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
  #t = new Float64Array(4096);
  #v = new Float64Array(4096);
  #length = 0;
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
    if (this.#length === this.#t.length) {
      this.#t = grown(this.#t);
      this.#v = grown(this.#v);
    }
    this.#t[this.#length] = tMs / SECOND_MS;
    this.#v[this.#length] = value;
    this.#lastMs = tMs;
    this.#length++;
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
    if (this.#labels !== null && this.#length > 0) {
      const t = this.#t.subarray(0, this.#length);
      this.#done.push({ labels: this.#labels, t: this.#shared(t), v: this.#v.slice(0, this.#length) });
    }
    this.#labels = null;
    this.#length = 0;
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const out = new Float64Array(2 * column.length);
  out.set(column);
  return out;
}
