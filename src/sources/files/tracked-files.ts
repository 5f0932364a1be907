import type { Stats } from 'node:fs';
import { ageMs } from '../../clock.ts';
import { MIB, MINUTE_MS } from '../../units.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileBytes, FileReading, FileSystemUse } from '../types.ts';
import { allocatedBytes, type FileResidency } from './measure-files.ts';
import type { OpenFile } from './open-files.ts';

/** A file that has its own row. */
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
  /** When a scan first saw it. */
  readonly firstSeenMs: number;
  /** When its path led elsewhere; null: it does not. Its folder is walked for its new name. */
  lostMs: number | null;
  /** When its residency was first known; null: it is not known yet. */
  firstQueriedMs: number | null;
}

/** What the readings of one scan are made with. */
export interface ScanTimes {
  readonly nowMs: number;
  /** Of the first scan. */
  readonly firstScanMs: number;
  /** When the container's process began. */
  readonly processStartMs: number;
  /** The file system of a device, as it is now. */
  readonly fileSystemOf: (dev: number) => FileSystemUse | null;
}

/** When a file was created; its last change where the file system does not keep that. */
const bornMs = (stat: Stats): number => (stat.birthtimeMs > 0 ? stat.birthtimeMs : stat.ctimeMs);

export const fileKey = (stat: Pick<Stats, 'dev' | 'ino'>): string => `${stat.dev}:${stat.ino}`;
export const isWritten = (file: TrackedFile): boolean => file.openBy.some((o) => o.mode !== 'r');
/** A query says nothing any more after a minute: pages come and go without the file changing. */
const STALE_MS = MINUTE_MS;
/** Where the cgroup's sum has not changed since, pages can only have moved from one file to another. */
const STALE_WHEN_UNCHANGED_MS = 5 * MINUTE_MS;

/** How many bytes of change another query may find: what the file grew by, and what may have changed with time. A first query comes first. */
export function queryPriority(file: TrackedFile, nowMs: number): number {
  const allocated = allocatedBytes(file.stat);
  // A log must not wait until each of a thousand jars has been queried once.
  const first = isWritten(file) || file.deleted ? 2 ** 51 : 0;
  if (file.residency === null) return first + 2 ** 50 + allocated;
  const resident = file.residency.residentBytes ?? 0;
  const aged = Math.max(resident, 4096) * Math.min(1, ageMs(file.queriedAtMs, nowMs) / STALE_MS);
  const grown = Math.abs(allocated - file.allocatedAtQuery);
  return first + (aged + grown) * (first > 0 ? 2 : 1);
}

/** Its residency may have changed, even where the cgroup's sum has not. Of a thousand files that are held open few are being written. */
export const isDue = (file: TrackedFile, nowMs: number): boolean =>
  file.residency === null ||
  (isWritten(file) && (file.mapped || ageMs(file.queriedAtMs, nowMs) >= STALE_MS)) ||
  ageMs(file.queriedAtMs, nowMs) >= STALE_WHEN_UNCHANGED_MS ||
  allocatedBytes(file.stat) !== file.allocatedAtQuery ||
  file.stat.mtimeMs !== file.mtimeAtQuery;

/** A change of page cache that is worth a scan: a 64th of all of it, and no less than 1 MiB. */
export const isSignificantChange = (bytes: number, fileBytes: number): boolean =>
  Math.abs(bytes) >= Math.max(MIB, fileBytes / 64);

export const toFileReading = (file: TrackedFile, times: ScanTimes): FileReading => ({
  kind: 'file',
  files: 1,
  path: decodePath(file.path),
  sizeBytes: file.stat.size,
  allocatedBytes: allocatedBytes(file.stat),
  mtimeMs: file.stat.mtimeMs,
  residentBytes: file.residency?.residentBytes ?? null,
  dirtyBytes: file.residency?.dirtyBytes ?? null,
  residency: file.residency?.residency ?? { state: 'unknown', reason: 'not queried yet' },
  openBy: file.openBy.map(({ pid, fd, mode }) => ({ pid, fd, mode })),
  deleted: file.deleted,
  fileSystem: file.residency === null ? null : times.fileSystemOf(file.stat.dev),
  isOwn: file.stat.mtimeMs >= times.processStartMs,
  foundLate: foundLate(file, times),
});

function foundLate(file: TrackedFile, { nowMs, firstScanMs }: ScanTimes): FileBytes | null {
  if (nowMs === firstScanMs || bornMs(file.stat) >= firstScanMs) return null;
  const residentBytes = file.residency?.residentBytes ?? 0;
  if (file.firstSeenMs === nowMs) return { sizeBytes: file.stat.size, allocatedBytes: allocatedBytes(file.stat), residentBytes };
  return file.firstQueriedMs === nowMs ? { sizeBytes: 0, allocatedBytes: 0, residentBytes } : null;
}
