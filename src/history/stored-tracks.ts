import type { FileGroup } from '../sources/files/file-groups.ts';
import type { FileSystemUse } from '../sources/types.ts';
import { MIB } from '../units.ts';
import { readColumn, type StoredColumn, storedColumn } from './stored-column.ts';
import { TrackColumns } from './track-columns.ts';

export interface StoredFiles {
  /** Epoch seconds. */
  readonly t: readonly number[];
  /** Folders whose files are one group. */
  readonly merged: readonly string[];
  /** Free space by the size of the file system. */
  readonly free: readonly { readonly totalBytes: number; readonly kib: StoredColumn }[];
  readonly tracks: readonly StoredTrack[];
}

export interface StoredFile {
  readonly path: string;
  readonly size: StoredColumn;
  readonly allocated: StoredColumn;
  readonly resident: StoredColumn;
}

export interface StoredTrack extends StoredFile {
  readonly key: string;
  readonly folder: string;
  readonly kind: 'file' | 'folder';
  readonly fileSystem: FileSystemUse | null;
  readonly members: readonly StoredFile[];
}

/** Smaller files are found again, and are taken not to have grown. */
const MIN_STORED_BYTES = MIB;
export const MAX_STORED_TRACKS = 24;

export const storedFile = (path: string, { size, allocated, resident }: TrackColumns, rows: readonly number[]): StoredFile => ({
  path,
  size: storedColumn(size, rows),
  allocated: storedColumn(allocated, rows),
  resident: storedColumn(resident, rows),
});

export const largestBytes = (columns: TrackColumns, rows: readonly number[]): number =>
  Math.max(0, ...columns.all.flatMap((column) => rows.map((row) => (Number.isFinite(column[row]) ? column[row]! : 0))));

export const isWorthStoring = (columns: TrackColumns, rows: readonly number[]): boolean =>
  largestBytes(columns, rows) >= MIN_STORED_BYTES;

export function resumedColumns({ size, allocated, resident }: StoredFile, n: number): TrackColumns {
  const columns = new TrackColumns();
  columns.size.set(readColumn(size, n));
  columns.allocated.set(readColumn(allocated, n));
  columns.resident.set(readColumn(resident, n));
  return columns;
}

/** What is known of a group that no scan has seen since the restart. */
export const unseenGroup = ({ key, folder, path, kind, fileSystem }: StoredTrack): Omit<FileGroup, 'members'> => ({
  ...unseenFile(path),
  ...{ key, folder, kind, fileSystem },
  ...{ openFiles: 0, writtenFiles: 0, deletedFiles: 0, pids: [], allocatedBytes: null, mtimeMs: null, isOwn: false },
});

export const unseenFile = (path: string) => ({
  kind: 'file' as const,
  files: 1,
  path,
  openBy: [],
  deleted: false,
  residency: { state: 'unknown' as const, reason: 'not seen since the restart' },
  fileSystem: null,
  sizeBytes: null,
  residentBytes: null,
});
