import type { Stats } from 'node:fs';
import { ageMs } from '../../clock.ts';
import { MIB, MINUTE_MS } from '../../units.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileBytes, FileReading, FileSystemUse } from '../types.ts';
import { allocatedBytes, type FileResidency } from './measure-files.ts';
import type { OpenFile } from './open-files.ts';

/** A file with a row. */
export interface TrackedFile {
  /** Byte string. */
  path: string;
  stat: Stats;
  deleted: boolean;
  openBy: OpenFile[];
  mapped: boolean;
  residency: FileResidency | null;
  queriedAtMs: number;
  /** Allocated bytes when its residency was last queried. */
  allocatedAtQuery: number;
  mtimeAtQuery: number;
  /** What its resident bytes moved by in a millisecond between the last two queries. */
  changePerMs: number;
  /** When a scan first saw it. */
  readonly firstSeenMs: number;
  /** When a scan or a walk of its folder last saw it. */
  seenMs: number;
  /** Since when its path names another file; null: the path is right. A walk of its folder finds its new name. */
  lostMs: number | null;
  /** Time at which its residency was first known; null: it is not known yet. */
  firstQueriedMs: number | null;
  /** What it had in memory then. */
  firstResidentBytes: number;
}

/** The facts that the readings of one scan share. */
export interface ScanTimes {
  readonly nowMs: number;
  /** Time of the first scan. */
  readonly firstScanMs: number;
  /** Start of the container's process. */
  readonly processStartMs: number;
  /** The current state of a device's file system. */
  readonly fileSystemOf: (dev: number) => FileSystemUse | null;
}

/** Time at which a file was created; if the file system does not record it, the time of its last change. */
const bornMs = (stat: Stats): number => (stat.birthtimeMs > 0 ? stat.birthtimeMs : stat.ctimeMs);

/**
 * When a file was last written or made. A file that was unpacked or copied keeps the time at which its original was written, which may be years ago
 * (`tar`, `cp -p`).
 */
export const madeMs = (stat: Stats): number => Math.max(stat.mtimeMs, bornMs(stat));

export const fileKey = (stat: Pick<Stats, 'dev' | 'ino'>): string => `${stat.dev}:${stat.ino}`;
export const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

export const isWritten = (file: TrackedFile): boolean => file.openBy.some((o) => o.mode !== 'r');
/** A query is out of date after a minute, because pages are read and reclaimed although the file does not change. */
const STALE_MS = MINUTE_MS;
/** If the cgroup's sum has not changed since, pages can only have moved from one file to another. */
const STALE_WHEN_UNCHANGED_MS = 5 * MINUTE_MS;

/** What moved before will probably move again; what is only old may have moved. */
const EXPECTED = 16;

/**
 * Bytes of change that a new query may find: the growth of the file, what it moved by before, and a part that rises with time. `changePerMs`
 * may be that of its neighbours: of an index that is read file by file, the next file is one that has not moved yet. The first query has priority.
 */
export function queryPriority(file: TrackedFile, nowMs: number, changePerMs = file.changePerMs): number {
  const allocated = allocatedBytes(file.stat);
  // A log must not wait until each of a thousand jars has been queried once.
  const first = isWritten(file) || file.deleted ? 2 ** 51 : 0;
  if (file.residency === null) return first + 2 ** 50 + allocated;
  const resident = file.residency.residentBytes ?? 0;
  const aged = Math.max(resident, 4096) * Math.min(1, ageMs(file.queriedAtMs, nowMs) / STALE_MS);
  const grown = Math.abs(allocated - file.allocatedAtQuery) + EXPECTED * changePerMs * ageMs(file.queriedAtMs, nowMs);
  return first + (aged + grown) * (first > 0 ? 2 : 1);
}

/** Whether its residency may have changed even if the cgroup's sum has not. Of a thousand open files, few are being written. */
export const isDue = (file: TrackedFile, nowMs: number): boolean =>
  file.residency === null ||
  (isWritten(file) && (file.mapped || ageMs(file.queriedAtMs, nowMs) >= STALE_MS)) ||
  ageMs(file.queriedAtMs, nowMs) >= STALE_WHEN_UNCHANGED_MS ||
  allocatedBytes(file.stat) !== file.allocatedAtQuery ||
  file.stat.mtimeMs !== file.mtimeAtQuery;

/** Whether a change of page cache deserves a scan: a 64th of the cache, and at least 1 MiB. */
export const isSignificantChange = (bytes: number, fileBytes: number): boolean =>
  Math.abs(bytes) >= Math.max(MIB, fileBytes / 64);

export const toFileReading = (file: TrackedFile, times: ScanTimes): FileReading => ({
  kind: 'file',
  files: 1,
  path: decodePath(file.path),
  sizeBytes: file.stat.size,
  allocatedBytes: allocatedBytes(file.stat),
  mtimeMs: madeMs(file.stat),
  residentBytes: file.residency?.residentBytes ?? null,
  dirtyBytes: file.residency?.dirtyBytes ?? null,
  residentAtMs: file.residency === null ? null : file.queriedAtMs,
  residency: file.residency?.residency ?? { state: 'unknown', reason: 'not queried yet' },
  openBy: file.openBy.map(({ pid, fd, mode }) => ({ pid, fd, mode })),
  deleted: file.deleted,
  fileSystem: file.residency === null ? null : times.fileSystemOf(file.stat.dev),
  isOwn: madeMs(file.stat) >= times.processStartMs,
  foundLate: foundLate(file, times),
});

function foundLate(file: TrackedFile, { nowMs, firstScanMs }: ScanTimes): FileBytes | null {
  if (nowMs === firstScanMs || bornMs(file.stat) >= firstScanMs) return null;
  const residentBytes = file.residency?.residentBytes ?? 0;
  if (file.firstSeenMs === nowMs) return { sizeBytes: file.stat.size, allocatedBytes: allocatedBytes(file.stat), residentBytes };
  return file.firstQueriedMs === nowMs ? { sizeBytes: 0, allocatedBytes: 0, residentBytes } : null;
}

/** What a file has in memory that it did not have before: all of it if the container wrote it. */
export function grownBytes({ residency, stat, firstResidentBytes }: TrackedFile, { processStartMs }: ScanTimes): number {
  const resident = residency?.residentBytes ?? 0;
  return madeMs(stat) >= processStartMs ? resident : Math.max(0, resident - firstResidentBytes);
}

export const residentSum = (files: Iterable<TrackedFile>): number => {
  let sum = 0;
  for (const file of files) sum += file.residency?.residentBytes ?? 0;
  return sum;
};

export function setResidency(file: TrackedFile, stat: Stats, measured: FileResidency, nowMs: number): void {
  const moved = Math.abs((measured.residentBytes ?? 0) - (file.residency?.residentBytes ?? 0));
  // A walk of its folder may measure it again in the same scan, which says nothing of its pace.
  const sinceMs = ageMs(file.queriedAtMs, nowMs);
  if (sinceMs > 0) file.changePerMs = file.residency === null ? 0 : moved / sinceMs;
  file.residency = measured;
  file.queriedAtMs = nowMs;
  if (file.firstQueriedMs === null) file.firstResidentBytes = measured.residentBytes ?? 0;
  file.firstQueriedMs ??= nowMs;
  file.allocatedAtQuery = allocatedBytes(stat);
  file.mtimeAtQuery = stat.mtimeMs;
}
