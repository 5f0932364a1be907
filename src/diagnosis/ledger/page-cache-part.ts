import { safeName } from '../../format.ts';
import type { FileReading } from '../../sources/types.ts';
import { KIB } from '../../units.ts';
import type { LedgerPart } from '../types.ts';
import type { AnonSplit } from './anon-split.ts';
import { exactPart, intervalPart, sumOfParts, withParts } from './ledger-part.ts';
import type { NamedPartId } from './part-table.ts';
import { reconcileResidency } from './reconcile-residency.ts';

/** What the mappings say about libraries and jars whose residency may not be queried. */
export interface MappedPages {
  /** Mapped pages of the watched process by kind of file, from smaps. */
  readonly files: AnonSplit['mappedFiles'];
  /** The cgroup's file_mapped: no more of its page cache is mapped by anyone. null where not known. */
  readonly chargedBytes: number | null;
}

/** Rows that are named one by one; the smaller ones stand in a sum. */
const MAX_NAMED_FILES = 20;
const MIN_ROW_BYTES = 64 * KIB;
const LIBRARY = /\.(?:so(?:\.[\d.]+)?|jar|jmod|jsa|war|node)$|\/lib\/modules$/;
/** What logback, log4j2, logrotate and the JVM put behind a log's name, or between its stem and its ending; taken off in this order. */
const ENDINGS: readonly RegExp[] = [
  /\.(?:gz|zst|xz|bz2|lz4|zip)$/,
  /\.(?:log|txt|out)$/,
  /\.(?:old|bak)$/,
  // One run of characters and no nested repeat: names are the container's, and must cost no more than their length squared.
  /[-._]\d[\d.:T_-]*$/,
  /\.(?:log|txt|out)$/,
];

/** Page cache by file: the large ones by name, those of a kind together, those that may not be queried, then the rest. Pure. */
export function pageCacheParts(
  files: readonly FileReading[],
  whole: number,
  at: string,
  mapped: MappedPages | null = null,
): LedgerPart[] {
  const disk = files.filter((f) => (f.fileSystem?.kind ?? 'disk') === 'disk');
  const parts = grouped(disk, whole, true, at);
  const known = parts.some((p) => p.id === 'mapped-libraries');
  return [...parts, ...unnamedPart(disk, whole - sumOfParts(parts), at, known ? null : mapped)].sort((a, b) => b.bytes - a.bytes);
}

/** Files of tmpfs, which only swap or a deletion frees; a heap that lies there (ZGC) is a separate part. */
export function tmpfsParts(files: readonly FileReading[], whole: number, at: string): LedgerPart[] {
  const parts = grouped(
    files.filter((f) => f.fileSystem?.kind === 'tmpfs' && !isHeapFile(f)),
    whole,
    false,
    at,
  );
  const rest = whole - sumOfParts(parts);
  if (parts.length > 0 && rest > 0) parts.push(intervalPart('other-shmem', [0, rest, rest], { how: 'derived', at }));
  return parts;
}

/** ZGC holds its heap open as a file of a tmpfs. */
export const isHeapFile = (f: FileReading): boolean =>
  /^\/memfd:java_heap\b|\/java_heap(?:\.\w+)?(?: \(deleted\))?$/.test(f.path);

function grouped(files: readonly FileReading[], whole: number, reclaimable: boolean, at: string): LedgerPart[] {
  const shares = shareOf(files, whole);
  const row = (f: FileReading): LedgerPart => namedPart(f, shares(f), whole, reclaimable, at);
  const resident = files.filter((f) => (f.residentBytes ?? 0) > 0).sort((a, b) => b.residentBytes! - a.residentBytes!);
  const written = writtenStems(files);
  const kinds = resident.map((f) => kindOf(f, written));
  const of = (kind: Kind) => resident.filter((_, i) => kinds[i] === kind).map(row);
  const plain = of('plain');
  const least = Math.max(MIN_ROW_BYTES, whole / 1000);
  const alone = plain.filter((p, i) => i < MAX_NAMED_FILES && p.bytes >= least);
  return [
    ...alone,
    ...summedPart('small-files', plain.slice(alone.length), reclaimable, at),
    ...summedPart('rotated-files', of('rotated'), reclaimable, at),
    ...summedPart('deleted-files', of('deleted'), reclaimable, at),
    ...summedPart('mapped-libraries', of('library'), reclaimable, at),
  ].filter((p) => p.bytes > 0);
}

const isLibrary = (f: FileReading): boolean => LIBRARY.test(f.path);
const isWritten = (f: FileReading): boolean => f.openBy.some((o) => o.mode !== 'r');

type Kind = 'library' | 'deleted' | 'rotated' | 'plain';

function kindOf(file: FileReading, written: ReadonlyMap<string, number>): Kind {
  if (isLibrary(file)) return 'library';
  if (file.deleted) return 'deleted';
  return isRotated(file, written) ? 'rotated' : 'plain';
}

/** A log that was renamed: it is not written any more, but one with the same stem is, whose path is no longer than its own. */
function isRotated(file: FileReading, written: ReadonlyMap<string, number>): boolean {
  if (written.size === 0 || isWritten(file) || file.path.endsWith('/')) return false;
  return (written.get(stemOf(file.path)) ?? Number.POSITIVE_INFINITY) <= file.path.length;
}

/** Stems of the files that are written, each with the length of its shortest path. */
function writtenStems(files: readonly FileReading[]): Map<string, number> {
  const stems = new Map<string, number>();
  for (const file of files) {
    const stem = isWritten(file) ? stemOf(file.path) : '';
    if (stem !== '') stems.set(stem, Math.min(stems.get(stem) ?? Number.POSITIVE_INFINITY, file.path.length));
  }
  return stems;
}

/** Folder and name without endings and the numbers of a rotation; empty where nothing of the name is left. */
function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).slice(0, 255);
  const stem = ENDINGS.reduce((rest, ending) => rest.replace(ending, ''), name);
  return stem === '' ? '' : path.slice(0, path.lastIndexOf('/') + 1) + stem;
}

/**
 * Residency is node-wide. What this container's processes write is charged to it, since a page is charged to the cgroup that touches it
 * first: logs that are open, those they were renamed to, deleted ones. Everything else may be charged to another container, most of all
 * libraries and jars: so where the sum is too large, those are scaled down first.
 */
function shareOf(files: readonly FileReading[], whole: number): (f: FileReading) => number {
  const sums = reconcileResidency(
    files.map((f) => ({ residentBytes: f.residentBytes, fileSystem: null })),
    whole,
    0,
  );
  if (!sums.exceeds) return () => 1;
  const written = writtenStems(files);
  const isOurs = (f: FileReading): boolean => isWritten(f) || ['rotated', 'deleted'].includes(kindOf(f, written));
  const ours = new Set(files.filter(isOurs));
  const resident = [...ours].reduce((sum, f) => sum + (f.residentBytes ?? 0), 0);
  if (resident > whole || resident === sums.diskBytes) return (f) => (ours.has(f) ? whole / resident : 0);
  return (f) => (ours.has(f) ? 1 : (whole - resident) / (sums.diskBytes - resident));
}

function namedPart(f: FileReading, scale: number, whole: number, reclaimable: boolean, at: string): LedgerPart {
  const bytes = Math.min(whole, Math.round(f.residentBytes! * scale));
  const state = f.deleted ? 'deleted, but still open' : isWritten(f) ? 'open for writing' : null;
  const shared = scale < 1 ? 'its pages are partly charged to another container' : null;
  const method = f.residency.state === 'known' ? f.residency.method : null;
  const count = f.kind === 'file' ? null : `${f.files} files`;
  const note = [method, count, state, shared].filter((x) => x !== null).join('; ');
  return intervalPart(
    { id: f.kind === 'folder' ? 'folder' : 'file', name: safeName(f.path) },
    [scale < 1 ? 0 : bytes, bytes, Math.min(whole, f.residentBytes!)],
    {
      reclaimable,
      how: scale < 1 ? 'estimated' : 'measured',
      at,
      note,
    },
  );
}

function summedPart(id: NamedPartId, parts: readonly LedgerPart[], reclaimable: boolean, at: string): LedgerPart[] {
  if (parts.length === 0) return [];
  const sum = (of: (p: LedgerPart) => number) => parts.reduce((all, p) => all + of(p), 0);
  const shown = parts.slice(0, MAX_NAMED_FILES);
  const more = parts.slice(MAX_NAMED_FILES);
  const whole = {
    reclaimable,
    how: parts.some((p) => p.how === 'estimated') ? ('estimated' as const) : ('measured' as const),
    at,
  };
  const rest = more.length === 0 ? [] : [exactPart({ id: 'more-files', name: `${more.length} more` }, sumOfParts(more), whole)];
  return [
    intervalPart(id, [sum((p) => p.lowBytes), sumOfParts(parts), sum((p) => p.highBytes)], {
      ...whole,
      note: `${parts.length} ${parts.length === 1 ? 'file' : 'files'}`,
      ...withParts([...shown, ...rest]),
    }),
  ];
}

/** Page cache that no named file explains: libraries of which only the mappings are known, and files that may not be queried, at most their size on disk. */
function unnamedPart(disk: readonly FileReading[], rest: number, at: string, mapped: MappedPages | null): LedgerPart[] {
  const parts: LedgerPart[] = [];
  let left = rest;
  const add = (id: NamedPartId, most: number, note: string): void => {
    const high = Math.min(left, most);
    if (high <= 0) return;
    parts.push(intervalPart(id, [0, high, high], { how: 'estimated', at, note }));
    left -= high;
  };
  if (mapped !== null)
    add(
      'mapped-libraries',
      Math.min(mapped.files.libraries + mapped.files.jars, mapped.chargedBytes ?? Number.POSITIVE_INFINITY),
      'pages that the process maps, by smaps; those that another container touched first are charged there',
    );
  const closed = disk.filter((f) => f.residentBytes === null);
  const reasons = [...new Set(closed.flatMap((f) => (f.residency.state === 'unknown' ? [f.residency.reason] : [])))];
  add(
    'unqueried-files',
    closed.reduce((all, f) => all + (f.allocatedBytes ?? f.sizeBytes ?? 0), 0),
    `${reasons.length === 1 ? reasons[0] : `for ${reasons.length} different reasons`}; at most what they take on disk`,
  );
  if (left > 0)
    parts.push(
      exactPart('unseen-files', left, {
        how: 'derived',
        at,
        lowBytes: left,
        highBytes: Math.max(left, rest),
        note: 'read or written once and closed since, outside the folders that were walked so far',
      }),
    );
  return parts;
}
