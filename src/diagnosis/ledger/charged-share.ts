import { isSystemFolder } from '../../sources/files/folder-queue.ts';
import type { FileReading } from '../../sources/types.ts';
import { reconcileResidency } from './reconcile-residency.ts';

/** The facts that decide to which container the pages of a file are charged. */
export type ChargedFile = Pick<FileReading, 'path' | 'openBy' | 'deleted' | 'residentBytes' | 'isOwn'>;

const LIBRARY = /\.(?:so(?:\.[\d.]+)?|jar|jmod|jsa|war|node)$|\/lib\/modules$/;
/** The texts that logback, log4j2, logrotate and the JVM add after a log's name, or between its stem and its ending. They are removed in this order. */
const ENDINGS: readonly RegExp[] = [
  /\.(?:gz|zst|xz|bz2|lz4|zip)$/,
  /\.(?:log|txt|out)$/,
  /\.(?:old|bak)$/,
  // One repeat without nesting: the container chooses the names, and a match must cost at most the square of their length.
  /[-._]\d[\d.:T_-]*$/,
  /\.(?:log|txt|out)$/,
];

/**
 * The share of a file's resident bytes that is charged to this container. Residency is node-wide. A page is charged to the cgroup that touches
 * it first, so files that this container's processes write are charged to it: files written after its start, open logs, their renamed
 * predecessors, and deleted files. Open files are the most certain of these. Other files may be charged to another container, especially
 * libraries, jars and files of the system. So if the sum is too large, they come last.
 */
export function chargedShares<F extends ChargedFile>(files: readonly F[], whole: number): (f: F) => number {
  const sums = reconcileResidency(
    files.map((f) => ({ residentBytes: f.residentBytes, fileSystem: null })),
    whole,
    0,
  );
  if (!sums.exceeds) return () => 1;
  const written = writtenStems(files);
  const turns: readonly [Set<F>, Set<F>, Set<F>, Set<F>] = [new Set(), new Set(), new Set(), new Set()];
  for (const file of files) turns[turnOf(file, written)].add(file);
  let left = whole;
  const shares = turns.map((turn) => {
    const resident = [...turn].reduce((sum, f) => sum + (f.residentBytes ?? 0), 0);
    const share = resident > left ? left / resident : 1;
    left -= resident * share;
    return share;
  });
  return (f) => shares[turns.findIndex((turn) => turn.has(f))] ?? 0;
}

function turnOf(file: ChargedFile, written: ReadonlyMap<string, number>): 0 | 1 | 2 | 3 {
  const kind = fileKind(file, written);
  if (isWritten(file) || kind === 'deleted') return 0;
  if (file.isOwn === true || kind === 'rotated') return 1;
  return kind === 'library' || isSystemFolder(file.path) ? 3 : 2;
}

export const isLibrary = (f: Pick<ChargedFile, 'path'>): boolean => LIBRARY.test(f.path);
export const isWritten = (f: ChargedFile): boolean => f.openBy.some((o) => o.mode !== 'r');

export type FileKind = 'library' | 'deleted' | 'rotated' | 'plain';

export function fileKind(file: ChargedFile, written: ReadonlyMap<string, number>): FileKind {
  if (isLibrary(file)) return 'library';
  if (file.deleted) return 'deleted';
  return isRotated(file, written) ? 'rotated' : 'plain';
}

/** A renamed log: it is no longer written, but a file with the same stem is, and that file's path is not longer. */
function isRotated(file: ChargedFile, written: ReadonlyMap<string, number>): boolean {
  if (written.size === 0 || isWritten(file) || file.path.endsWith('/')) return false;
  return (written.get(stemOf(file.path)) ?? Number.POSITIVE_INFINITY) <= file.path.length;
}

/** Stems of the files that are written, each with the length of its shortest path. */
export function writtenStems(files: readonly ChargedFile[]): Map<string, number> {
  const stems = new Map<string, number>();
  for (const file of files) {
    const stem = isWritten(file) ? stemOf(file.path) : '';
    if (stem !== '') stems.set(stem, Math.min(stems.get(stem) ?? Number.POSITIVE_INFINITY, file.path.length));
  }
  return stems;
}

/** Folder and name without endings and the numbers of a rotation; empty if no part of the name remains. */
function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).slice(0, 255);
  const stem = ENDINGS.reduce((rest, ending) => rest.replace(ending, ''), name);
  return stem === '' ? '' : path.slice(0, path.lastIndexOf('/') + 1) + stem;
}
