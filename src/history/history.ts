import { type FieldColumns, type FieldName, type FieldValues, fieldsWhere } from '../fields.ts';
import type { HistoryEvent, Sample } from '../sample/types.ts';
import type { FileObservation, Limit } from '../sources/types.ts';
import { DAY_S, HOUR_S, MINUTE_S, SECOND_MS } from '../units.ts';
import { Columns } from './columns.ts';
import { FileTracks } from './file-tracks.ts';
import type { Series } from './series.ts';

export interface HistoryQuery {
  /** null: all. */
  readonly fields: readonly FieldName[] | null;
  readonly fromS: number | null;
  readonly toS: number | null;
  /** Maximum number of points, thinned evenly by time; null: all. */
  readonly points: number | null;
  readonly epoch: 'current' | 'all';
}

/** Older rows are coarser: from this age (seconds), a row covers this many seconds. */
export const TIERS: readonly { readonly olderThanS: number; readonly stepS: number }[] = [
  { olderThanS: 14 * DAY_S, stepS: 2 * HOUR_S },
  { olderThanS: 2 * DAY_S, stepS: 15 * MINUTE_S },
  { olderThanS: 2 * HOUR_S, stepS: MINUTE_S },
];
/** Default retention: a quarter of a year, in seconds. */
export const KEEP_S = 92 * DAY_S;
/** Rows are made coarser when this many were added since the last time. */
const COMPACT_EVERY = 256;
const MAX_EVENTS = 512;
/** If the clock is set back by less, samples are dropped until it catches up. If it is set back by more, the earlier times were wrong. */
const CLOCK_WAIT_S = 300;

/** Fields that are a sawtooth. A coarser row keeps their minimum, because the floor is evaluated. */
export const FIELDS_KEPT_BY_MINIMUM: ReadonlySet<FieldName> = new Set(fieldsWhere(({ sawtooth }) => sawtooth));

/** One target's history in memory: columns by field, NaN for a gap, coarser with age. Pure: time comes with the samples. */
export class History {
  readonly #keepS: number;
  readonly #rows = new Columns();
  readonly #files = new FileTracks();
  #compactAt = COMPACT_EVERY;
  #events: HistoryEvent[] = [];
  #eventCount = 0;
  #epoch: string | null = null;
  #epochStartS = Number.NEGATIVE_INFINITY;
  #intervalS = 10;
  limitBytes: Limit = null;
  heapMaxBytes: Limit = null;

  /** `keepS`: maximum age of a row, counted from the newest. */
  constructor(keepS = KEEP_S) {
    this.#keepS = keepS;
  }

  get length(): number {
    return this.#rows.length;
  }

  has(field: FieldName): boolean {
    return this.#rows.has(field);
  }

  get lastS(): number | null {
    return this.#rows.lastS;
  }

  get firstS(): number | null {
    return this.#rows.firstS;
  }

  /**
   * Appends a sample. A new epoch begins a new run. A sample that is not later than the last one is dropped, so that a clock that was set back
   * makes no duplicates. If it was set back by more than CLOCK_WAIT_S, all earlier rows are moved, because the newest clock is right.
   */
  append(sample: Sample): boolean {
    const t = sample.atMs / SECOND_MS;
    if (this.lastS !== null && t <= this.lastS - CLOCK_WAIT_S) this.#acceptTime(t - this.#intervalS);
    const last = this.lastS;
    if (last !== null && t <= last) return false;
    if (this.#epoch !== null && this.#epoch !== sample.epoch) this.#beginRun(t);
    this.#epoch = sample.epoch;
    this.#rows.row(t, sample.values);
    this.limitBytes = sample.limitBytes ?? this.limitBytes;
    this.heapMaxBytes = sample.heapMaxBytes ?? this.heapMaxBytes;
    if (last !== null && t - last < HOUR_S) this.#intervalS = t - last;
    if (this.length >= this.#compactAt) this.#compact(t);
    return true;
  }

  /** Moves all rows and events so that the last row is at `t`. */
  #acceptTime(t: number): void {
    const by = t - this.lastS!;
    this.#rows.shift(by);
    this.#epochStartS += by;
    this.#events = this.#events.map((event) => ({ ...event, t: event.t + by }));
    this.#files.clear();
  }

  #beginRun(t: number): void {
    this.#epochStartS = t;
    if (!this.#events.some((e) => e.type === 'restart' && Math.abs(e.t - t) < 1)) this.recordEvent({ t, type: 'restart' });
    this.#files.clear();
  }

  /** A row as it is. */
  row(t: number, values: FieldValues): void {
    this.#rows.row(t, values);
  }

  /** Stored columns as they are, null for a gap; rows that are not later than the last are passed over. */
  columns(t: readonly number[], fields: FieldColumns): void {
    this.#rows.rows(t, fields);
  }

  /** Sets the run at the end of the stored rows. A sample with another epoch begins a new run. */
  resume(epoch: string | null, startS: number): void {
    this.#epoch = epoch;
    this.#epochStartS = startS;
  }

  get epoch(): { readonly id: string | null; readonly startS: number } {
    return { id: this.#epoch, startS: this.#epochStartS };
  }

  recordEvent(event: HistoryEvent): void {
    this.#events.push(event);
    this.#eventCount++;
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** Number of all events so far, including old ones that were dropped. */
  get eventCount(): number {
    return this.#eventCount;
  }

  eventsAfter(count: number): readonly HistoryEvent[] {
    return this.#events.slice(Math.max(0, this.#events.length - (this.#eventCount - count)));
  }

  recordFiles(nowMs: number, files: readonly FileObservation[]): void {
    this.#files.record(nowMs, files);
  }

  /** The first row at or after `t` that is not too old to be kept. */
  rowAt(t: number): number {
    return this.#rows.rowAt(Math.max(t, (this.lastS ?? 0) - this.#keepS));
  }

  timeOf(row: number): number {
    return this.#rows.timeOf(row);
  }

  fields(): Iterable<FieldName> {
    return this.#rows.ids();
  }

  /** NaN for a gap. */
  valueOf(field: FieldName, row: number): number {
    return this.#rows.valueOf(field, row);
  }

  /** The columns may be views of this history, valid until the next sample. */
  series(query: HistoryQuery): Series {
    const from = Math.max(
      query.fromS ?? Number.NEGATIVE_INFINITY,
      (this.lastS ?? 0) - this.#keepS,
      query.epoch === 'current' ? this.#epochStartS : Number.NEGATIVE_INFINITY,
    );
    const first = this.#rows.rowAt(from);
    const end = query.toS === null ? this.length : this.#rows.rowAt(query.toS + 1e-9);
    const { t, fields } = this.#rows.select(first, end, query.fields ?? this.#rows.ids(), query.points);
    const since = t[0] ?? from;
    const tracks = this.#files;
    return {
      t,
      fields,
      intervalS: this.#intervalS,
      limitBytes: this.limitBytes,
      heapMaxBytes: this.heapMaxBytes,
      events: this.#events.filter((e) => query.epoch === 'all' || e.t >= since),
      // Computed on access, because storing a row needs only the columns.
      get files() {
        return tracks.newest();
      },
    };
  }

  /** Merges old rows into coarser ones, never across a restart, and drops the oldest. */
  #compact(nowS: number): void {
    const breaks = new Set(this.#events.filter((e) => e.type === 'restart').map((e) => e.t));
    const stepAt = (t: number): number => TIERS.find((tier) => nowS - t > tier.olderThanS)?.stepS ?? 0;
    this.#rows.merge(this.#rows.rowAt(nowS - this.#keepS), stepAt, breaks, FIELDS_KEPT_BY_MINIMUM);
    this.#compactAt = this.length + COMPACT_EVERY;
  }
}
