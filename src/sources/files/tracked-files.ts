import type { Stats } from 'node:fs';
import { ageMs } from '../../clock.ts';
import { MIB, MINUTE_MS } from '../../units.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileReading } from '../types.ts';
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
}

export const fileKey = (stat: Pick<Stats, 'dev' | 'ino'>): string => `${stat.dev}:${stat.ino}`;
export const isWritten = (file: TrackedFile): boolean => file.openBy.some((o) => o.mode !== 'r');
/** A query says nothing any more after a minute: pages come and go without the file changing. */
const STALE_MS = MINUTE_MS;
/** Where the cgroup's sum has not changed since, pages can only have moved from one file to another. */
const STALE_WHEN_UNCHANGED_MS = 5 * MINUTE_MS;

/** How many bytes of change another query may find: what the file grew by, and what may have changed with time. A first query comes first. */
export function queryPriority(file: TrackedFile, nowMs: number): number {
  const allocated = allocatedBytes(file.stat);
  if (file.residency === null) return 2 ** 50 + allocated;
  const resident = file.residency.residentBytes ?? 0;
  const aged = Math.max(resident, 4096) * Math.min(1, ageMs(file.queriedAtMs, nowMs) / STALE_MS);
  const grown = Math.abs(allocated - file.allocatedAtQuery);
  return (aged + grown) * (isWritten(file) || file.deleted ? 2 : 1);
}

/** Its residency may have changed, even where the cgroup's sum has not. */
export const isDue = (file: TrackedFile, nowMs: number): boolean =>
  file.residency === null ||
  isWritten(file) ||
  file.deleted ||
  ageMs(file.queriedAtMs, nowMs) >= STALE_WHEN_UNCHANGED_MS ||
  allocatedBytes(file.stat) !== file.allocatedAtQuery;

/** A change of page cache that is worth a scan: a 64th of all of it, and no less than 1 MiB. */
export const isSignificantChange = (bytes: number, fileBytes: number): boolean =>
  Math.abs(bytes) >= Math.max(MIB, fileBytes / 64);

export const toFileReading = (file: TrackedFile): FileReading => ({
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
  fileSystem: file.residency?.fileSystem ?? null,
});
