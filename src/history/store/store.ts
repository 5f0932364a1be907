import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { KIB, SECOND_MS } from '../../units.ts';
import { type Envelope, EnvelopeBuilder } from '../envelope.ts';
import { CLOCK_LEAP_S, History, type HistoryQuery, KEEP_S, TIERS } from '../history.ts';
import { Packer } from '../packing/packer.ts';
import { BoundedVolume, VolumeHangsError } from './bounded-volume.ts';
import { diskLimitProblem } from './disk-limit.ts';
import { type FinalReport, loadFinalReports, saveFinalReports } from './final-reports.ts';
import { FolderLock, LATE_MS, LockUncertainError, RENEW_MS, STALE_MS } from './folder-lock.ts';
import { type FolderOwner, saveFolderOwner } from './folder-owner.ts';
import { makeFolder } from './make-folder.ts';
import { addEnvelope, addRowsInMemory } from './segment-envelope.ts';
import { openSegment, type SealedSegment, segmentPath } from './segment-files.ts';
import { appendNewRows, firstNewRowS } from './segment-rows.ts';
import { StoreError, volumeError } from './store-error.ts';
import { type StoreLog, TargetStore } from './target-store.ts';

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

/** A segment is sealed at this many rows. Before that it is rewritten at each tick. Old sealed segments are merged into coarser ones. */
const ROWS = 30;
/** Reserve for the open segments, and for a coarser segment together with those that it replaces. */
const RESERVED_BYTES = 256 * KIB;
/** Segments that were set aside may have at most this share of --max-disk. */
const SET_ASIDE_SHARE = 0.125;
const MAX_FINAL_REPORTS = 5;
/** Up to this age, rows in memory are single samples. */
const RAW_S = Math.min(...TIERS.map((tier) => tier.olderThanS));

/** History on disk, one folder per target. lowdb rewrites the whole file at each write, so a tick writes only the newest, small segment. */
export class Store {
  readonly #options: StoreOptions;
  readonly #targets = new Map<string, TargetStore>();
  /** Folders whose target has not been found, by key: their final reports, and what their files take of the disk. */
  readonly #unclaimed = new Map<string, TargetStore>();
  /** null: in memory only. */
  readonly #volume: BoundedVolume | null;
  readonly #packer = new Packer();
  #lock: FolderLock | null = null;
  #failure: string | null = null;
  #before: Promise<void> = Promise.resolve();
  #givenUp = false;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#volume = options.dir === null ? null : new BoundedVolume(options.dir);
  }

  /** Whether the volume does not answer: a thread of this process then waits in the kernel, and exit() would wait for it. */
  get hangs(): boolean {
    return this.#volume?.hangs ?? false;
  }

  /** @throws StoreError for problems that the operator must fix before memhound can run */
  async open(): Promise<void> {
    const { dir, maxDiskBytes } = this.#options;
    if (dir === null) return;
    const problem = diskLimitProblem(maxDiskBytes);
    if (problem !== null) throw new StoreError(problem, 2);
    try {
      await this.#volume!.run(() => this.#lockFolder(dir));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof StoreError) throw error;
      if (code === 'EEXIST' || code === 'ENOTDIR') throw new StoreError(`--data ${dir}: expected a folder, found a file`, 2);
      if (code === 'ENOENT')
        throw new StoreError(
          `--data ${dir}: expected a file system that takes folders, found one that does not; choose another folder`,
          2,
        );
      // An error of the volume must not crash the sidecar: it keeps history in memory, logs the error, and tries again.
      const passes = error instanceof LockUncertainError || error instanceof VolumeHangsError;
      if (volumeError(dir, error) === null && !passes) throw error;
      await this.#tolerateFailure(() => Promise.reject(error));
    }
  }

  async #lockFolder(dir: string): Promise<void> {
    if (this.#lock?.isHeld) return;
    this.#lock?.abandon();
    this.#lock = null;
    await makeFolder(dir);
    this.#lock = await FolderLock.acquire(dir, {
      renewAfterMs: this.#options.everyS * SECOND_MS > RENEW_MS ? RENEW_MS : LATE_MS,
    });
  }

  /**
   * Waits until a lock that may be held is renewed, or is stale. False: another memhound writes to the folder, so that it is not even tidied up.
   * A volume that fails is no reason to read nothing.
   */
  async #waitForLock(dir: string): Promise<boolean> {
    const untilMs = performance.now() + STALE_MS + 5 * SECOND_MS;
    for (;;) {
      try {
        await this.#volume!.run(() => this.#lockFolder(dir));
        return true;
      } catch (error) {
        if (error instanceof StoreError) return false;
        if (!(error instanceof LockUncertainError)) return true;
        if (this.#givenUp || performance.now() > untilMs) return false;
        await later(SECOND_MS / 2);
      }
    }
  }

  /** Call at each tick: a lock that is not renewed becomes that of another memhound. */
  async renewLock(): Promise<void> {
    const lock = this.#lock;
    if (lock === null) return;
    try {
      await this.#volume!.run(() => lock.renewIfDue());
    } catch (error) {
      if (!(error instanceof VolumeHangsError)) throw error; // the next row's write says so
    }
  }

  /** The process ends: nothing is waited for any more. */
  giveUp(): void {
    this.#givenUp = true;
  }

  /** Loads the stored history of a target. It works in small steps, so that a full history does not delay the sampling. */
  async load(key: string): Promise<History> {
    const { dir } = this.#options;
    const history = new History(this.#options.keepS, this.#packer);
    const targetStore = new TargetStore(history, dir === null ? null : join(dir, key), this.#options.log);
    this.#targets.set(key, targetStore);
    this.#unclaimed.delete(key);
    if (targetStore.dir === null) return history;
    if (!(await this.#waitForLock(dir!))) return history;
    const from = targetStore.dir;
    try {
      // A long history takes its time, above all with little CPU. So only this first access is bounded.
      await this.#volume!.run(() => stat(from));
      await targetStore.load(from);
      targetStore.finalReports.push(...(await loadFinalReports(from)));
    } catch (error) {
      // If there is no folder yet, the first save creates it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#tolerateFailure(() => Promise.reject(error));
    }
    targetStore.savedState = { untilS: history.lastS, events: history.eventCount };
    return history;
  }

  /** Sets the owner of the history `key`. It is written together with the next rows. */
  setOwner(key: string, owner: FolderOwner): void {
    const targetStore = this.#targets.get(key);
    if (targetStore === undefined || JSON.stringify(targetStore.owner) === JSON.stringify(owner)) return;
    targetStore.owner = owner;
    targetStore.ownerIsSaved = false;
  }

  /** Renames a folder before it is loaded. Resolves with its key: the old one if it cannot be renamed. */
  async renameFolder(from: string, to: string): Promise<string> {
    const { dir } = this.#options;
    if (dir === null || from === to) return from;
    let key = from;
    await this.#tolerateFailure(async () => {
      await this.#lockFolder(dir);
      await rename(join(dir, from), join(dir, to));
      key = to;
    });
    return key;
  }

  /** Saves the rows since the last call. It rewrites one small file. */
  async save(key: string): Promise<void> {
    const targetStore = this.#targets.get(key);
    if (targetStore === undefined || targetStore.dir === null || targetStore.history.lastS === targetStore.savedState.untilS)
      return;
    const { dir } = targetStore;
    await this.#tolerateFailure(async () => {
      if (targetStore.history.lastS === targetStore.savedState.untilS) return; // the work before has saved it
      await this.#lockFolder(this.#options.dir!);
      if (targetStore.history.lastS! < (targetStore.savedState.untilS ?? 0)) await targetStore.quarantineFuture();
      else if (targetStore.openSegment !== null && targetStore.history.lastS! - targetStore.savedState.untilS! > CLOCK_LEAP_S)
        await this.#seal(targetStore, dir);
      if (targetStore.openSegment === null) {
        await makeFolder(dir);
        const startS = firstNewRowS(targetStore.history, targetStore.savedState);
        targetStore.openSegment = openSegment(segmentPath(dir, startS * SECOND_MS, 0));
      }
      targetStore.savedState = appendNewRows(targetStore.openSegment.low.data, targetStore.history, targetStore.savedState);
      try {
        await targetStore.openSegment.low.write();
      } catch (error) {
        // The folder was deleted while memhound was running. It is created again, with its lock.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.#lock?.abandon();
        this.#lock = null;
        await this.#lockFolder(this.#options.dir!);
        targetStore.sealed = [];
        targetStore.sealedBytes = 0;
        targetStore.ownerIsSaved = false;
        await makeFolder(dir);
        await targetStore.openSegment.low.write();
      }
      if (targetStore.owner !== null && !targetStore.ownerIsSaved) {
        await saveFolderOwner(dir, targetStore.owner);
        targetStore.ownerIsSaved = true;
      }
      if (targetStore.openSegment.low.data.t.length >= ROWS) await this.#seal(targetStore, dir);
      else await this.#enforceRetention();
    });
  }

  async #seal(targetStore: TargetStore, dir: string): Promise<void> {
    await targetStore.seal(dir);
    await this.#enforceRetention();
  }

  /** Keeps age and size within their limits: deletes rows that are too old, and the oldest segment if there are too many bytes. */
  async #enforceRetention(): Promise<void> {
    const { maxDiskBytes, keepS = KEEP_S } = this.#options;
    const budget = Math.min(maxDiskBytes * 0.9, maxDiskBytes - RESERVED_BYTES);
    const all = [...this.#targets.values(), ...this.#unclaimed.values()];
    for (const targetStore of this.#targets.values()) await targetStore.dropRowsBefore(newestS(targetStore) - keepS);
    for (const targetStore of all) await targetStore.boundSetAside((maxDiskBytes * SET_ASIDE_SHARE) / all.length);
    while (all.reduce((sum, { bytes }) => sum + bytes, 0) > budget) {
      let oldest: { readonly kept: TargetStore; readonly sealed: SealedSegment } | null = null;
      for (const kept of all) {
        const [sealed] = kept.sealed;
        if (sealed !== undefined && (oldest === null || sealed.endS < oldest.sealed.endS)) oldest = { kept, sealed };
      }
      if (oldest === null) return;
      await oldest.kept.drop(oldest.sealed);
    }
  }

  /**
   * Write errors must not stop the sampling. They are logged once, the write is tried again at each tick, and the recovery is logged once.
   * One work after the other: a tick may save while the start still does, and both would write the same files.
   */
  #tolerateFailure(work: () => Promise<void>): Promise<void> {
    const done = this.#before.then(() => this.#tolerated(work));
    this.#before = done;
    return done;
  }

  async #tolerated(work: () => Promise<void>): Promise<void> {
    const { dir, log } = this.#options;
    try {
      await this.#volume!.run(work);
      if (this.#failure !== null) log.warn({ dir }, 'history is stored again');
      this.#failure = null;
    } catch (error) {
      const reason = volumeError(dir!, error) ?? (error as Error).message;
      if (this.#failure === null) log.warn({ dir, error: reason }, 'history cannot be stored; sampling continues in memory');
      this.#failure = reason;
    }
  }

  async saveFinalReport(key: string, report: FinalReport): Promise<void> {
    const targetStore = this.#targets.get(key);
    if (targetStore === undefined) return;
    const { dir, finalReports } = targetStore;
    finalReports.push(report);
    if (finalReports.length > MAX_FINAL_REPORTS) finalReports.shift();
    if (dir === null) return;
    await this.#tolerateFailure(async () => {
      await this.#lockFolder(this.#options.dir!);
      await makeFolder(dir);
      await saveFinalReports(dir, finalReports);
      await targetStore.lookBeside(dir);
    });
  }

  /** The final reports of a target, or of all (null), the last end first. */
  finalReports(key: string | null): readonly FinalReport[] {
    if (key !== null) return this.#targets.get(key)?.finalReports.toReversed() ?? [];
    const all = [...this.#targets.values(), ...this.#unclaimed.values()];
    return all.flatMap(({ finalReports }) => finalReports).sort((a, b) => b.atMs - a.atMs);
  }

  /** Reads the final reports in a folder whose target has not come back: people ask for them just then. */
  async loadFinalReports(key: string): Promise<void> {
    const { dir } = this.#options;
    if (dir === null || this.#targets.has(key)) return;
    await this.#tolerateFailure(async () => {
      await stat(dir); // it may wait for ever, which the read after it must not
      const from = join(dir, key);
      const unclaimed = new TargetStore(new History(this.#options.keepS, this.#packer), from, this.#options.log);
      unclaimed.finalReports.push(...(await loadFinalReports(from)));
      await unclaimed.list(from);
      if (!this.#targets.has(key)) this.#unclaimed.set(key, unclaimed);
    });
  }

  /**
   * Minimum and maximum of all samples that each point of `series(query)` covers. `segments`: number of segments that were read; only those in
   * the range are.
   */
  async envelope(key: string, query: HistoryQuery): Promise<Envelope & { readonly segments: number }> {
    const targetStore = this.#targets.get(key);
    if (targetStore === undefined) throw new Error(`envelope: expected a target that was loaded, found ${key}`);
    const { history, sealed } = targetStore;
    const { t, fields } = history.series(query);
    const [fromS, toS] = [t[0] ?? 0, t.at(-1) ?? 0];
    const maker = new EnvelopeBuilder(Float64Array.from(t), fields.keys(), fromS);
    const rawS = (history.lastS ?? 0) - RAW_S;
    await addRowsInMemory(maker, history.series({ ...query, points: null }));
    const segments = t.length === 0 || !(await this.#answers()) ? 0 : await addEnvelope(maker, sealed, { fromS, toS, rawS });
    return { ...maker.envelope, segments };
  }

  /** Whether the folder can be looked at. Where it cannot, minimum and maximum are those of the rows in memory. */
  async #answers(): Promise<boolean> {
    const { dir } = this.#options;
    if (dir === null) return true;
    try {
      await this.#volume!.run(() => stat(dir));
      return true;
    } catch {
      return false; // the next save says why
    }
  }

  state(): StoreState {
    if (this.#failure !== null) return { ok: false, reason: this.#failure };
    let [bytes, segments, rows, oldestS] = [0, 0, 0, Number.POSITIVE_INFINITY];
    for (const targetStore of [...this.#targets.values(), ...this.#unclaimed.values()]) {
      bytes += targetStore.bytes;
      segments += targetStore.sealed.length + (targetStore.openSegment === null ? 0 : 1);
      rows += targetStore.history.length;
      oldestS = Math.min(oldestS, targetStore.history.firstS ?? Number.POSITIVE_INFINITY);
    }
    const oldest = Number.isFinite(oldestS) ? new Date(oldestS * SECOND_MS).toISOString() : null;
    return { ok: true, bytes, maxBytes: this.#options.maxDiskBytes, segments, rows, oldest, dir: this.#options.dir };
  }

  async close(): Promise<void> {
    for (const targetStore of this.#targets.values())
      if (targetStore.openSegment !== null) await this.#tolerateFailure(() => this.#seal(targetStore, targetStore.dir!));
    const lock = this.#lock;
    this.#lock = null;
    if (lock !== null) await this.#tolerateFailure(() => lock.release());
  }
}

/**
 * Age is counted from the container's newest row, not from the clock. Rows after a leap of the clock do not count until they fill a segment.
 * So a clock that is wrong for a short time does not delete the history.
 */
function newestS({ sealed, history }: TargetStore): number {
  const sealedS = sealed.at(-1)?.endS ?? 0;
  const lastS = history.lastS ?? 0;
  return lastS - sealedS > CLOCK_LEAP_S ? sealedS : history.agedFromS;
}

export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new Store(options);
  await store.open();
  return store;
}
