import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Spread, SpreadMaker } from '../envelope.ts';
import { History, type HistoryQuery, KEEP_S, TIERS } from '../history.ts';
import { loadObituaries, type Obituary, saveObituaries } from './final-reports.ts';
import { takeLock } from './folder-lock.ts';
import { addSpread } from './segment-envelope.ts';
import { openSegment, type Sealed, segmentPath } from './segment-files.ts';
import { extend } from './segment-rows.ts';
import { mayWriteAbove, StoreError, sickness } from './store-error.ts';
import { Shelf, type StoreLog } from './target-store.ts';

export { StoreError } from './store-error.ts';

export type StoreState =
  | {
      readonly ok: true;
      readonly bytes: number;
      readonly maxBytes: number;
      readonly segments: number;
      readonly rows: number;
      readonly oldest: string | null;
      readonly dir: string | null;
    }
  | { readonly ok: false; readonly reason: string };

export interface StoreOptions {
  /** null: in memory only. */
  readonly dir: string | null;
  readonly maxDiskBytes: number;
  /** Age of the oldest row, counted from the newest; default 92 days. */
  readonly keepS?: number;
  readonly everyS: number;
  readonly log: StoreLog;
}

/** Rows of the one segment that is rewritten at each tick; a sealed one is never changed, only merged into a coarser one when it is old. */
const ROWS = 30;
const LEAST_DISK = 1 << 20;
/** For the segments that are being written, and a coarser one while those it stands for are still there. */
const RESERVE = 256 << 10;
/** Between two rows: a long stop, or a clock that is wrong. What comes after begins a segment of its own. */
const LEAP_S = 86_400;
const MOST_OBITUARIES = 5;
/** Rows of at most this age are in memory as they were sampled. */
const RAW_S = Math.min(...TIERS.map((tier) => tier.olderThanS));

/** History on disk, a folder a target. lowdb rewrites a whole file at each write, so only the newest, small segment is written at a tick. */
export class Store {
  readonly #options: StoreOptions;
  readonly #targets = new Map<string, Shelf>();
  #lock: string | null = null;
  #broken: string | null = null;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** @throws StoreError what an operator must mend before anything is sampled */
  async begin(): Promise<void> {
    const { dir, maxDiskBytes } = this.#options;
    if (dir === null) return;
    if (maxDiskBytes < LEAST_DISK)
      throw new StoreError(`--max-disk ${maxDiskBytes}: expected at least 1MiB, the size of a few segments`, 2);
    try {
      await this.#occupy(dir);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof StoreError) throw error;
      if (code === 'EEXIST' || code === 'ENOTDIR') throw new StoreError(`--data ${dir}: expected a folder, found a file`, 2);
      // A sidecar that crashes because a volume is sick helps nobody: it samples from memory, says so, and tries again.
      if (sickness(dir, error) === null) throw error;
      await this.#try(() => Promise.reject(error));
    }
  }

  async #occupy(dir: string): Promise<void> {
    if (this.#lock !== null) return;
    try {
      await mkdir(dir, { recursive: true });
    } catch (error) {
      // Node says ENOENT of a recursive mkdir on a read-only file system (libuv): the nearest folder there is tells why.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') await mayWriteAbove(dir);
      throw error;
    }
    this.#lock = await takeLock(dir);
  }

  /** What is stored of a target. Takes its time in small pieces, so that a full history does not hold up the sampling. */
  async load(key: string): Promise<History> {
    const history = new History(this.#options.keepS);
    const { dir } = this.#options;
    const kept = new Shelf(history, dir === null ? null : join(dir, key), this.#options.log);
    this.#targets.set(key, kept);
    if (kept.dir === null) return history;
    try {
      await kept.load(kept.dir);
      kept.obituaries.push(...(await loadObituaries(kept.dir)));
    } catch (error) {
      // No folder yet: the first save makes it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#try(() => Promise.reject(error));
    }
    kept.saved = { untilS: history.lastS, events: history.eventCount };
    return history;
  }

  /** Keeps the rows that came since the last call. Rewrites one small file. */
  async save(key: string): Promise<void> {
    const kept = this.#targets.get(key);
    if (kept === undefined || kept.dir === null || kept.history.lastS === kept.saved.untilS) return;
    const { dir } = kept;
    await this.#try(async () => {
      await this.#occupy(this.#options.dir!);
      if (kept.history.lastS! < (kept.saved.untilS ?? 0)) await kept.leaveAhead();
      else if (kept.db !== null && kept.history.lastS! - kept.saved.untilS! > LEAP_S) await this.#seal(kept, dir);
      if (kept.db === null) {
        await mkdir(dir, { recursive: true });
        kept.db = openSegment(segmentPath(dir, kept.history.lastS! * 1000, 0));
      }
      kept.saved = extend(kept.db.low.data, kept.history, kept.saved);
      try {
        await kept.db.low.write();
      } catch (error) {
        // The folder was deleted beneath us: it is made again, and the lock in it.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.#lock = null;
        await this.#occupy(this.#options.dir!);
        kept.sealed = [];
        kept.bytes = 0;
        await mkdir(dir, { recursive: true });
        await kept.db.low.write();
      }
      if (kept.db.low.data.t.length >= ROWS) await this.#seal(kept, dir);
      else await this.#retain();
    });
  }

  async #seal(kept: Shelf, dir: string): Promise<void> {
    await kept.seal(dir);
    await this.#retain();
  }

  /** Neither age nor size is ever exceeded: a segment goes when its first row is too old, and the oldest when there are too many bytes. */
  async #retain(): Promise<void> {
    const { maxDiskBytes, keepS = KEEP_S } = this.#options;
    const budget = Math.min(maxDiskBytes * 0.9, maxDiskBytes - RESERVE);
    for (;;) {
      let bytes = 0;
      let newestS = 0;
      let oldest: { readonly kept: Shelf; readonly sealed: Sealed } | null = null;
      for (const kept of this.#targets.values()) {
        bytes += kept.bytes;
        // Age is counted from the newest row, not from the clock; and not from rows after a leap, until they fill a segment: a clock that is
        // wrong for a moment must not empty the history.
        const sealedS = kept.sealed.at(-1)?.endS ?? 0;
        const lastS = kept.history.lastS ?? 0;
        newestS = Math.max(newestS, lastS - sealedS > LEAP_S ? sealedS : lastS);
        const [sealed] = kept.sealed;
        if (sealed !== undefined && (oldest === null || sealed.endS < oldest.sealed.endS)) oldest = { kept, sealed };
      }
      if (oldest === null || (bytes <= budget && newestS - oldest.sealed.startS <= keepS)) return;
      await oldest.kept.drop(oldest.sealed);
    }
  }

  /** A sick disk must not stop the sampling: it is said once, tried again at each tick, and said once when it is well again. */
  async #try(work: () => Promise<void>): Promise<void> {
    const { dir, log } = this.#options;
    try {
      await work();
      if (this.#broken !== null) log.warn({ dir }, 'history is stored again');
      this.#broken = null;
    } catch (error) {
      const reason = sickness(dir!, error) ?? (error as Error).message;
      if (this.#broken === null) log.warn({ dir, error: reason }, 'history cannot be stored; sampling goes on from memory');
      this.#broken = reason;
    }
  }

  async keepObituary(key: string, obituary: Obituary): Promise<void> {
    const kept = this.#targets.get(key);
    if (kept === undefined) return;
    const { dir, obituaries } = kept;
    obituaries.push(obituary);
    if (obituaries.length > MOST_OBITUARIES) obituaries.shift();
    if (dir === null) return;
    await this.#try(async () => {
      await this.#occupy(this.#options.dir!);
      await mkdir(dir, { recursive: true });
      await saveObituaries(dir, obituaries);
    });
  }

  /** `n` 1: of the last that died. */
  obituary(key: string, n: number): Obituary | null {
    const list = this.#targets.get(key)?.obituaries ?? [];
    return list[list.length - n] ?? null;
  }

  /**
   * The least and the largest of all samples that each point of `series(query)` stands for. `segments`: how many were read, which are those
   * of the span and no others.
   */
  async spread(key: string, query: HistoryQuery): Promise<Spread & { readonly segments: number }> {
    const kept = this.#targets.get(key);
    if (kept === undefined) throw new Error(`spread: expected a target that was loaded, found ${key}`);
    const { history, sealed } = kept;
    const { t, fields } = history.series(query);
    const [fromS, toS] = [t[0] ?? 0, t.at(-1) ?? 0];
    const maker = new SpreadMaker(Float64Array.from(t), fields.keys(), fromS);
    const every = history.series({ ...query, points: null });
    const inMemory = (id: string, row: number) => every.fields.get(id)?.[row];
    maker.add({ t: every.t, low: inMemory, high: inMemory });
    const rawS = (history.lastS ?? 0) - RAW_S;
    const segments = t.length === 0 ? 0 : await addSpread(maker, sealed, { fromS, toS, rawS });
    return { ...maker.spread, segments };
  }

  state(): StoreState {
    if (this.#broken !== null) return { ok: false, reason: this.#broken };
    let [bytes, segments, rows, oldestS] = [0, 0, 0, Number.POSITIVE_INFINITY];
    for (const kept of this.#targets.values()) {
      bytes += kept.bytes;
      segments += kept.sealed.length + (kept.db === null ? 0 : 1);
      rows += kept.history.length;
      oldestS = Math.min(oldestS, kept.history.firstS ?? Number.POSITIVE_INFINITY);
    }
    const oldest = Number.isFinite(oldestS) ? new Date(oldestS * 1000).toISOString() : null;
    return { ok: true, bytes, maxBytes: this.#options.maxDiskBytes, segments, rows, oldest, dir: this.#options.dir };
  }

  async close(): Promise<void> {
    for (const kept of this.#targets.values()) if (kept.db !== null) await this.#try(() => this.#seal(kept, kept.dir!));
    if (this.#lock !== null) await rm(this.#lock, { force: true });
    this.#lock = null;
  }
}

export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new Store(options);
  await store.begin();
  return store;
}
