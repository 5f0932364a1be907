import type { Stats } from 'node:fs';
import { decodePath } from '../process/pinned-path.ts';
import type { FileReading } from '../types.ts';
import { allocatedBytes, type FileResidency } from './measure-files.ts';

/** The small files of one folder, or the files that may not be queried, as one line. */
interface Sum {
  readonly dev: number;
  readonly ino: number;
  files: number;
  sizeBytes: number;
  allocatedBytes: number;
  residentBytes: number;
  dirtyBytes: number;
  mtimeMs: number;
  method: string;
  fileSystem: FileReading['fileSystem'];
  /** Files without an answer, by the reason. */
  readonly unknown: Map<string, { files: number; sizeBytes: number; allocatedBytes: number }>;
}

/** A folder's small files are worth a line from here on. */
const MIN_ROW_BYTES = 64 * 1024;

/** Sums by folder. A walk that is under way does not yet replace what the last whole one gave. */
export class FolderSums {
  readonly #complete = new Map<string, Sum>();
  readonly #partial = new Map<string, Sum>();

  begin(folder: string, stat: Stats): void {
    this.#partial.set(folder, {
      dev: stat.dev,
      ino: stat.ino,
      files: 0,
      sizeBytes: 0,
      allocatedBytes: 0,
      residentBytes: 0,
      dirtyBytes: 0,
      mtimeMs: 0,
      method: '',
      fileSystem: null,
      unknown: new Map(),
    });
  }

  add(folder: string, stat: Stats, measured: FileResidency): void {
    const sum = this.#partial.get(folder);
    if (sum === undefined) return;
    if (measured.residentBytes === null) {
      const other = sum.unknown.get(measured.method) ?? { files: 0, sizeBytes: 0, allocatedBytes: 0 };
      other.files++;
      other.sizeBytes += stat.size;
      other.allocatedBytes += allocatedBytes(stat);
      sum.unknown.set(measured.method, other);
      return;
    }
    sum.files++;
    sum.sizeBytes += stat.size;
    sum.allocatedBytes += allocatedBytes(stat);
    sum.residentBytes += measured.residentBytes;
    sum.dirtyBytes += measured.dirtyBytes ?? 0;
    sum.mtimeMs = Math.max(sum.mtimeMs, stat.mtimeMs);
    sum.method = measured.method;
    sum.fileSystem = measured.fileSystem;
  }

  end(folder: string, gone: boolean): void {
    const sum = this.#partial.get(folder);
    this.#partial.delete(folder);
    if (gone || sum === undefined || (sum.files === 0 && sum.unknown.size === 0)) this.#complete.delete(folder);
    else this.#complete.set(folder, sum);
  }

  clear(): void {
    this.#complete.clear();
    this.#partial.clear();
  }

  /** One row per folder, and one per reason for all files without an answer. */
  rows(): FileReading[] {
    const rows: FileReading[] = [];
    const unknown = new Map<string, { files: number; sizeBytes: number; allocatedBytes: number }>();
    for (const [folder, sum] of new Map([...this.#partial, ...this.#complete])) {
      if (sum.residentBytes >= MIN_ROW_BYTES) rows.push(folderRow(folder, sum));
      for (const [why, part] of sum.unknown) {
        const all = unknown.get(why) ?? { files: 0, sizeBytes: 0, allocatedBytes: 0 };
        unknown.set(why, {
          files: all.files + part.files,
          sizeBytes: all.sizeBytes + part.sizeBytes,
          allocatedBytes: all.allocatedBytes + part.allocatedBytes,
        });
      }
    }
    for (const [method, part] of unknown) if (part.sizeBytes >= MIN_ROW_BYTES) rows.push(unknownRow(method, part));
    return rows;
  }
}

const folderRow = (folder: string, sum: Sum): FileReading => ({
  path: `${decodePath(folder === '/' ? '' : folder)}/`,
  files: sum.files,
  dev: sum.dev,
  ino: sum.ino,
  sizeBytes: sum.sizeBytes,
  allocatedBytes: sum.allocatedBytes,
  mtimeMs: sum.mtimeMs,
  residentBytes: sum.residentBytes,
  dirtyBytes: sum.dirtyBytes,
  method: sum.method,
  openBy: [],
  deleted: false,
  fileSystem: sum.fileSystem,
});

const unknownRow = (method: string, part: { files: number; sizeBytes: number; allocatedBytes: number }): FileReading => ({
  path: `(files ${method.replace(/^unknown: /, '')})`,
  ...part,
  dev: 0,
  ino: 0,
  mtimeMs: null,
  residentBytes: null,
  dirtyBytes: null,
  method,
  openBy: [],
  deleted: false,
  fileSystem: null,
});
