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
  /** At most this many points, thinned evenly by time; null: all there are. */
  readonly points: number | null;
  readonly epoch: 'current' | 'all';
}

/** Older rows are kept coarser: age in seconds, and seconds a row then stands for. */
export const TIERS: readonly { readonly olderThanS: number; readonly stepS: number }[] = [
  { olderThanS: 14 * DAY_S, stepS: 2 * HOUR_S },
  { olderThanS: 2 * DAY_S, stepS: 15 * MINUTE_S },
  { olderThanS: 2 * HOUR_S, stepS: MINUTE_S },
];
/** A quarter. */
export const KEEP_S = 92 * DAY_S;
/** Rows are made coarser in one go when there are this many more than after the last time. */
const COMPACT_EVERY = 256;
const MAX_EVENTS = 512;
/** A clock that is set back by less is waited for; by more, and the rows with the later times were stamped by a clock that was wrong. */
const CLOCK_WAIT_S = 300;

/** Fields that are a saw-tooth: a coarser row keeps the floor, since that is what is evaluated. */
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

  /** `keepS`: rows that are older than the newest by more than this are not there. */
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
   * Another epoch than the last sample's begins a new run. Samples that are not later than the last are dropped: a clock set back makes no
   * duplicates. Set back by more, all earlier rows are moved to meet it: it is the last clock that counts.
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

  /** Moves everything so that the last row is at `t`. */
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

  /** The run that the stored rows end with; a sample with another epoch then begins a new one. */
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

  /** Of all that there ever were; old ones are let go. */
  get eventCount(): number {
    return this.#eventCount;
  }

  eventsAfter(count: number): readonly HistoryEvent[] {
    return this.#events.slice(Math.max(0, this.#events.length - (this.#eventCount - count)));
  }

  recordFiles(nowMs: number, files: readonly FileObservation[]): void {
    this.#files.record(nowMs, files);
  }

  /** The first row that is not before `t`; none that is too old to be kept. */
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

  /** Columns may be windows on this history's own: they hold until the next sample. */
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
      // Made where they are read: storing a row asks for the columns alone.
      get files() {
        return tracks.newest();
      },
    };
  }

  /** Merges old rows into coarser ones, and drops the oldest. Never across a restart. */
  #compact(nowS: number): void {
    const breaks = new Set(this.#events.filter((e) => e.type === 'restart').map((e) => e.t));
    const stepAt = (t: number): number => TIERS.find((tier) => nowS - t > tier.olderThanS)?.stepS ?? 0;
    this.#rows.merge(this.#rows.rowAt(nowS - this.#keepS), stepAt, breaks, FIELDS_KEPT_BY_MINIMUM);
    this.#compactAt = this.length + COMPACT_EVERY;
  }
}
