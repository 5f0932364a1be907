import type { Stats } from 'node:fs';
import { KIB } from '../../units.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileBytes, FileReading, ResidencyState } from '../types.ts';
import { allocatedBytes, type FileResidency } from './measure-files.ts';
import type { ScanTimes } from './tracked-files.ts';

/** The small files of one folder. */
interface Sum {
  files: number;
  sizeBytes: number;
  allocatedBytes: number;
  residentBytes: number;
  dirtyBytes: number;
  /** Resident bytes of files that were written after the container had started. */
  ownBytes: number;
  mtimeMs: number;
  /** Time of the first complete walk of the folder; null: no walk is complete yet. */
  completedMs: number | null;
  residency: ResidencyState;
  /** Some of the files stand for others that were not opened. */
  isSampled: boolean;
  /** When the walk began. */
  readonly walkedAtMs: number;
  /** The file system of the files; null: not known. */
  dev: number | null;
  /** Files whose residency is unknown, by reason. */
  readonly unknown: Map<string, UnqueriedSum>;
}

interface UnqueriedSum {
  files: number;
  sizeBytes: number;
  allocatedBytes: number;
}

/** A smaller sum has no row. */
const MIN_ROW_BYTES = 64 * KIB;

/** Sums by folder. The sums of the last complete walk are kept until the next walk of the folder is complete. */
export class FolderSums {
  readonly #complete = new Map<string, Sum>();
  readonly #partial = new Map<string, Sum>();
  /** The values of each folder in the last rows. */
  #reported = new Map<string, FileBytes>();

  begin(folder: string, nowMs: number): void {
    this.#partial.set(folder, {
      files: 0,
      sizeBytes: 0,
      allocatedBytes: 0,
      residentBytes: 0,
      dirtyBytes: 0,
      ownBytes: 0,
      mtimeMs: 0,
      completedMs: this.#complete.get(folder)?.completedMs ?? null,
      residency: { state: 'unknown', reason: 'no file was queried' },
      isSampled: false,
      walkedAtMs: nowMs,
      dev: null,
      unknown: new Map(),
    });
  }

  /** A file that stands for `weight` files. */
  add(
    folder: string,
    stat: Stats,
    measured: FileResidency,
    { weight, isOwn }: { readonly weight: number; readonly isOwn: boolean },
  ): void {
    const sum = this.#partial.get(folder);
    if (sum === undefined) return;
    const { residency } = measured;
    const [sizeBytes, allocated] = [weight * stat.size, weight * allocatedBytes(stat)];
    if (weight > 1) sum.isSampled = true;
    if (residency.state === 'unknown') {
      addUnqueried(sum.unknown, residency.reason, { files: weight, sizeBytes, allocatedBytes: allocated });
      return;
    }
    const residentBytes = weight * (measured.residentBytes ?? 0);
    sum.files += weight;
    sum.sizeBytes += sizeBytes;
    sum.allocatedBytes += allocated;
    sum.residentBytes += residentBytes;
    sum.dirtyBytes += weight * (measured.dirtyBytes ?? 0);
    if (isOwn) sum.ownBytes += residentBytes;
    sum.mtimeMs = Math.max(sum.mtimeMs, stat.mtimeMs);
    sum.residency = residency;
    if (measured.fileSystem !== null) sum.dev = stat.dev;
  }

  end(folder: string, gone: boolean, nowMs: number): void {
    const sum = this.#partial.get(folder);
    this.#partial.delete(folder);
    if (sum !== undefined) sum.completedMs ??= nowMs;
    if (gone || sum === undefined || (sum.files === 0 && sum.unknown.size === 0)) this.#complete.delete(folder);
    else this.#complete.set(folder, sum);
  }

  clear(): void {
    this.#complete.clear();
    this.#partial.clear();
  }

  residentBytes(): number {
    let sum = 0;
    for (const folder of new Map([...this.#partial, ...this.#complete]).values()) sum += folder.residentBytes;
    return sum;
  }

  /** Resident bytes of files that were written after the container had started. */
  ownBytes(): number {
    let sum = 0;
    for (const folder of new Map([...this.#partial, ...this.#complete]).values()) sum += folder.ownBytes;
    return sum;
  }

  /** One row for each folder, and one for each reason why the residency of files is unknown. */
  rows(times: ScanTimes): FileReading[] {
    const rows: FileReading[] = [];
    const before = this.#reported;
    this.#reported = new Map();
    const unknown = new Map<string, UnqueriedSum>();
    for (const [folder, sum] of new Map([...this.#partial, ...this.#complete])) {
      if (sum.residentBytes >= MIN_ROW_BYTES) {
        const { sizeBytes, allocatedBytes, residentBytes } = sum;
        this.#reported.set(folder, { sizeBytes, allocatedBytes, residentBytes });
        rows.push(folderRow(folder, sum, times, isFoundLate(sum, times) ? increase(sum, before.get(folder)) : null));
      }
      for (const [reason, part] of sum.unknown) addUnqueried(unknown, reason, part);
    }
    for (const [reason, part] of unknown) if (part.sizeBytes >= MIN_ROW_BYTES) rows.push(unqueriedRow(reason, part));
    return rows;
  }
}

function addUnqueried(sums: Map<string, UnqueriedSum>, reason: string, part: UnqueriedSum): void {
  const sum = sums.get(reason) ?? { files: 0, sizeBytes: 0, allocatedBytes: 0 };
  sum.files += part.files;
  sum.sizeBytes += part.sizeBytes;
  sum.allocatedBytes += part.allocatedBytes;
  sums.set(reason, sum);
}

/** Until the first walk of a folder is complete, and in the scan that completes it, new bytes in its sum were only discovered; they are no growth. */
const isFoundLate = ({ completedMs, mtimeMs }: Sum, { nowMs, firstScanMs }: ScanTimes): boolean =>
  mtimeMs < firstScanMs && (completedMs === null || completedMs === nowMs);

const increase = (sum: FileBytes, before: FileBytes | undefined): FileBytes => ({
  sizeBytes: Math.max(0, sum.sizeBytes - (before?.sizeBytes ?? 0)),
  allocatedBytes: Math.max(0, sum.allocatedBytes - (before?.allocatedBytes ?? 0)),
  residentBytes: Math.max(0, sum.residentBytes - (before?.residentBytes ?? 0)),
});

const folderRow = (folder: string, sum: Sum, times: ScanTimes, foundLate: FileBytes | null): FileReading => ({
  kind: 'folder',
  path: `${decodePath(folder === '/' ? '' : folder)}/`,
  files: sum.files,
  sizeBytes: sum.sizeBytes,
  allocatedBytes: sum.allocatedBytes,
  mtimeMs: sum.mtimeMs,
  residentBytes: sum.residentBytes,
  dirtyBytes: sum.dirtyBytes,
  residency: sum.residency,
  residentAtMs: sum.walkedAtMs,
  openBy: [],
  deleted: false,
  fileSystem: sum.dev === null ? null : times.fileSystemOf(sum.dev),
  isOwn: sum.ownBytes >= sum.residentBytes / 2,
  isSampled: sum.isSampled,
  foundLate,
});

const unqueriedRow = (reason: string, part: UnqueriedSum): FileReading => ({
  kind: 'unqueried',
  path: '',
  ...part,
  mtimeMs: null,
  residentBytes: null,
  dirtyBytes: null,
  residency: { state: 'unknown', reason },
  openBy: [],
  deleted: false,
  fileSystem: null,
});
