import type { HistoryEvent, Sample } from '../sample/types.ts';
import type { Limit } from '../sources/types.ts';
import { pick } from './pick.ts';
import type { FileTrack, Series } from './series.ts';

export interface HistoryQuery {
  /** null: all. */
  readonly fields: readonly string[] | null;
  readonly fromS: number | null;
  readonly toS: number | null;
  /** At most this many points, thinned evenly by time; null: all there are. */
  readonly points: number | null;
  readonly epoch: 'current' | 'all';
}

/** What history keeps of a file at each look. */
export type FileRecord = Pick<FileTrack, 'path' | 'openBy' | 'deleted' | 'method' | 'fileSystem'> & {
  readonly sizeBytes: number | null;
  readonly residentBytes: number | null;
};

/** Older rows are kept coarser: age in seconds, and seconds a row then stands for. */
export const TIERS: readonly { readonly olderThanS: number; readonly stepS: number }[] = [
  { olderThanS: 14 * 86400, stepS: 7200 },
  { olderThanS: 2 * 86400, stepS: 900 },
  { olderThanS: 2 * 3600, stepS: 60 },
];
const OLDEST_S = 92 * 86400;
/** Rows are made coarser in one go when there are this many more than after the last time. */
const COMPACT_EVERY = 1024;
const MOST_FILES = 32;
const MOST_LOOKS = 360;
const MOST_EVENTS = 512;

/** Fields that are a saw-tooth: a coarser row keeps the floor, since that is what is judged. */
export const FLOORS: ReadonlySet<string> = new Set(['heap_used', 'old_used']);

/** One target's history in memory: columns by field, NaN for a gap, coarser with age. Pure: time comes with the samples. */
export class History {
  #t = new Float64Array(256);
  #columns = new Map<string, Float64Array>();
  #length = 0;
  #compactAt = COMPACT_EVERY;
  #events: HistoryEvent[] = [];
  #tracks = new Map<string, Track>();
  #epoch: string | null = null;
  #epochStartS = Number.NEGATIVE_INFINITY;
  #intervalS = 10;
  limitBytes: Limit = null;
  heapMaxBytes: Limit = null;

  get length(): number {
    return this.#length;
  }

  has(field: string): boolean {
    return this.#columns.has(field);
  }

  get lastS(): number | null {
    return this.#length === 0 ? null : this.#t[this.#length - 1]!;
  }

  /** Another epoch than the last sample's begins a new life. Samples that are not later than the last are dropped: a clock set back makes no duplicates. */
  append(sample: Sample): boolean {
    const t = sample.atMs / 1000;
    const last = this.lastS;
    if (last !== null && t <= last) return false;
    if (this.#epoch !== null && this.#epoch !== sample.epoch) this.#begin(t);
    this.#epoch = sample.epoch;
    this.row(t, sample.values);
    this.limitBytes = sample.limitBytes ?? this.limitBytes;
    this.heapMaxBytes = sample.heapMaxBytes ?? this.heapMaxBytes;
    if (last !== null && t - last < 3600) this.#intervalS = t - last;
    if (this.#length >= this.#compactAt) this.#compact(t);
    return true;
  }

  #begin(t: number): void {
    this.#epochStartS = t;
    if (!this.#events.some((e) => e.type === 'restart' && Math.abs(e.t - t) < 1)) this.event({ t, type: 'restart' });
    this.#tracks.clear();
  }

  /** A row as it is. */
  row(t: number, values: Readonly<Record<string, number>>): void {
    if (this.#length === this.#t.length) this.#grow();
    this.#t[this.#length] = t;
    for (const id in values) this.#column(id)[this.#length] = values[id]!;
    this.#length++;
  }

  /** Stored columns as they are, null for a gap; rows that are not later than the last are passed over. */
  columns(t: readonly number[], fields: Readonly<Record<string, readonly (number | null)[]>>): void {
    const last = this.lastS ?? Number.NEGATIVE_INFINITY;
    let from = 0;
    while (from < t.length && t[from]! <= last) from++;
    const n = t.length - from;
    while (this.#length + n > this.#t.length) this.#grow();
    for (let i = 0; i < n; i++) this.#t[this.#length + i] = t[from + i]!;
    for (const id in fields) {
      const column = this.#column(id);
      const values = fields[id]!;
      for (let i = 0; i < n; i++) column[this.#length + i] = values[from + i] ?? Number.NaN;
    }
    this.#length += n;
  }

  #column(id: string): Float64Array {
    let column = this.#columns.get(id);
    if (column === undefined) {
      column = new Float64Array(this.#t.length).fill(Number.NaN);
      this.#columns.set(id, column);
    }
    return column;
  }

  /** The life that the stored rows end with; a sample with another epoch then begins a new one. */
  resume(epoch: string | null, startS: number): void {
    this.#epoch = epoch;
    this.#epochStartS = startS;
  }

  get epoch(): { readonly id: string | null; readonly startS: number } {
    return { id: this.#epoch, startS: this.#epochStartS };
  }

  event(event: HistoryEvent): void {
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** Sizes and residency of files at one look; the least recently seen are let go. */
  files(nowMs: number, files: readonly FileRecord[]): void {
    for (const file of files.slice(0, MOST_FILES)) {
      const track = this.#tracks.get(file.path) ?? { latest: file, t: [], size: [], resident: [] };
      this.#tracks.delete(file.path);
      this.#tracks.set(file.path, track);
      track.latest = file;
      track.t.push(nowMs / 1000);
      track.size.push(file.sizeBytes ?? Number.NaN);
      track.resident.push(file.residentBytes ?? Number.NaN);
      if (track.t.length > MOST_LOOKS) halve(track);
    }
    for (const path of this.#tracks.keys()) {
      if (this.#tracks.size <= MOST_FILES) break;
      this.#tracks.delete(path);
    }
  }

  /** Tracks of files that the newest look saw. */
  #fileTracks(): FileTrack[] {
    const newest = Math.max(...[...this.#tracks.values()].map((x) => x.t[x.t.length - 1]!));
    return [...this.#tracks.values()]
      .filter((x) => x.t[x.t.length - 1] === newest)
      .map(({ latest, t, size, resident }) => ({
        path: latest.path,
        openBy: latest.openBy,
        deleted: latest.deleted,
        method: latest.method,
        fileSystem: latest.fileSystem,
        t: Float64Array.from(t),
        sizeBytes: Float64Array.from(size),
        residentBytes: Float64Array.from(resident),
      }));
  }

  series(query: HistoryQuery): Series {
    const from = Math.max(
      query.fromS ?? Number.NEGATIVE_INFINITY,
      query.epoch === 'current' ? this.#epochStartS : Number.NEGATIVE_INFINITY,
    );
    const first = lowerBound(this.#t, this.#length, from);
    const end = query.toS === null ? this.#length : lowerBound(this.#t, this.#length, query.toS + 1e-9);
    const ids = query.fields ?? [...this.#columns.keys()];
    const kept = pick(this.#t, first, end, query.points);
    const fields = new Map<string, Float64Array>();
    for (const id of ids) {
      const column = this.#columns.get(id);
      fields.set(
        id,
        column === undefined
          ? new Float64Array(kept?.length ?? Math.max(0, end - first)).fill(Number.NaN)
          : take(column, first, end, kept),
      );
    }
    const t = take(this.#t, first, end, kept);
    const since = t[0] ?? from;
    return {
      t,
      fields,
      intervalS: this.#intervalS,
      limitBytes: this.limitBytes,
      heapMaxBytes: this.heapMaxBytes,
      events: this.#events.filter((e) => query.epoch === 'all' || e.t >= since),
      files: this.#fileTracks(),
    };
  }

  #grow(): void {
    const size = this.#t.length * 2;
    this.#t = enlarged(this.#t, size);
    for (const [id, column] of this.#columns) this.#columns.set(id, enlarged(column, size));
  }

  /** Merges old rows into coarser ones, and drops the oldest. Never across a restart. */
  #compact(nowS: number): void {
    const breaks = new Set(this.#events.filter((e) => e.type === 'restart').map((e) => e.t));
    let out = 0;
    let at = lowerBound(this.#t, this.#length, nowS - OLDEST_S);
    while (at < this.#length) {
      const t = this.#t[at]!;
      const step = TIERS.find((tier) => nowS - t > tier.olderThanS)?.stepS ?? 0;
      let end = at + 1;
      if (step > 0) {
        const bin = Math.floor(t / step);
        while (end < this.#length && Math.floor(this.#t[end]! / step) === bin && !breaks.has(this.#t[end]!)) end++;
      }
      for (const [id, column] of this.#columns) column[out] = merged(column, at, end, FLOORS.has(id));
      this.#t[out] = t;
      out++;
      at = end;
    }
    for (const column of this.#columns.values()) column.fill(Number.NaN, out, this.#length);
    this.#length = out;
    this.#compactAt = out + COMPACT_EVERY;
  }
}

interface Track {
  latest: FileRecord;
  t: number[];
  size: number[];
  resident: number[];
}

/** Every second look of the older half goes: fine where it is new, long where it is old. */
function halve(track: Track): void {
  const keep = (_: number, i: number): boolean => i % 2 === 0 || i >= MOST_LOOKS / 2;
  track.t = track.t.filter(keep);
  track.size = track.size.filter(keep);
  track.resident = track.resident.filter(keep);
}

export function merged(column: Float64Array, from: number, to: number, floor: boolean): number {
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let n = 0;
  for (let i = from; i < to; i++) {
    const v = column[i]!;
    if (Number.isNaN(v)) continue;
    sum += v;
    n++;
    if (v < least) least = v;
  }
  if (n === 0) return Number.NaN;
  return floor ? least : sum / n;
}

const enlarged = (column: Float64Array, size: number): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(size).fill(Number.NaN);
  larger.set(column);
  return larger;
};

/** First index whose time is not before `t`. */
function lowerBound(times: Float64Array, length: number, t: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

const take = (column: Float64Array, first: number, end: number, kept: Int32Array | null): Float64Array =>
  kept === null ? column.slice(first, Math.max(first, end)) : Float64Array.from(kept, (i) => column[i]!);
