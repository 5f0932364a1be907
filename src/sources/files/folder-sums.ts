import type { Stats } from 'node:fs';
import { KIB } from '../../units.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileBytes, FileReading, ResidencyState } from '../types.ts';
import { allocatedBytes, type FileResidency } from './measure-files.ts';
import { madeMs, type ScanTimes } from './tracked-files.ts';

/** The small files of one folder, and the folders in it. */
interface Sum {
  files: number;
  sizeBytes: number;
  allocatedBytes: number;
  residentBytes: number;
  dirtyBytes: number;
  /** Resident bytes of files that were written after the container had started. */
  ownBytes: number;
  /** When the newest of them was written or made. */
  mtimeMs: number;
  /** Folders in it, and the blocks on disk of those that were changed after the container had started: these are in memory like those of files. */
  folders: number;
  folderBytes: number;
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
  readonly files: number;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
}

/** A smaller sum has no row. */
const MIN_ROW_BYTES = 64 * KIB;
/** Sums of folders that were not walked for longest are dropped beyond this. */
const MAX_SUMS = 5000;
/** The folders in one folder have one row from this number on, if most have too little for a row or not all were walked. */
const MANY_FOLDERS = 100;
/** From this number of walked ones on, the others are taken to be like them. */
const ENOUGH_WALKED = 30;
/** If this share of the folders has been walked, they are all. */
const NEARLY_ALL = 0.9;

/** Sums by folder. The sums of the last complete walk are kept until the next walk of the folder is complete. */
export class FolderSums {
  readonly #complete = new Map<string, Sum>();
  readonly #partial = new Map<string, Sum>();
  /** By folder whose first walk is not complete, what of it was in the last rows. */
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
      folders: 0,
      folderBytes: 0,
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
    sum.mtimeMs = Math.max(sum.mtimeMs, madeMs(stat));
    sum.residency = residency;
    if (measured.fileSystem !== null) sum.dev = stat.dev;
  }

  /** A folder in it that stands for `weight` folders. */
  addFolder(parent: string, stat: Stats, { weight, isOwn }: { readonly weight: number; readonly isOwn: boolean }): void {
    const sum = this.#partial.get(parent);
    if (sum === undefined) return;
    sum.folders += weight;
    if (isOwn) sum.folderBytes += weight * allocatedBytes(stat);
    sum.mtimeMs = Math.max(sum.mtimeMs, stat.mtimeMs);
    sum.dev ??= stat.dev;
  }

  end(folder: string, gone: boolean, nowMs: number): void {
    const sum = this.#partial.get(folder);
    this.#partial.delete(folder);
    this.#complete.delete(folder);
    if (gone || sum === undefined) return;
    sum.completedMs ??= nowMs;
    this.#complete.set(folder, sum);
    for (const oldest of this.#complete.keys()) {
      if (this.#complete.size <= MAX_SUMS) break;
      this.#complete.delete(oldest);
    }
  }

  clear(): void {
    this.#complete.clear();
    this.#partial.clear();
  }

  residentBytes(): number {
    let sum = 0;
    for (const folder of this.#sums().values()) sum += folder.residentBytes;
    return sum;
  }

  /** Resident bytes of files that were written after the container had started. */
  ownBytes(): number {
    let sum = 0;
    for (const folder of this.#sums().values()) sum += folder.ownBytes;
    return sum;
  }

  /** By folder; those of very many folders in one are a part of the sum of that one. */
  #sums(): Map<string, Sum> {
    const sums = new Map([...this.#partial, ...this.#complete]);
    const within = new Map<string, string[]>();
    for (const [folder, { folders }] of this.#complete) if (folders >= MANY_FOLDERS) within.set(folder, []);
    if (within.size === 0) return sums;
    for (const folder of this.#complete.keys()) if (!within.has(folder)) within.get(parentOf(folder))?.push(folder);
    for (const [parent, walked] of within) {
      const own = this.#complete.get(parent)!;
      const large = walked.filter((folder) => this.#complete.get(folder)!.residentBytes >= MIN_ROW_BYTES);
      const areAllAlike = large.length > walked.length / 2;
      if (areAllAlike && walked.length >= NEARLY_ALL * own.folders) continue;
      // A large folder among small ones has a row of its own, and is not like those that were not walked.
      const apart = new Set(areAllAlike ? [] : large);
      const alike = walked.filter((folder) => !apart.has(folder));
      // Folders that were removed since they were walked are among them, too.
      const scale = alike.length < ENOUGH_WALKED ? 1 : Math.max(0, own.folders - apart.size) / alike.length;
      for (const folder of alike) sums.delete(folder);
      const sum = together(
        own,
        alike.map((folder) => this.#complete.get(folder)!),
        scale,
      );
      sums.set(parent, sum);
    }
    return sums;
  }

  /** One row for each folder, and one for each reason why the residency of files is unknown. */
  rows(times: ScanTimes): FileReading[] {
    const rows: FileReading[] = [];
    const before = this.#reported;
    this.#reported = new Map();
    const unknown = new Map<string, UnqueriedSum>();
    const sums = this.#sums();
    for (const [folder, small] of smallOnesByRow(sums)) {
      const own = sums.get(folder)!;
      const parts = small.map((one) => [one, sums.get(one)!] as const);
      const sum = withParts(
        own,
        parts.map(([, part]) => part),
      );
      if (sum.residentBytes >= MIN_ROW_BYTES) {
        const late: FileBytes[] = [];
        for (const [one, part] of [[folder, own] as const, ...parts]) {
          if (isFoundLate(part, times)) late.push(increase(part, before.get(one)));
          if (part.completedMs === null) this.#reported.set(one, bytesOf(part));
        }
        rows.push(folderRow(folder, sum, times, late.length === 0 ? null : sumOfBytes(late)));
      }
      for (const [reason, part] of sum.unknown) addUnqueried(unknown, reason, part);
    }
    for (const [reason, part] of unknown) if (part.sizeBytes >= MIN_ROW_BYTES) rows.push(unqueriedRow(reason, part));
    return rows;
  }
}

const parentOf = (folder: string): string => folder.slice(0, folder.lastIndexOf('/')) || '/';

/**
 * By folder, those in it that are a part of its row: they are too small for one of their own, and it is the nearest above that has one, or the topmost
 * one.
 */
function smallOnesByRow(sums: ReadonlyMap<string, Sum>): ReadonlyMap<string, readonly string[]> {
  const aboveOf = new Map<string, string>();
  for (const [folder, sum] of sums) {
    // One without files adds nothing, and its file system may not be known.
    if (sum.residentBytes >= MIN_ROW_BYTES || sum.files === 0) continue;
    for (let at = folder; at !== '/'; ) {
      at = parentOf(at);
      const known = sums.get(at);
      // Another file system, such as a tmpfs, is another kind of memory.
      if (known === undefined || (known.dev !== null && sum.dev !== null && known.dev !== sum.dev)) break;
      aboveOf.set(folder, at);
      if (known.residentBytes >= MIN_ROW_BYTES) break;
    }
  }
  const rows = new Map<string, string[]>();
  for (const folder of sums.keys()) if (!aboveOf.has(folder)) rows.set(folder, []);
  for (const folder of aboveOf.keys()) {
    let row = folder;
    for (let above = aboveOf.get(row); above !== undefined; above = aboveOf.get(row)) row = above;
    rows.get(row)!.push(folder);
  }
  return rows;
}

/** The sum of a folder with `parts` of its row, of which each stands for `scale`. */
function withParts(own: Sum, parts: readonly Sum[], scale = 1): Sum {
  if (parts.length === 0) return own;
  const total = (of: (sum: Sum) => number): number => of(own) + Math.round(scale * parts.reduce((all, sum) => all + of(sum), 0));
  const unknown = new Map(own.unknown);
  for (const sum of parts) for (const [reason, part] of sum.unknown) addUnqueried(unknown, reason, part);
  return {
    ...own,
    files: total(({ files }) => files),
    sizeBytes: total(({ sizeBytes }) => sizeBytes),
    allocatedBytes: total(({ allocatedBytes }) => allocatedBytes),
    residentBytes: total(({ residentBytes }) => residentBytes),
    dirtyBytes: total(({ dirtyBytes }) => dirtyBytes),
    ownBytes: total(({ ownBytes }) => ownBytes),
    mtimeMs: Math.max(own.mtimeMs, ...parts.map(({ mtimeMs }) => mtimeMs)),
    isSampled: own.isSampled || parts.some(({ isSampled }) => isSampled),
    residency: [own, ...parts].find(({ residency }) => residency.state === 'known')?.residency ?? own.residency,
    dev: [own, ...parts].find(({ dev }) => dev !== null)?.dev ?? null,
    unknown,
  };
}

/** The sum of a folder with those of the folders in it, of which each stands for `scale`; their blocks count as files. */
function together(own: Sum, walked: readonly Sum[], scale: number): Sum {
  const sum = withParts(own, walked, scale);
  return {
    ...sum,
    files: Math.max(sum.files, own.folders),
    sizeBytes: sum.sizeBytes + own.folderBytes,
    allocatedBytes: sum.allocatedBytes + own.folderBytes,
    residentBytes: sum.residentBytes + own.folderBytes,
    ownBytes: sum.ownBytes + own.folderBytes,
    dev: own.dev,
    isSampled: true,
  };
}

function addUnqueried(sums: Map<string, UnqueriedSum>, reason: string, part: UnqueriedSum): void {
  const sum = sums.get(reason) ?? { files: 0, sizeBytes: 0, allocatedBytes: 0 };
  sums.set(reason, {
    files: sum.files + part.files,
    sizeBytes: sum.sizeBytes + part.sizeBytes,
    allocatedBytes: sum.allocatedBytes + part.allocatedBytes,
  });
}

/** Until the first walk of a folder is complete, and in the scan that completes it, new bytes in its sum were only discovered; they are no growth. */
const isFoundLate = ({ completedMs, mtimeMs }: Sum, { nowMs, firstScanMs }: ScanTimes): boolean =>
  mtimeMs < firstScanMs && (completedMs === null || completedMs === nowMs);

const increase = (sum: FileBytes, before: FileBytes | undefined): FileBytes => ({
  sizeBytes: Math.max(0, sum.sizeBytes - (before?.sizeBytes ?? 0)),
  allocatedBytes: Math.max(0, sum.allocatedBytes - (before?.allocatedBytes ?? 0)),
  residentBytes: Math.max(0, sum.residentBytes - (before?.residentBytes ?? 0)),
});

const bytesOf = ({ sizeBytes, allocatedBytes, residentBytes }: FileBytes): FileBytes => ({
  sizeBytes,
  allocatedBytes,
  residentBytes,
});

const sumOfBytes = (all: readonly FileBytes[]): FileBytes =>
  all.reduce((sum, one) => ({
    sizeBytes: sum.sizeBytes + one.sizeBytes,
    allocatedBytes: sum.allocatedBytes + one.allocatedBytes,
    residentBytes: sum.residentBytes + one.residentBytes,
  }));

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
