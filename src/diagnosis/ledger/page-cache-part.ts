import { safeName } from '../../format.ts';
import { type FileGroup, groupFiles, isWithin } from '../../sources/files/file-groups.ts';
import type { FileReading } from '../../sources/types.ts';
import { KIB, MINUTE_MS } from '../../units.ts';
import type { LedgerPart } from '../types.ts';
import type { AnonSplit } from './anon-split.ts';
import { chargedShares, type FileKind, fileKind, isWritten, writtenStems } from './charged-share.ts';
import { exactPart, intervalPart, type PartKey, sumOfParts, withParts } from './ledger-part.ts';
import type { NamedPartId } from './part-table.ts';

/** The facts from the mappings about libraries and jars whose residency cannot be queried. */
export interface MappedPages {
  /** Mapped pages of the watched process by kind of file, from smaps. */
  readonly files: AnonSplit['mappedFiles'];
  /** The cgroup's file_mapped, the maximum of its page cache that any process maps; null: not known. */
  readonly chargedBytes: number | null;
}

/** Maximum of rows that are named separately; smaller ones are in a sum. */
const MAX_NAMED_FILES = 20;
const MIN_ROW_BYTES = 64 * KIB;
/** A residency that was asked longer ago says so. Files that are written are asked at each scan. */
const OLD_MS = 2 * MINUTE_MS;
/** The error of a sum that is estimated from a thousand files and more of different sizes, as a share of it. */
const SAMPLING_ERROR = 0.1;
/** Page cache by file: large files by name, files of one kind together, files that cannot be queried, then the rest. Pure. */
export function pageCacheParts(
  files: readonly FileReading[],
  whole: number,
  at: string,
  mapped: MappedPages | null = null,
  named: readonly string[] = [],
): LedgerPart[] {
  const disk = files.filter((f) => (f.fileSystem?.kind ?? 'disk') === 'disk');
  const parts = grouped(disk, whole, true, at, named);
  const known = parts.some((p) => p.id === 'mapped-libraries');
  return [...parts, ...unnamedPart(disk, whole - sumOfParts(parts), at, known ? null : mapped)].sort((a, b) => b.bytes - a.bytes);
}

/** Files of tmpfs, which only swap or a deletion frees. A heap in tmpfs (ZGC) is a separate part. */
export function tmpfsParts(
  files: readonly FileReading[],
  whole: number,
  at: string,
  named: readonly string[] = [],
): LedgerPart[] {
  const parts = grouped(
    files.filter((f) => f.fileSystem?.kind === 'tmpfs' && !isHeapFile(f)),
    whole,
    false,
    at,
    named,
  );
  const rest = whole - sumOfParts(parts);
  if (parts.length > 0 && rest > 0) parts.push(intervalPart('other-shmem', [0, rest, rest], { how: 'derived', at }));
  return parts;
}

/** ZGC has its heap open as a file of a tmpfs. */
export const isHeapFile = (f: Pick<FileReading, 'path'>): boolean =>
  /^\/memfd:java_heap\b|\/java_heap(?:\.\w+)?(?: \(deleted\))?$/.test(f.path);

/** From this number on, files of one stem are one part, so that a hundred segments do not hide the rest. */
const MIN_GROUP_FILES = 4;

/** `named`: each folder or group that the verdict names is one part. */
function grouped(
  files: readonly FileReading[],
  whole: number,
  reclaimable: boolean,
  at: string,
  named: readonly string[],
): LedgerPart[] {
  const shares = chargedShares(files, whole);
  const row = (f: FileReading): LedgerPart => namedPart(f, shares(f), whole, reclaimable, at);
  const resident = files.filter((f) => (f.residentBytes ?? 0) > 0).sort((a, b) => b.residentBytes! - a.residentBytes!);
  const written = writtenStems(files);
  const nameOf = (f: FileReading): string | undefined => (f.deleted ? undefined : named.find((path) => isWithin(f.path, path)));
  const sums = named.flatMap((path) =>
    groupPart(
      path,
      resident.filter((f) => nameOf(f) === path),
      row,
      reclaimable,
      at,
    ),
  );
  const rest = resident.filter((f) => nameOf(f) === undefined);
  const kinds = rest.map((f) => fileKind(f, written));
  const ofKind = (kind: FileKind) => rest.filter((_, i) => kinds[i] === kind);
  const of = (kind: FileKind) => ofKind(kind).map(row);
  const groups = groupFiles(ofKind('plain'));
  const single = (g: FileGroup): boolean => g.members.length < MIN_GROUP_FILES || g.members.some((m) => m.kind !== 'file');
  const stems = groups
    .filter((g) => !single(g))
    .flatMap((g) => groupPart(g.path, g.members as FileReading[], row, reclaimable, at));
  const plain = groups.filter(single).flatMap((g) => (g.members as FileReading[]).map(row));
  plain.sort((a, b) => b.bytes - a.bytes);
  const least = Math.max(MIN_ROW_BYTES, whole / 1000);
  const alone = plain.filter((p, i) => i < MAX_NAMED_FILES && p.bytes >= least);
  return [
    ...sums,
    ...stems,
    ...alone,
    ...summedPart('small-files', plain.slice(alone.length), reclaimable, at),
    ...summedPart('rotated-files', of('rotated'), reclaimable, at),
    ...summedPart('deleted-files', of('deleted'), reclaimable, at),
    ...summedPart('mapped-libraries', of('library'), reclaimable, at),
  ].filter((p) => p.bytes > 0);
}

/** Several files under the name of their folder or stem; one file under its own name. */
function groupPart(
  path: string,
  files: readonly FileReading[],
  row: (f: FileReading) => LedgerPart,
  reclaimable: boolean,
  at: string,
): LedgerPart[] {
  const parts = files.map(row);
  if (parts.length < 2) return parts;
  const count = files.reduce((sum, f) => sum + f.files, 0);
  return summedPart({ id: 'folder', name: safeName(path) }, parts, reclaimable, at, count);
}

function namedPart(f: FileReading, scale: number, whole: number, reclaimable: boolean, at: string): LedgerPart {
  const bytes = Math.min(whole, Math.round(f.residentBytes! * scale));
  const state = f.deleted ? 'deleted, but still open' : isWritten(f) ? 'open for writing' : null;
  const shared = scale < 1 ? 'its pages are partly charged to another container' : null;
  const method = f.residency.state === 'known' ? f.residency.method : null;
  const count = f.kind === 'file' ? null : `${f.files} files`;
  const ageMs = f.residentAtMs == null ? 0 : Date.parse(at) - f.residentAtMs;
  const age = ageMs < OLD_MS ? null : `asked ${Math.round(ageMs / MINUTE_MS)} min ago`;
  const error = f.isSampled === true ? SAMPLING_ERROR : 0;
  const sample = error > 0 ? 'by a part of them' : null;
  const note = [method, age, count, sample, state, shared].filter((x) => x !== null).join('; ');
  return intervalPart(
    { id: f.kind === 'folder' ? 'folder' : 'file', name: safeName(f.path) },
    [scale < 1 ? 0 : Math.round(bytes * (1 - error)), bytes, Math.min(whole, Math.round(f.residentBytes! * (1 + error)))],
    {
      reclaimable,
      how: scale < 1 || error > 0 ? 'estimated' : 'measured',
      at,
      note,
    },
  );
}

function summedPart(
  key: PartKey,
  parts: readonly LedgerPart[],
  reclaimable: boolean,
  at: string,
  files = parts.length,
): LedgerPart[] {
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
    intervalPart(key, [sum((p) => p.lowBytes), sumOfParts(parts), sum((p) => p.highBytes)], {
      ...whole,
      note: `${files} ${files === 1 ? 'file' : 'files'}`,
      ...withParts([...shown, ...rest]),
    }),
  ];
}

/** Page cache that no named file explains: libraries known only from the mappings, and files that cannot be queried, at most their size on disk. */
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
  const closed = disk.filter((f) => f.residentBytes === null && f.sizeBytes !== null);
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
