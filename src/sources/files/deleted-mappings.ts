import { closeSync } from 'node:fs';
import { isMappedFile } from '../mappings/mapped-files.ts';
import type { Mapping } from '../mappings/smaps-format.ts';
import { decodePath, pinFolderUnder } from '../process/pinned-path.ts';
import { unescapeMappedPath, withoutDeletedMark } from '../process/proc-paths.ts';
import type { FileReading, FileSystemUse, ProcessRef, Roots } from '../types.ts';
import { FileSystems } from './file-systems.ts';

/** A file that was deleted while a process maps it. No path leads to it, and no descriptor may be open: only the mappings tell of it. */
interface DeletedMapping {
  /** Byte string. */
  readonly path: string;
  readonly mappedBytes: number;
  /** Pages of the file that are in memory through these mappings, without private copies. */
  readonly residentBytes: number;
}

/** The deleted files in the mappings of a process, without duplicates. Pure. */
export function deletedMappings(mappings: readonly Mapping[]): DeletedMapping[] {
  const found = new Map<string, DeletedMapping>();
  for (const { path: raw, inode, start, end, pssBytes, anonBytes } of mappings) {
    const { path, deleted } = withoutDeletedMark(raw);
    if (!deleted || !isMappedFile(raw)) continue;
    const key = `${inode}:${raw}`;
    const { mappedBytes = 0, residentBytes = 0 } = found.get(key) ?? {};
    found.set(key, {
      path: unescapeMappedPath(path),
      mappedBytes: mappedBytes + end - start,
      residentBytes: residentBytes + Math.max(0, pssBytes - anonBytes),
    });
  }
  return [...found.values()];
}

/** The same as rows of files. Their file system is that of the nearest folder that still exists. */
export function deletedMappedFiles(
  mappings: readonly Mapping[],
  { roots, process }: { readonly roots: Roots; readonly process: ProcessRef },
  atMs: number,
): FileReading[] {
  const systems = new FileSystems();
  const byFolder = new Map<string, FileSystemUse | null>();
  return deletedMappings(mappings).map(({ path, mappedBytes, residentBytes }) => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (!byFolder.has(folder)) byFolder.set(folder, fileSystemOf(`${roots.proc}/${process.pid}/root`, folder, systems));
    return {
      kind: 'file',
      files: 1,
      path: decodePath(path),
      sizeBytes: mappedBytes,
      allocatedBytes: null,
      mtimeMs: null,
      residentBytes,
      dirtyBytes: null,
      residentAtMs: atMs,
      residency: { state: 'known', method: 'smaps' },
      openBy: [],
      mappedBy: [process.pid],
      deleted: true,
      fileSystem: byFolder.get(folder) ?? null,
      isOwn: true,
    };
  });
}

function fileSystemOf(root: string, folder: string, systems: FileSystems): FileSystemUse | null {
  for (let at = folder; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = pinFolderUnder(root, at === '' ? '/' : at);
    if (found.state === 'pinned') {
      try {
        return systems.of(found.fd, found.stat.dev)?.publicForm ?? null;
      } finally {
        closeSync(found.fd);
      }
    }
    if (at === '') return null;
  }
}

/** The files of a scan with those deleted ones that no descriptor shows. */
export function withDeletedMappings(files: readonly FileReading[], mapped: readonly FileReading[]): FileReading[] {
  const open = new Set(files.flatMap(({ path, deleted }) => (deleted ? [path] : [])));
  return [...files, ...mapped.filter(({ path }) => !open.has(path))];
}
