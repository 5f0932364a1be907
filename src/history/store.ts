import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Low } from 'lowdb';
import { DataFile } from 'lowdb/node';
import { fieldRow } from '../fields.ts';
import type { HistoryEventType } from '../sample/types.ts';
import type { Limit } from '../sources/types.ts';
import { coarsen, STEPS } from './coarsen.ts';
import { History, TIERS } from './history.ts';
import { emptySegment, type Segment } from './segment.ts';
import { readSegmentText, segmentText } from './store-text.ts';

/** A data folder that cannot be used: 2 for a bad option, 1 for the machine's state. */
export class StoreError extends Error {
  override name = 'StoreError';
  constructor(
    message: string,
    readonly exit: 1 | 2,
  ) {
    super(message);
  }
}

export type StoreState =
  | { readonly ok: true; readonly bytes: number; readonly maxBytes: number; readonly dir: string | null }
  | { readonly ok: false; readonly reason: string };

/** The last word on a container that died. `verdict` is kept as it was said. */
export interface Obituary<V = unknown> {
  readonly atMs: number;
  readonly verdict: V;
  readonly lastHour?: unknown;
}

interface StoreLog {
  warn(details: object, message: string): void;
}

export interface StoreOptions {
  /** null: in memory only. */
  readonly dir: string | null;
  readonly maxDiskBytes: number;
  readonly everyS: number;
  readonly log: StoreLog;
}

/** Rows of the one segment that is rewritten at each tick; a sealed one is never changed, only merged into a coarser one when it is old. */
const ROWS = 30;
/** Rows that a coarser segment has at least: 1 h of minutes, 15 h of quarters, 5 days of two hours. */
const COARSE_ROWS = 60;
const OLDEST_S = 92 * 86400;
const TIER_NAMES: Readonly<Record<number, string>> = { 60: '1m', 900: '15m', 7200: '2h' };
const SEGMENT = /^\d+(?:\.(?:1m|15m|2h))?\.json$/;
const stepOf = (name: string): number =>
  Number(Object.keys(TIER_NAMES).find((step) => name.endsWith(`.${TIER_NAMES[Number(step)]}.json`)) ?? 0);
const LEAST_DISK = 1 << 20;
/** For the segments that are being written, and a coarser one while those it stands for are still there. */
const RESERVE = 256 << 10;
const MOST_OBITUARIES = 5;

/**
 * History on disk: a folder a target, of small sealed segments and one that is rewritten through lowdb (which writes the whole file at
 * each write, to a temporary name and then renames). Killed at any instant, at most the last row is lost.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #targets = new Map<string, Kept>();
  #broken: string | null = null;
  #lock: string | null = null;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

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
      if (!SICK.has(code ?? '')) throw error;
      await this.#try(() => Promise.reject(sick(dir, code)));
    }
  }

  async #occupy(dir: string): Promise<void> {
    try {
      await mkdir(dir, { recursive: true });
    } catch (error) {
      // Node says ENOENT of a recursive mkdir on a read-only file system (libuv): the nearest folder there is tells why.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') await mayWriteAbove(dir);
      throw error;
    }
    if (this.#lock === null) await this.#takeLock(dir);
  }

  /** Two on one folder would overwrite each other: the second is refused. A lock whose process is gone is taken over. */
  async #takeLock(dir: string): Promise<void> {
    const path = join(dir, 'lock');
    const own = JSON.stringify({ pid: process.pid, start: await startOf(process.pid), id: randomUUID() });
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await writeFile(path, own, { flag: 'wx' });
        this.#lock = path;
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = parseLock(await readFile(path, 'utf8').catch(() => ''));
      if (holder !== null && holder.pid !== process.pid && (await startOf(holder.pid)) === holder.start) {
        throw new StoreError(
          `--data ${dir}: memhound pid ${holder.pid} writes there already; stop it, or choose another folder`,
          1,
        );
      }
      await rm(path, { force: true });
    }
    throw new StoreError(`--data ${dir}: its lock is taken again and again; is another memhound being restarted there?`, 1);
  }

  async load(key: string): Promise<History> {
    const history = new History();
    const { dir } = this.#options;
    const kept: Kept = {
      history,
      dir: dir === null ? null : join(dir, key),
      db: null,
      bytes: 0,
      sealed: [],
      eventsSaved: 0,
      savedS: null,
      obituaries: [],
    };
    this.#targets.set(key, kept);
    if (kept.dir === null) return history;
    try {
      await this.#loadSegments(kept);
      kept.obituaries.push(...(await loadObituaries(kept.dir)));
    } catch (error) {
      // No folder yet: the first save makes it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#try(() => Promise.reject(error));
    }
    kept.savedS = history.lastS;
    kept.eventsSaved = history.events.length;
    return history;
  }

  async #loadSegments(kept: Kept): Promise<void> {
    // A coarser segment bears the time of the first that it stands for, and comes before it.
    const names = (await readdir(kept.dir!))
      .filter((n) => SEGMENT.test(n))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || stepOf(b) - stepOf(a));
    let coveredS = Number.NEGATIVE_INFINITY;
    for (const name of names) {
      const path = join(kept.dir!, name);
      try {
        const text = await readFile(path, 'utf8');
        const segment = readSegmentText(text);
        const endS = segment.until ?? segment.t.at(-1) ?? 0;
        if (endS <= coveredS) {
          // Killed after the coarser one was written, and before this one was removed.
          await rm(path);
          continue;
        }
        if (segment.step > 0) coveredS = Math.max(coveredS, endS);
        restore(kept.history, segment);
        kept.sealed.push({ path, bytes: text.length, step: segment.step, endS });
        kept.bytes += text.length;
      } catch (error) {
        const aside = `${path}.broken-${Date.now()}`;
        await rename(path, aside);
        this.#options.log.warn(
          { file: path, movedTo: aside, error: (error as Error).message },
          'a history segment cannot be read and was set aside',
        );
      }
    }
  }

  /** Keeps the rows that came since the last call. Rewrites one small file. */
  async save(key: string, history: History): Promise<void> {
    const kept = this.#targets.get(key);
    const { lastS } = history;
    if (kept === undefined || kept.dir === null || lastS === null || lastS === kept.savedS) return;
    await this.#try(async () => {
      await this.#occupy(this.#options.dir!);
      await mkdir(kept.dir!, { recursive: true });
      kept.db ??= openSegment(join(kept.dir!, `${Math.round(lastS * 1000)}.json`));
      extend(kept.db.low.data, history, kept);
      await kept.db.low.write();
      if (kept.db.low.data.t.length >= ROWS) await this.#seal(kept);
    });
  }

  /** fsync of file and folder, then never touched again; the oldest go when there are too many bytes. */
  async #seal(kept: Kept): Promise<void> {
    if (kept.db === null) return;
    const { path, low } = kept.db;
    kept.db = null;
    await fsync(path);
    await fsync(kept.dir!);
    const { size } = await stat(path);
    kept.sealed.push({ path, bytes: size, step: 0, endS: low.data.t.at(-1) ?? 0 });
    kept.bytes += size;
    for (const [i, step] of STEPS.slice(1).entries()) await this.#coarsen(kept, STEPS[i]!, step);
    await this.#retain();
  }

  /** Old segments of one tier become one of the next: written and on disk first, then the old ones go. One merge at most, so work is bounded. */
  async #coarsen(kept: Kept, from: number, to: number): Promise<void> {
    const ageS = TIERS.find((tier) => tier.stepS === to)!.olderThanS;
    const oldestS = (kept.history.lastS ?? 0) - ageS;
    const group: Sealed[] = [];
    const startS = (sealed: Sealed): number => Number.parseInt(basename(sealed.path), 10) / 1000;
    for (const sealed of kept.sealed.filter((s) => s.step === from)) {
      if (sealed.endS >= oldestS) break;
      group.push(sealed);
      if (sealed.endS - startS(group[0]!) >= COARSE_ROWS * to) break;
    }
    const [first] = group;
    if (first === undefined || group.at(-1)!.endS - startS(first) < COARSE_ROWS * to) return;
    const segments = await Promise.all(group.map(async ({ path }) => readSegmentText(await readFile(path, 'utf8'))));
    const coarse = coarsen(segments, to);
    const path = join(kept.dir!, `${basename(first.path).replace(/\..*/, '')}.${TIER_NAMES[to]}.json`);
    const { low } = openSegment(path, coarse);
    await low.write();
    await fsync(path);
    await fsync(kept.dir!);
    const { size } = await stat(path);
    kept.sealed.splice(kept.sealed.indexOf(first), 0, { path, bytes: size, step: to, endS: coarse.until ?? 0 });
    kept.bytes += size;
    for (const sealed of group) await this.#drop(kept, sealed);
  }

  async #drop(kept: Kept, sealed: Sealed): Promise<void> {
    await rm(sealed.path, { force: true });
    kept.sealed = kept.sealed.filter((s) => s !== sealed);
    kept.bytes -= sealed.bytes;
  }

  async #retain(): Promise<void> {
    const all = [...this.#targets.values()]
      .flatMap((kept) => kept.sealed.map((sealed) => ({ kept, sealed })))
      .sort((a, b) => a.sealed.endS - b.sealed.endS);
    let bytes = all.reduce((sum, { sealed }) => sum + sealed.bytes, 0);
    const budget = Math.min(this.#options.maxDiskBytes * 0.9, this.#options.maxDiskBytes - RESERVE);
    // Age is counted from the newest row, not from the clock: a clock that jumps must not empty the history.
    const newestS = Math.max(0, ...[...this.#targets.values()].map((kept) => kept.history.lastS ?? 0));
    for (const { kept, sealed } of all) {
      if (bytes <= budget && newestS - sealed.endS < OLDEST_S) break;
      await this.#drop(kept, sealed);
      bytes -= sealed.bytes;
    }
  }

  /** A sick disk must not stop the sampling: it is said once, tried again at each tick, and said once when it is well again. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#broken !== null) this.#options.log.warn({ dir: this.#options.dir }, 'history is stored again');
      this.#broken = null;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = SICK.has(code ?? '') ? sick(this.#options.dir!, code).message : message;
      if (this.#broken === null)
        this.#options.log.warn(
          { dir: this.#options.dir, error: reason },
          'history cannot be stored; sampling goes on from memory',
        );
      this.#broken = reason;
    }
  }

  async keepObituary(key: string, obituary: Obituary): Promise<void> {
    const kept = this.#targets.get(key);
    if (kept === undefined) return;
    kept.obituaries.push(obituary);
    if (kept.obituaries.length > MOST_OBITUARIES) kept.obituaries.shift();
    if (kept.dir === null) return;
    await this.#try(async () => {
      await this.#occupy(this.#options.dir!);
      await mkdir(kept.dir!, { recursive: true });
      const db = new Low(
        new DataFile<Obituary[]>(join(kept.dir!, 'obituaries.json'), { parse: JSON.parse, stringify: JSON.stringify }),
        [],
      );
      db.data = kept.obituaries;
      await db.write();
    });
  }

  /** `n` 1: of the last that died. */
  obituary(key: string, n: number): Obituary | null {
    const list = this.#targets.get(key)?.obituaries ?? [];
    return list[list.length - n] ?? null;
  }

  state(): StoreState {
    if (this.#broken !== null) return { ok: false, reason: this.#broken };
    const bytes = [...this.#targets.values()].reduce((sum, k) => sum + k.bytes, 0);
    return { ok: true, bytes, maxBytes: this.#options.maxDiskBytes, dir: this.#options.dir };
  }

  async close(): Promise<void> {
    for (const kept of this.#targets.values()) if (kept.db !== null) await this.#try(() => this.#seal(kept));
    if (this.#lock !== null) await rm(this.#lock, { force: true });
    this.#lock = null;
  }
}

interface Sealed {
  readonly path: string;
  readonly bytes: number;
  readonly step: number;
  /** Time of its last sample. */
  readonly endS: number;
}

interface Kept {
  readonly history: History;
  readonly dir: string | null;
  db: { readonly path: string; readonly low: Low<Segment> } | null;
  bytes: number;
  /** In order of time. */
  sealed: Sealed[];
  eventsSaved: number;
  savedS: number | null;
  readonly obituaries: Obituary[];
}

/** @throws EROFS, EACCES and the like of the nearest folder above that exists */
async function mayWriteAbove(dir: string): Promise<void> {
  for (let above = dirname(dir); ; above = dirname(above)) {
    try {
      return await access(above, constants.W_OK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === dirname(above)) throw error;
    }
  }
}

/** What a volume may suffer while we run, and recover from. */
const SICK: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO']);
const CURE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the quota is used up; make room',
  EROFS: 'the file system is read-only; mount it for writing',
  EIO: 'the disk reports an error; look at the node',
};
const sick = (dir: string, code: string | undefined): Error =>
  new Error(
    `--data ${dir}: cannot be written (${code}): ${CURE[code ?? ''] ?? 'choose a folder that this user may write, or mend its rights'}`,
  );

export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new Store(options);
  await store.begin();
  return store;
}

/** Compact JSON instead of lowdb's pretty one, and our own reader, which checks what it reads. */
function openSegment(path: string, data = emptySegment()): { readonly path: string; readonly low: Low<Segment> } {
  const low = new Low(new DataFile<Segment>(path, { parse: readSegmentText, stringify: segmentText }), data);
  return { path, low };
}

function extend(segment: Segment, history: History, kept: Kept): void {
  const rows = history.series({
    fields: null,
    fromS: kept.savedS === null ? null : kept.savedS + 1e-6,
    toS: null,
    points: null,
    epoch: 'all',
  });
  const before = segment.t.length;
  for (const t of rows.t) segment.t.push(Math.round(t * 1000) / 1000);
  for (const [id, column] of rows.fields) {
    segment.fields[id] ??= new Array<number | null>(before).fill(null);
    const round = fieldRow(id).unit === 'seconds' ? (v: number) => Math.round(v * 1000) / 1000 : Math.round;
    for (const v of column) segment.fields[id].push(Number.isFinite(v) ? round(v) : null);
  }
  for (const column of Object.values(segment.fields)) while (column.length < segment.t.length) column.push(null);
  segment.events.push(...history.events.slice(kept.eventsSaved));
  kept.eventsSaved = history.events.length;
  kept.savedS = history.lastS;
  const { id, startS } = history.epoch;
  Object.assign(segment, {
    epoch: id,
    epochStart: Number.isFinite(startS) ? startS : null,
    limit: history.limitBytes,
    heapMax: history.heapMaxBytes,
  });
}

function restore(history: History, segment: Segment): void {
  history.columns(segment.t, segment.fields);
  for (const e of segment.events) history.event({ t: e.t, type: e.type as HistoryEventType });
  history.limitBytes = segment.limit as Limit;
  history.heapMaxBytes = segment.heapMax as Limit;
  history.resume(segment.epoch, segment.epochStart ?? Number.NEGATIVE_INFINITY);
}

async function loadObituaries(dir: string): Promise<Obituary[]> {
  try {
    const list: unknown = JSON.parse(await readFile(join(dir, 'obituaries.json'), 'utf8'));
    return Array.isArray(list) ? (list as Obituary[]) : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}

async function fsync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parseLock(text: string): { readonly pid: number; readonly start: string } | null {
  try {
    const { pid, start } = JSON.parse(text) as { pid?: unknown; start?: unknown };
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Start time of a process in clock ticks after boot: with the pid it tells a living holder from a reused pid. '': gone. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
