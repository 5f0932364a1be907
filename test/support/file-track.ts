import type { FileTrack } from '../../src/history/series.ts';
import { fileRow } from './rule-context.ts';

/** A file that was seen every half hour with these bytes, all of them on disk and in memory unless said otherwise. */
export function fileTrack(
  path: string,
  bytes: readonly number[],
  over: Partial<Omit<FileTrack, 'sizeBytes' | 'allocatedBytes' | 'residentBytes'>> & {
    readonly size?: readonly number[];
    readonly resident?: readonly number[];
    readonly minutes?: number;
  } = {},
): FileTrack {
  const { size = bytes, resident = bytes, minutes = 30, ...rest } = over;
  const { kind, files, openBy, deleted, residency, fileSystem, openFiles, writtenFiles, deletedFiles, pids, mtimeMs } = fileRow();
  return {
    ...{ path, kind, files, openBy, deleted, residency, fileSystem },
    ...{ openFiles, writtenFiles, deletedFiles, pids, mtimeMs, isOwn: false },
    t: Float64Array.from(bytes, (_, i) => 1000 + i * minutes * 60),
    sizeBytes: Float64Array.from(size),
    allocatedBytes: Float64Array.from(bytes),
    residentBytes: Float64Array.from(resident),
    freeBytes: null,
    members: [],
    ...rest,
  };
}
