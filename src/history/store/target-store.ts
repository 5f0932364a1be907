import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TIER_STEPS } from '../coarsen.ts';
import { type History, TIERS } from '../history.ts';
import { rowsFrom, type Segment } from '../segment.ts';
import { haveMoved, type StoredReadings } from '../stored-readings.ts';
import { dropCachedFiles } from './drop-page-cache.ts';
import { type FilesBeside, filesBeside } from './files-beside.ts';
import type { FinalReport } from './final-reports.ts';
import type { FolderOwner } from './folder-owner.ts';
import { mergeGroup } from './merge-group.ts';
import { loadReadings, saveReadings } from './readings-file.ts';
import { isReadFailure } from './regular-file.ts';
import {
  listSealedSegments,
  type OpenSegment,
  quarantine,
  readSealedSegment,
  readSegmentWithEnvelope,
  removeTemporaryFiles,
  type SealedSegment,
  sealLaterRows,
  sealMergedSegment,
  sealSegment,
  segmentNames,
  yieldToEventLoop,
} from './segment-files.ts';
import { restoreRows, type SavedState } from './segment-rows.ts';

export interface StoreLog {
  warn(details: object, message: string): void;
}

/** One target's history, in memory and in its folder: the open segment and the sealed ones. */
export class TargetStore {
  readonly history: History;
  /** null: in memory only. */
  readonly dir: string | null;
  readonly finalReports: FinalReport[] = [];
  /** null: not known yet. */
  owner: FolderOwner | null = null;
  ownerIsSaved = false;
  readonly #log: StoreLog;
  openSegment: OpenSegment | null = null;
  /** Size of all sealed segments. */
  sealedBytes = 0;
  /** In order of time. */
  sealed: SealedSegment[] = [];
  /** Files that are not segments, as of the last look. */
  beside: FilesBeside = { bytes: 0, setAside: [] };
  savedState: SavedState = { untilS: null, events: 0 };
  #savedReadings: StoredReadings | null = null;
  /** Segments of which the log says that they could not be read. */
  readonly #told = new Set<string>();

  constructor(history: History, dir: string | null, log: StoreLog) {
    this.history = history;
    this.dir = dir;
    this.#log = log;
  }

  async load(dir: string): Promise<void> {
    let coveredS = Number.NEGATIVE_INFINITY;
    await removeTemporaryFiles(dir);
    const names = await segmentNames(dir);
    const unread: string[] = [];
    for (const [i, name] of names.entries()) {
      await yieldToEventLoop(i + 1);
      const path = join(dir, name);
      try {
        const { segment, sealed } = readSealedSegment(path);
        if (sealed.endS <= coveredS) {
          // memhound was killed after it had written the coarser segment and before it removed this one.
          await rm(path);
          continue;
        }
        if (sealed.step > 0) coveredS = Math.max(coveredS, sealed.endS);
        restoreRows(this.history, segment);
        this.sealed.push(sealed);
        this.sealedBytes += sealed.bytes;
      } catch (error) {
        if (isReadFailure(error)) unread.push(this.#leave(path, error));
        else await this.#quarantine(path, error);
      }
    }
    if (unread.length > 0) await this.#listUnread(dir, unread);
    await dropCachedFiles(this.sealed.map(({ path }) => path));
    await this.lookBeside(dir);
    this.#savedReadings = loadReadings(dir);
    if (this.#savedReadings !== null) this.history.resumeReadings(this.#savedReadings);
  }

  /** They are known by name and size, as all segments of a folder that is not loaded: they count, age and are read by the next start. */
  async #listUnread(dir: string, paths: readonly string[]): Promise<void> {
    for (const listed of await listSealedSegments(dir)) {
      if (!paths.includes(listed.path)) continue;
      this.sealed.push(listed);
      this.sealedBytes += listed.bytes;
    }
    this.sealed.sort((a, b) => a.startS - b.startS);
  }

  /** Only counts what is there, for a folder whose target was not found. */
  async list(dir: string): Promise<void> {
    this.sealed = await listSealedSegments(dir);
    this.sealedBytes = this.sealed.reduce((sum, { bytes }) => sum + bytes, 0);
    await this.lookBeside(dir);
  }

  async lookBeside(dir: string): Promise<void> {
    this.beside = await filesBeside(dir);
  }

  /** All bytes of the folder but those of the open segment. */
  get bytes(): number {
    return this.sealedBytes + this.beside.bytes;
  }

  /** Deletes the segments that were set aside first, until at most so many bytes of them are left. */
  async boundSetAside(maxBytes: number): Promise<void> {
    let { bytes, setAside } = this.beside;
    let sum = setAside.reduce((all, one) => all + one.bytes, 0);
    for (const one of setAside) {
      if (sum <= maxBytes) break;
      await rm(one.path, { force: true });
      sum -= one.bytes;
      bytes -= one.bytes;
      setAside = setAside.filter((other) => other !== one);
    }
    this.beside = { bytes, setAside };
  }

  /**
   * Removes rows before `fromS`. A raw segment has few, and goes as a whole. A merged one covers up to five days, so that its newer rows are
   * written as another one first.
   */
  async dropRowsBefore(fromS: number): Promise<void> {
    for (const sealed of this.sealed.filter(({ startS }) => startS < fromS)) {
      if (sealed.step === 0 || sealed.endS < fromS || this.dir === null) {
        await this.drop(sealed);
        continue;
      }
      const segment = await this.#readAgain(sealed);
      if (typeof segment === 'string') continue;
      const rest = await sealLaterRows(this.dir, rowsFrom(segment, fromS));
      if (rest?.path === sealed.path) continue;
      if (rest !== null) {
        this.sealed.splice(this.sealed.indexOf(sealed), 0, rest);
        this.sealedBytes += rest.bytes;
      }
      await this.drop(sealed);
    }
  }

  /**
   * Handles a clock that was set back by more than CLOCK_WAIT_S. Segments with later times would hide the new ones. Memory has moved its
   * rows; on disk the segments are renamed, because sealed segments are never changed.
   */
  async quarantineFuture(): Promise<void> {
    const { eventCount: events } = this.history;
    const newestS = this.history.lastS!;
    const ahead = this.sealed.filter((sealed) => sealed.endS >= newestS);
    const paths = [...ahead.map(({ path }) => path), ...(this.openSegment === null ? [] : [this.openSegment.path])];
    for (const path of paths) await rename(path, `${path}.ahead-${Date.now()}`);
    this.sealed = this.sealed.filter((sealed) => !ahead.includes(sealed));
    this.sealedBytes = this.sealed.reduce((sum, { bytes }) => sum + bytes, 0);
    this.openSegment = null;
    if (this.dir !== null) await this.lookBeside(this.dir);
    this.savedState = { untilS: newestS - 1e-3, events };
    this.#log.warn({ files: paths.length }, 'the clock was set back; segments with later times were renamed');
  }

  /** Syncs the open segment and begins a new one. */
  async seal(dir: string): Promise<void> {
    if (this.openSegment === null) return;
    const sealed = await sealSegment(this.openSegment, dir);
    this.openSegment = null;
    this.sealed.push(sealed);
    this.sealedBytes += sealed.bytes;
    await this.#saveReadings(dir);
    for (const [i, step] of TIER_STEPS.slice(1).entries()) await this.#coarsen(dir, TIER_STEPS[i]!, step);
    await this.lookBeside(dir);
  }

  /** Once a segment, and only if something has moved: after a kill, the readings since then are lost. */
  async #saveReadings(dir: string): Promise<void> {
    const readings = this.history.storedReadings();
    if (readings === null || !haveMoved(this.#savedReadings, readings)) return;
    await saveReadings(dir, readings);
    this.#savedReadings = readings;
  }

  /** Merges old segments of one tier into one of the next. It is synced before the old ones are removed. At most one merge, so work is bounded. */
  async #coarsen(dir: string, from: number, to: number, passed: readonly SealedSegment[] = []): Promise<void> {
    const ageS = TIERS.find((tier) => tier.stepS === to)!.olderThanS;
    const oldestS = this.history.agedFromS - ageS;
    const group = mergeGroup(this.sealed, { from, to, oldestS, passed });
    const [first] = group;
    if (first === undefined) return;
    const segments: Segment[] = [];
    for (const sealed of group) {
      const segment = await this.#readAgain(sealed);
      if (segment === 'left') return this.#coarsen(dir, from, to, [...passed, sealed]);
      if (segment !== 'gone') segments.push(segment);
    }
    if (segments.length < group.length) return; // the rest is merged next time
    const coarse = await sealMergedSegment(dir, first.startS, segments, to);
    this.sealed.splice(this.sealed.indexOf(first), 0, coarse);
    this.sealedBytes += coarse.bytes;
    for (const sealed of group) await this.drop(sealed);
  }

  /** `left`: it cannot be read now. `gone`: it was deleted, or has changed and was set aside. */
  async #readAgain(sealed: SealedSegment): Promise<Segment | 'left' | 'gone'> {
    try {
      return readSegmentWithEnvelope(sealed.path);
    } catch (error) {
      if (isReadFailure(error)) {
        this.#leave(sealed.path, error);
        return 'left';
      }
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#quarantine(sealed.path, error);
      this.sealed = this.sealed.filter((s) => s !== sealed);
      this.sealedBytes -= sealed.bytes;
      return 'gone';
    }
  }

  /** Nothing is known of its content, and the next read may succeed. */
  #leave(path: string, error: unknown): string {
    if (!this.#told.has(path))
      this.#log.warn(
        { file: path, error: (error as Error).message },
        'a history segment could not be read and was left as it is',
      );
    this.#told.add(path);
    return path;
  }

  async #quarantine(path: string, error: unknown): Promise<void> {
    const movedTo = await quarantine(path);
    this.#log.warn({ file: path, movedTo, error: (error as Error).message }, 'a history segment cannot be read and was renamed');
  }

  async drop(sealed: SealedSegment): Promise<void> {
    await rm(sealed.path, { force: true });
    this.sealed = this.sealed.filter((s) => s !== sealed);
    this.sealedBytes -= sealed.bytes;
  }
}
