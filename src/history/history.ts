import { type FieldColumns, type FieldName, type FieldValues, fieldsWhere } from '../fields.ts';
import type { HistoryEvent, Sample } from '../sample/types.ts';
import type { FileObservation, Limit } from '../sources/types.ts';
import { DAY_S, HOUR_S, MINUTE_S, SECOND_MS } from '../units.ts';
import { type Coarser, Columns } from './columns.ts';
import { FileTracks } from './file-tracks.ts';
import { Packer } from './packing/packer.ts';
import { type PartObservation, PartReadings } from './part-readings.ts';
import type { Series } from './series.ts';
import type { StoredReadings } from './stored-readings.ts';
import { roundingOf } from './stored-rounding.ts';

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
/** A longer time between two rows is a long stop or a wrong clock. On disk the next row begins a new segment. */
export const CLOCK_LEAP_S = DAY_S;
/** If the clock is set back by less, samples are dropped until it catches up. If it is set back by more, the earlier times were wrong. */
const CLOCK_WAIT_S = 300;

/** Fields that are a sawtooth. A coarser row keeps their minimum, because the floor is evaluated. */
export const FIELDS_KEPT_BY_MINIMUM: ReadonlySet<FieldName> = new Set(fieldsWhere(({ sawtooth }) => sawtooth));

const COARSER: Coarser = { keepsMinimum: (id) => FIELDS_KEPT_BY_MINIMUM.has(id), round: roundingOf };

export interface HistorySeries extends Series {
  /** Frees the columns that were read. They are then empty. */
  readonly release: () => void;
}

/** One target's history in memory: columns by field, NaN for a gap, coarser with age. Pure: time comes with the samples. */
export class History {
  readonly #keepS: number;
  readonly #rows: Columns;
  readonly #files = new FileTracks();
  #parts = new PartReadings();
  #compactAt = COMPACT_EVERY;
  #events: HistoryEvent[] = [];
  #eventCount = 0;
  #epoch: string | null = null;
  #epochStartS = Number.NEGATIVE_INFINITY;
  #intervalS = 10;
  #lastGapS = 10;
  limitBytes: Limit = null;
  heapMaxBytes: Limit = null;

  /** `keepS`: maximum age of a row, counted from the newest. Several histories can share a packer, which has some memory. */
  constructor(keepS = KEEP_S, packer = new Packer()) {
    this.#keepS = keepS;
    this.#rows = new Columns(packer);
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
   * makes no duplicates. If it was set back by more than CLOCK_WAIT_S, the rows that it stamped before are moved, because the newest clock is
   * right: all of them, or those after the leap of a clock that was ahead for a while.
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
    if (last !== null && t - last < HOUR_S) this.#noteGap(t - last);
    if (this.length >= this.#compactAt) this.#compact(t);
    return true;
  }

  /** One long gap is a pause, such as that between two containers. */
  #noteGap(gapS: number): void {
    this.#intervalS = Math.min(gapS, this.#lastGapS);
    this.#lastGapS = gapS;
  }

  /** Moves the rows and events that the other clock has stamped, so that the last row is at `t`. */
  #acceptTime(t: number): void {
    const by = t - this.lastS!;
    const first = this.#firstOfLeap(t);
    // A row that comes to lie before this is dropped.
    const after = first === 0 ? Number.NEGATIVE_INFINITY : this.#rows.timeOf(first - 1);
    this.#rows.shift(by, first, after);
    const moved = (at: number): number => (first === 0 || at > t ? Math.max(after, at + by) : at);
    this.#epochStartS = moved(this.#epochStartS);
    this.#events = this.#events.map((event) => ({ ...event, t: moved(event.t) }));
    this.#files.clear();
    this.#parts.clear();
  }

  /** The first row after a leap of the clock over `t`; 0: there is no such leap, and all rows are of one clock. */
  #firstOfLeap(t: number): number {
    const row = this.#rows.rowAt(t);
    if (row === 0 || row >= this.length) return 0;
    return this.#rows.timeOf(row) - this.#rows.timeOf(row - 1) > CLOCK_LEAP_S ? row : 0;
  }

  #beginRun(t: number): void {
    this.#epochStartS = t;
    if (!this.#events.some((e) => e.type === 'restart' && Math.abs(e.t - t) < 1)) this.recordEvent({ t, type: 'restart' });
    this.#files.clear();
    this.#parts.clear();
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

  /** The next files are those of another scanner. */
  expectFilesAgain(): void {
    this.#files.expectAgain();
  }

  recordFiles(nowMs: number, files: readonly FileObservation[]): void {
    this.#files.record(nowMs, files);
  }

  /** The readings of another history of the same run, which come after those of this one. */
  takeReadings(other: History): void {
    const stored = this.#parts.stored();
    this.#parts = other.#parts;
    this.#parts.resume(stored);
  }

  /** The readings of parts and files as they are stored; null: there are none. */
  storedReadings(): StoredReadings | null {
    const [parts, files] = [this.#parts.stored(), this.#files.stored()];
    return this.#epoch === null || parts.t.length + files.t.length === 0
      ? null
      : { schema: 'memhound.readings/1', epoch: this.#epoch, parts, files };
  }

  /** Continues stored readings, if they are of the run at the end of the stored rows. */
  resumeReadings({ epoch, parts, files }: StoredReadings): void {
    if (epoch !== this.#epoch) return;
    this.#parts.resume(parts);
    this.#files.resume(files);
  }

  recordParts(nowMs: number, parts: readonly PartObservation[]): void {
    this.#parts.record(nowMs / SECOND_MS, parts);
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

  /** The columns are valid until the next sample, or until they are released. */
  series(query: HistoryQuery): HistorySeries {
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
    const parts = this.#parts;
    return {
      t,
      fields,
      release: () => fields.release(),
      intervalS: this.#intervalS,
      limitBytes: this.limitBytes,
      heapMaxBytes: this.heapMaxBytes,
      events: this.#events.filter((e) => query.epoch === 'all' || e.t >= since),
      // Computed on access, because storing a row needs only the columns.
      get files() {
        return tracks.newest();
      },
      get parts() {
        return parts.columns();
      },
    };
  }

  /**
   * The time from which old rows have their age: that of the newest row; or, if the clock has leapt ahead by more than all that is kept, the
   * time before the leap until the rows after it make up a day. A clock that is wrong for a while must not empty the history.
   */
  get agedFromS(): number {
    const newestS = this.lastS ?? 0;
    const recent = this.#rows.rowAt(newestS - CLOCK_LEAP_S);
    if (recent === 0 || recent >= this.length) return newestS;
    const before = this.#rows.timeOf(recent - 1);
    return this.#rows.timeOf(recent) - before > this.#keepS ? before : newestS;
  }

  /** Merges old rows into coarser ones, never across a restart, and drops the oldest. */
  #compact(nowS: number): void {
    const breaks = new Set(this.#events.filter((e) => e.type === 'restart').map((e) => e.t));
    const { agedFromS } = this;
    const ageOf = (t: number): number => (t > agedFromS ? nowS : agedFromS) - t;
    const stepAt = (t: number): number => TIERS.find((tier) => ageOf(t) > tier.olderThanS)?.stepS ?? 0;
    this.#rows.merge(this.#rows.rowAt(agedFromS - this.#keepS), stepAt, breaks, COARSER);
    this.#compactAt = this.length + COMPACT_EVERY;
  }
}
