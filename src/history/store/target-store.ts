import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TIER_STEPS } from '../coarsen.ts';
import { type History, TIERS } from '../history.ts';
import type { Segment } from '../segment.ts';
import { dropCachedFiles } from './drop-page-cache.ts';
import type { FinalReport } from './final-reports.ts';
import type { FolderOwner } from './folder-owner.ts';
import {
  type OpenSegment,
  quarantine,
  readSealedSegment,
  readSegmentWithEnvelope,
  removeTemporaryFiles,
  type SealedSegment,
  sealMergedSegment,
  sealSegment,
  segmentNames,
  yieldToEventLoop,
} from './segment-files.ts';
import { restoreRows, type SavedState } from './segment-rows.ts';

export interface StoreLog {
  warn(details: object, message: string): void;
}

/** Rows that a coarser segment has at least: 1 h of minutes, 15 h of quarters, 5 days of two hours. */
const MIN_MERGED_ROWS = 60;

/** One target's history, in memory and in its folder: the segment that is being written, and those that are sealed. */
export class TargetStore {
  readonly history: History;
  /** null: in memory only. */
  readonly dir: string | null;
  readonly finalReports: FinalReport[] = [];
  /** null: not named yet. */
  owner: FolderOwner | null = null;
  ownerIsSaved = false;
  readonly #log: StoreLog;
  openSegment: OpenSegment | null = null;
  /** Of what is sealed. */
  sealedBytes = 0;
  /** In order of time. */
  sealed: SealedSegment[] = [];
  savedState: SavedState = { untilS: null, events: 0 };

  constructor(history: History, dir: string | null, log: StoreLog) {
    this.history = history;
    this.dir = dir;
    this.#log = log;
  }

  async load(dir: string): Promise<void> {
    let coveredS = Number.NEGATIVE_INFINITY;
    await removeTemporaryFiles(dir);
    const names = await segmentNames(dir);
    for (const [i, name] of names.entries()) {
      await yieldToEventLoop(i + 1);
      const path = join(dir, name);
      try {
        const { segment, sealed } = readSealedSegment(path);
        if (sealed.endS <= coveredS) {
          // Killed after the coarser one was written, and before this one was removed.
          await rm(path);
          continue;
        }
        if (sealed.step > 0) coveredS = Math.max(coveredS, sealed.endS);
        restoreRows(this.history, segment);
        this.sealed.push(sealed);
        this.sealedBytes += sealed.bytes;
      } catch (error) {
        await this.#quarantine(path, error);
      }
    }
    await dropCachedFiles(this.sealed.map(({ path }) => path));
  }

  /**
   * The clock was set back by more than a moment: what was stored under later times would stand before what comes, and hide it. Memory has
   * moved its rows; on disk they are kept under another name, since sealed segments are never changed.
   */
  async quarantineFuture(): Promise<void> {
    const newestS = this.history.lastS!;
    const ahead = this.sealed.filter((sealed) => sealed.endS >= newestS);
    const paths = [...ahead.map(({ path }) => path), ...(this.openSegment === null ? [] : [this.openSegment.path])];
    for (const path of paths) await rename(path, `${path}.ahead-${Date.now()}`);
    this.sealed = this.sealed.filter((sealed) => !ahead.includes(sealed));
    this.sealedBytes = this.sealed.reduce((sum, { bytes }) => sum + bytes, 0);
    this.openSegment = null;
    this.savedState = { untilS: newestS - 1e-3, events: this.history.eventCount };
    this.#log.warn({ files: paths.length }, 'the clock was set back; segments that are ahead of it were set aside');
  }

  /** fsync of file and folder, then never touched again; the oldest go when there are too many bytes. */
  async seal(dir: string): Promise<void> {
    if (this.openSegment === null) return;
    const sealed = await sealSegment(this.openSegment, dir);
    this.openSegment = null;
    this.sealed.push(sealed);
    this.sealedBytes += sealed.bytes;
    for (const [i, step] of TIER_STEPS.slice(1).entries()) await this.#coarsen(dir, TIER_STEPS[i]!, step);
  }

  /** Old segments of one tier become one of the next: written and on disk first, then the old ones go. One merge at most, so work is bounded. */
  async #coarsen(dir: string, from: number, to: number): Promise<void> {
    const ageS = TIERS.find((tier) => tier.stepS === to)!.olderThanS;
    const oldestS = (this.history.lastS ?? 0) - ageS;
    const group: SealedSegment[] = [];
    for (const sealed of this.sealed.filter((s) => s.step === from)) {
      if (sealed.endS >= oldestS) break;
      group.push(sealed);
      if (sealed.endS - group[0]!.startS >= MIN_MERGED_ROWS * to) break;
    }
    const [first] = group;
    if (first === undefined || group.at(-1)!.endS - first.startS < MIN_MERGED_ROWS * to) return;
    const segments: Segment[] = [];
    for (const sealed of group) {
      try {
        segments.push(readSegmentWithEnvelope(sealed.path));
      } catch (error) {
        await this.#dropUnreadable(sealed, error);
      }
    }
    if (segments.length < group.length) return; // the others are merged the next time
    const coarse = await sealMergedSegment(dir, first.startS, segments, to);
    this.sealed.splice(this.sealed.indexOf(first), 0, coarse);
    this.sealedBytes += coarse.bytes;
    for (const sealed of group) await this.drop(sealed);
  }

  /** A sealed segment that was deleted, or has changed since. */
  async #dropUnreadable(sealed: SealedSegment, error: unknown): Promise<void> {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#quarantine(sealed.path, error);
    this.sealed = this.sealed.filter((s) => s !== sealed);
    this.sealedBytes -= sealed.bytes;
  }

  async #quarantine(path: string, error: unknown): Promise<void> {
    const movedTo = await quarantine(path);
    this.#log.warn(
      { file: path, movedTo, error: (error as Error).message },
      'a history segment cannot be read and was set aside',
    );
  }

  async drop(sealed: SealedSegment): Promise<void> {
    await rm(sealed.path, { force: true });
    this.sealed = this.sealed.filter((s) => s !== sealed);
    this.sealedBytes -= sealed.bytes;
  }
}
