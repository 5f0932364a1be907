import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { STEPS } from '../coarsen.ts';
import { type History, TIERS } from '../history.ts';
import type { Segment } from '../segment.ts';
import { forgetFiles } from './drop-page-cache.ts';
import type { Obituary } from './final-reports.ts';
import {
  clearLeftovers,
  type OpenSegment,
  readSealed,
  readWhole,
  type Sealed,
  seal,
  sealCoarser,
  segmentNames,
  setAside,
  takeTurns,
} from './segment-files.ts';
import { restore, type Saved } from './segment-rows.ts';

export interface StoreLog {
  warn(details: object, message: string): void;
}

/** Rows that a coarser segment has at least: 1 h of minutes, 15 h of quarters, 5 days of two hours. */
const COARSE_ROWS = 60;

/** One target's history, in memory and in its folder: the segment that is being written, and those that are sealed. */
export class Shelf {
  readonly history: History;
  /** null: in memory only. */
  readonly dir: string | null;
  readonly obituaries: Obituary[] = [];
  readonly #log: StoreLog;
  db: OpenSegment | null = null;
  /** Of what is sealed. */
  bytes = 0;
  /** In order of time. */
  sealed: Sealed[] = [];
  saved: Saved = { untilS: null, events: 0 };

  constructor(history: History, dir: string | null, log: StoreLog) {
    this.history = history;
    this.dir = dir;
    this.#log = log;
  }

  async load(dir: string): Promise<void> {
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
        restore(this.history, segment);
        this.sealed.push(sealed);
        this.bytes += sealed.bytes;
      } catch (error) {
        await this.#setAside(path, error);
      }
    }
    await forgetFiles(this.sealed.map(({ path }) => path));
  }

  /**
   * The clock was set back by more than a moment: what was stored under later times would stand before what comes, and hide it. Memory has
   * moved its rows; on disk they are kept under another name, since sealed segments are never changed.
   */
  async leaveAhead(): Promise<void> {
    const newestS = this.history.lastS!;
    const ahead = this.sealed.filter((sealed) => sealed.endS >= newestS);
    const paths = [...ahead.map(({ path }) => path), ...(this.db === null ? [] : [this.db.path])];
    for (const path of paths) await rename(path, `${path}.ahead-${Date.now()}`);
    this.sealed = this.sealed.filter((sealed) => !ahead.includes(sealed));
    this.bytes = this.sealed.reduce((sum, { bytes }) => sum + bytes, 0);
    this.db = null;
    this.saved = { untilS: newestS - 1e-3, events: this.history.eventCount };
    this.#log.warn({ files: paths.length }, 'the clock was set back; segments that are ahead of it were set aside');
  }

  /** fsync of file and folder, then never touched again; the oldest go when there are too many bytes. */
  async seal(dir: string): Promise<void> {
    if (this.db === null) return;
    const sealed = await seal(this.db, dir);
    this.db = null;
    this.sealed.push(sealed);
    this.bytes += sealed.bytes;
    for (const [i, step] of STEPS.slice(1).entries()) await this.#coarsen(dir, STEPS[i]!, step);
  }

  /** Old segments of one tier become one of the next: written and on disk first, then the old ones go. One merge at most, so work is bounded. */
  async #coarsen(dir: string, from: number, to: number): Promise<void> {
    const ageS = TIERS.find((tier) => tier.stepS === to)!.olderThanS;
    const oldestS = (this.history.lastS ?? 0) - ageS;
    const group: Sealed[] = [];
    for (const sealed of this.sealed.filter((s) => s.step === from)) {
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
        await this.#lose(sealed, error);
      }
    }
    if (segments.length < group.length) return; // the others are merged the next time
    const coarse = await sealCoarser(dir, first.startS, segments, to);
    this.sealed.splice(this.sealed.indexOf(first), 0, coarse);
    this.bytes += coarse.bytes;
    for (const sealed of group) await this.drop(sealed);
  }

  /** A sealed segment that was deleted, or has changed since. */
  async #lose(sealed: Sealed, error: unknown): Promise<void> {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#setAside(sealed.path, error);
    this.sealed = this.sealed.filter((s) => s !== sealed);
    this.bytes -= sealed.bytes;
  }

  async #setAside(path: string, error: unknown): Promise<void> {
    const movedTo = await setAside(path);
    this.#log.warn(
      { file: path, movedTo, error: (error as Error).message },
      'a history segment cannot be read and was set aside',
    );
  }

  async drop(sealed: Sealed): Promise<void> {
    await rm(sealed.path, { force: true });
    this.sealed = this.sealed.filter((s) => s !== sealed);
    this.bytes -= sealed.bytes;
  }
}
