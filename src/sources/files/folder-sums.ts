import type { Stats } from 'node:fs';
import { KIB } from '../../units.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileReading, FileSystemUse, ResidencyState } from '../types.ts';
import { allocatedBytes, type FileResidency } from './measure-files.ts';

/** The small files of one folder. */
interface Sum {
  files: number;
  sizeBytes: number;
  allocatedBytes: number;
  residentBytes: number;
  dirtyBytes: number;
  mtimeMs: number;
  residency: ResidencyState;
  fileSystem: FileSystemUse | null;
  /** Files whose residency is unknown, by the reason. */
  readonly unknown: Map<string, UnqueriedSum>;
}

interface UnqueriedSum {
  files: number;
  sizeBytes: number;
  allocatedBytes: number;
}

/** Smaller sums than this have no row. */
const MIN_ROW_BYTES = 64 * KIB;

/** Sums by folder. The sums of the last complete walk stand until the next walk of the folder is complete. */
export class FolderSums {
  readonly #complete = new Map<string, Sum>();
  readonly #partial = new Map<string, Sum>();

  begin(folder: string): void {
    this.#partial.set(folder, {
      files: 0,
      sizeBytes: 0,
      allocatedBytes: 0,
      residentBytes: 0,
      dirtyBytes: 0,
      mtimeMs: 0,
      residency: { state: 'unknown', reason: 'no file was queried' },
      fileSystem: null,
      unknown: new Map(),
    });
  }

  add(folder: string, stat: Stats, measured: FileResidency): void {
    const sum = this.#partial.get(folder);
    if (sum === undefined) return;
    const { residency } = measured;
    if (residency.state === 'unknown') {
      addUnqueried(sum.unknown, residency.reason, { files: 1, sizeBytes: stat.size, allocatedBytes: allocatedBytes(stat) });
      return;
    }
    sum.files++;
    sum.sizeBytes += stat.size;
    sum.allocatedBytes += allocatedBytes(stat);
    sum.residentBytes += measured.residentBytes ?? 0;
    sum.dirtyBytes += measured.dirtyBytes ?? 0;
    sum.mtimeMs = Math.max(sum.mtimeMs, stat.mtimeMs);
    sum.residency = residency;
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

  /** One row per folder, and one per reason for all files whose residency is unknown. */
  rows(): FileReading[] {
    const rows: FileReading[] = [];
    const unknown = new Map<string, UnqueriedSum>();
    for (const [folder, sum] of new Map([...this.#partial, ...this.#complete])) {
      if (sum.residentBytes >= MIN_ROW_BYTES) rows.push(folderRow(folder, sum));
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

const folderRow = (folder: string, sum: Sum): FileReading => ({
  kind: 'folder',
  path: `${decodePath(folder === '/' ? '' : folder)}/`,
  files: sum.files,
  sizeBytes: sum.sizeBytes,
  allocatedBytes: sum.allocatedBytes,
  mtimeMs: sum.mtimeMs,
  residentBytes: sum.residentBytes,
  dirtyBytes: sum.dirtyBytes,
  residency: sum.residency,
  openBy: [],
  deleted: false,
  fileSystem: sum.fileSystem,
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
