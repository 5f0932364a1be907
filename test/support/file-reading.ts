import type { FileReading } from '../../src/sources/types.ts';

/** A file on a disk that nobody holds open, with all of its bytes in memory, but for what is given. */
export const fileReading = (path: string, residentBytes: number | null, given: Partial<FileReading> = {}): FileReading => ({
  kind: 'file',
  files: 1,
  path,
  sizeBytes: residentBytes,
  allocatedBytes: residentBytes,
  mtimeMs: null,
  residentBytes,
  dirtyBytes: null,
  residency: { state: 'known', method: 'cachestat' },
  openBy: [],
  deleted: false,
  fileSystem: { kind: 'disk', freeBytes: 1, totalBytes: 2 },
  ...given,
});
