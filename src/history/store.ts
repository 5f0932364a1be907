import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { STEPS } from './coarsen.ts';
import { History, type HistoryQuery, KEEP_S, TIERS } from './history.ts';
import type { Segment } from './segment.ts';
import { type Spread, SpreadMaker } from './spread.ts';
import { mayWriteAbove, StoreError, sickness } from './store-error.ts';
import {
  clearLeftovers,
  type OpenSegment,
  openSegment,
  readSealed,
  readWhole,
  type Sealed,
  seal,
  sealCoarser,
  segmentNames,
  segmentPath,
  setAside,
  takeTurns,
} from './store-files.ts';
import { takeLock } from './store-lock.ts';
import { loadObituaries, type Obituary, saveObituaries } from './store-obituaries.ts';
import { forgetFiles } from './store-pages.ts';
import { extend, restore, type Saved } from './store-rows.ts';
import { addSpread } from './store-spread.ts';

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

interface StoreLog {
  warn(details: object, message: string): void;
}

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
/** Rows that a coarser segment has at least: 1 h of minutes, 15 h of quarters, 5 days of two hours. */
const COARSE_ROWS = 60;
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
  readonly #targets = new Map<string, Kept>();
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
    const kept: Kept = {
      history,
      dir: dir === null ? null : join(dir, key),
      db: null,
      bytes: 0,
      sealed: [],
      saved: { untilS: null, events: 0 },
      obituaries: [],
    };
    this.#targets.set(key, kept);
    if (kept.dir === null) return history;
    try {
      await this.#loadSegments(kept, kept.dir);
      kept.obituaries.push(...(await loadObituaries(kept.dir)));
    } catch (error) {
      // No folder yet: the first save makes it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#try(() => Promise.reject(error));
    }
    kept.saved = { untilS: history.lastS, events: history.eventCount };
    return history;
  }

  async #loadSegments(kept: Kept, dir: string): Promise<void> {
    let coveredS = Number.NEGATIVE_INFINITY;
    await clearLeftovers(dir);
    const names = await segmentNames(dir);
    for (const [i, name] of names.entries()) {
      await takeTurns(i + 1);
      const path = join(dir, name);
      try {
        const { segment, sealed } = readSealed(path);
        if (sealed.endS <= coveredS) {
          // Killed after the coarser one was written, and before this one was removed.
          await rm(path);
          continue;
        }
        if (sealed.step > 0) coveredS = Math.max(coveredS, sealed.endS);
        restore(kept.history, segment);
        kept.sealed.push(sealed);
        kept.bytes += sealed.bytes;
      } catch (error) {
        await this.#setAside(path, error);
      }
    }
    await forgetFiles(kept.sealed.map(({ path }) => path));
  }

  /** Keeps the rows that came since the last call. Rewrites one small file. */
  async save(key: string): Promise<void> {
    const kept = this.#targets.get(key);
    if (kept === undefined || kept.dir === null || kept.history.lastS === kept.saved.untilS) return;
    const { dir } = kept;
    await this.#try(async () => {
      await this.#occupy(this.#options.dir!);
      if (kept.history.lastS! < (kept.saved.untilS ?? 0)) await this.#leaveAhead(kept);
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

  /**
   * The clock was set back by more than a moment: what was stored under later times would stand before what comes, and hide it. Memory has
   * moved its rows; on disk they are kept under another name, since sealed segments are never changed.
   */
  async #leaveAhead(kept: Kept): Promise<void> {
    const newestS = kept.history.lastS!;
    const ahead = kept.sealed.filter((sealed) => sealed.endS >= newestS);
    const paths = [...ahead.map(({ path }) => path), ...(kept.db === null ? [] : [kept.db.path])];
    for (const path of paths) await rename(path, `${path}.ahead-${Date.now()}`);
    kept.sealed = kept.sealed.filter((sealed) => !ahead.includes(sealed));
    kept.bytes = kept.sealed.reduce((sum, { bytes }) => sum + bytes, 0);
    kept.db = null;
    kept.saved = { untilS: newestS - 1e-3, events: kept.history.eventCount };
    this.#options.log.warn({ files: paths.length }, 'the clock was set back; segments that are ahead of it were set aside');
  }

  /** fsync of file and folder, then never touched again; the oldest go when there are too many bytes. */
  async #seal(kept: Kept, dir: string): Promise<void> {
    if (kept.db === null) return;
    const sealed = await seal(kept.db, dir);
    kept.db = null;
    kept.sealed.push(sealed);
    kept.bytes += sealed.bytes;
    for (const [i, step] of STEPS.slice(1).entries()) await this.#coarsen(kept, dir, STEPS[i]!, step);
    await this.#retain();
  }

  /** Old segments of one tier become one of the next: written and on disk first, then the old ones go. One merge at most, so work is bounded. */
  async #coarsen(kept: Kept, dir: string, from: number, to: number): Promise<void> {
    const ageS = TIERS.find((tier) => tier.stepS === to)!.olderThanS;
    const oldestS = (kept.history.lastS ?? 0) - ageS;
    const group: Sealed[] = [];
    for (const sealed of kept.sealed.filter((s) => s.step === from)) {
      if (sealed.endS >= oldestS) break;
      group.push(sealed);
      if (sealed.endS - group[0]!.startS >= COARSE_ROWS * to) break;
    }
    const [first] = group;
    if (first === undefined || group.at(-1)!.endS - first.startS < COARSE_ROWS * to) return;
    const segments: Segment[] = [];
    for (const sealed of group) {
      try {
        segments.push(readWhole(sealed.path));
      } catch (error) {
        await this.#lose(kept, sealed, error);
      }
    }
    if (segments.length < group.length) return; // the others are merged the next time
    const coarse = await sealCoarser(dir, first.startS, segments, to);
    kept.sealed.splice(kept.sealed.indexOf(first), 0, coarse);
    kept.bytes += coarse.bytes;
    for (const sealed of group) await this.#drop(kept, sealed);
  }

  /** A sealed segment that was deleted, or has changed since. */
  async #lose(kept: Kept, sealed: Sealed, error: unknown): Promise<void> {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#setAside(sealed.path, error);
    kept.sealed = kept.sealed.filter((s) => s !== sealed);
    kept.bytes -= sealed.bytes;
  }

  async #setAside(path: string, error: unknown): Promise<void> {
    const movedTo = await setAside(path);
    this.#options.log.warn(
      { file: path, movedTo, error: (error as Error).message },
      'a history segment cannot be read and was set aside',
    );
  }

  async #drop(kept: Kept, sealed: Sealed): Promise<void> {
    await rm(sealed.path, { force: true });
    kept.sealed = kept.sealed.filter((s) => s !== sealed);
    kept.bytes -= sealed.bytes;
  }

  /** Neither age nor size is ever exceeded: a segment goes when its first row is too old, and the oldest when there are too many bytes. */
  async #retain(): Promise<void> {
    const { maxDiskBytes, keepS = KEEP_S } = this.#options;
    const budget = Math.min(maxDiskBytes * 0.9, maxDiskBytes - RESERVE);
    for (;;) {
      let bytes = 0;
      let newestS = 0;
      let oldest: { readonly kept: Kept; readonly sealed: Sealed } | null = null;
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
      await this.#drop(oldest.kept, oldest.sealed);
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

interface Kept {
  readonly history: History;
  readonly dir: string | null;
  db: OpenSegment | null;
  bytes: number;
  /** In order of time. */
  sealed: Sealed[];
  saved: Saved;
  readonly obituaries: Obituary[];
}

export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new Store(options);
  await store.begin();
  return store;
}
