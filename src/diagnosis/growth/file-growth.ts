import type { FileTrack, Series } from '../../history/series.ts';
import { isWithin } from '../../sources/files/file-groups.ts';
import { isSystemFolder } from '../../sources/files/folder-queue.ts';
import type { FileSystemUse } from '../../sources/types.ts';
import type { Evaluation } from '../../trends/types.ts';
import { HOUR_S } from '../../units.ts';
import { rowOfTracks } from '../file-rows.ts';
import { chargedShares, isLibrary } from '../ledger/charged-share.ts';
import type { FileRow } from '../types.ts';
import { type FileNode, fileTree, type Span, whatGrew } from './file-tree.ts';
import { allocatedColumn, dropsIn, growthPace, lastFinite, residentColumn, sumOfColumns } from './growth-pace.ts';

/** The files that grew, by the cause that they explain. Empty: no visible file explains it. */
export interface GrownFiles {
  readonly 'page-cache': readonly FileRow[];
  readonly shmem: readonly FileRow[];
}

/** A file system on which the container's files take more and more space. */
export interface DiskGrowth {
  readonly fileSystem: FileSystemUse;
  readonly bytesPerHour: number;
  /** Bytes that those files take on it now. */
  readonly usedBytes: number;
  readonly files: readonly FileRow[];
}

/** Files are named as the cause if they have at least this share of the growth of the cgroup's sum. */
const MIN_EXPLAINED = 0.4;
/** If the growth was not seen (the files were cached before they were found), files with this share of all bytes are named. */
const MIN_RESIDENT = 0.8;

const MIN_SCANS = 12;

export type FileCause = keyof GrownFiles;

/** The files that grew in the page cache and in shared memory, if these grow. */
export function grownFiles(series: Series, { causes, fields }: Pick<Evaluation, 'causes' | 'fields'>): GrownFiles {
  const explain = (cause: FileCause): readonly FileRow[] => {
    const share =
      causes.find((c) => c.cause === cause) ?? causes.find((c) => cause === 'page-cache' && c.cause === 'locked-cache');
    const windowS = fields[cause === 'shmem' ? 'shmem' : 'file']?.windowSeconds;
    return share === undefined ? [] : filesThatRose(series, cause, share.bytesPerHour, windowS ?? Number.POSITIVE_INFINITY);
  };
  return { 'page-cache': explain('page-cache'), shmem: explain('shmem') };
}

/** The files behind growth at this rate in the last `windowS` seconds; none: no visible file explains it. */
export function filesThatRose(series: Series, cause: FileCause, bytesPerHour: number, windowS: number): readonly FileRow[] {
  const kind = cause === 'shmem' ? 'tmpfs' : 'disk';
  const tracks = tracksOn(series.files, kind);
  const t = tracks[0]?.t;
  if (t === undefined || t.length === 0) return [];
  const toS = t[t.length - 1]!;
  // A scan may not query every file, but the next ones query the rest. Over a few scans, the files are up to date.
  const fromS = Math.max(t[0]!, Math.min(toS - windowS, t[Math.max(0, t.length - MIN_SCANS)]!));
  const sum = (row: number): number => sumAt(series, cause, row);
  const now = sum(series.t.length - 1);
  const rose = now - sum(rowAt(series.t, fromS));
  const whole = rose > 0 ? rose : (bytesPerHour * (toS - fromS)) / HOUR_S;
  // Residency of libraries and jars is node-wide, because other containers map them too.
  const shareOf = sharesOf(tracks, now);
  const charged = tracks.filter((f) => mayBeCharged(f, cause));
  for (const among of [charged.filter((f) => !isLibrary(f)), charged]) {
    const tree = fileTree(among, { fromS, toS }, residentColumn, shareOf);
    if (tree.grownBytes > 0 && tree.grownBytes >= MIN_EXPLAINED * whole) return rowsOf(whatGrew(tree));
  }
  const resident = fileTree(
    charged.filter((f) => !isLibrary(f)),
    { fromS, toS },
    residentColumn,
  );
  setToResident(resident, shareOf);
  return resident.grownBytes >= MIN_RESIDENT * Math.max(whole, now) ? rowsOf(whatGrew(resident)) : [];
}

/**
 * Whether what a file has in memory may be this container's. Residency is node-wide: what this container neither wrote nor has open may be
 * another's. Files on a disk that it only reads are taken for its own, but for those of the system, which every program reads.
 */
const mayBeCharged = (f: FileTrack, cause: FileCause): boolean => {
  if (isWrittenHere(f)) return true;
  return cause === 'page-cache' ? isLibrary(f) || !isSystemFolder(f.path) : f.openFiles > 0;
};

const isWrittenHere = (f: FileTrack): boolean => f.isOwn || f.deleted || f.writtenFiles > 0;

/** The rows of folders, groups or files that were named before; null: one of them is not in sight any more. */
export function rowsNamed(tracks: readonly FileTrack[], cause: FileCause, paths: readonly string[]): readonly FileRow[] | null {
  const all = tracksOn(tracks, cause === 'shmem' ? 'tmpfs' : 'disk');
  const rows = paths.map((path) => {
    const within = all.filter((track) => isWithin(track.path, path));
    const own = within.length > 0 ? within : all.flatMap(({ members }) => members.filter((member) => member.path === path));
    return own.length === 0 ? null : rowOfTracks(path, own);
  });
  return rows.every((row) => row !== null) ? rows : null;
}

/** The share of each track's pages that can be charged to this container: the pages that it wrote first. */
function sharesOf(tracks: readonly FileTrack[], chargedBytes: number): (track: FileTrack) => number {
  const newest = new Map(tracks.map((track) => [track, { ...track, residentBytes: lastKnown(residentColumn(track)) }] as const));
  const shareOf = chargedShares([...newest.values()], chargedBytes);
  return (track) => shareOf(newest.get(track)!);
}

/** Sets the tree to the bytes that files have now, instead of their growth. */
function setToResident(node: FileNode, shareOf: (track: FileTrack) => number): number {
  const [track] = node.tracks;
  node.grownBytes = node.folder
    ? node.children.reduce((sum, child) => sum + setToResident(child, shareOf), 0)
    : shareOf(track!) * lastKnown(residentColumn(track!));
  node.lateBytes = 0;
  if (!node.folder) {
    const share = shareOf(track!);
    for (const member of node.children) setToResident(member, () => share);
  }
  return node.grownBytes;
}

const tracksOn = (tracks: readonly FileTrack[], kind: FileSystemUse['kind']): FileTrack[] =>
  tracks.filter((f) => f.kind !== 'unqueried' && (f.fileSystem?.kind ?? 'disk') === kind);

/** The cgroup's sum that includes these files. */
function sumAt(series: Series, cause: FileCause, row: number): number {
  const at = (field: 'file' | 'shmem'): number => knownNear(series.fields.get(field), row);
  return cause === 'shmem' ? at('shmem') : at('file') - at('shmem');
}

/** The value at a row, else the nearest known value before it, else the nearest after it, else 0. */
function knownNear(column: Float64Array | undefined, row: number): number {
  if (column === undefined) return 0;
  for (let i = row; i >= 0; i--) if (Number.isFinite(column[i])) return column[i]!;
  return firstKnown(column);
}

function rowAt(t: Float64Array, atS: number): number {
  const after = t.findIndex((x) => x >= atS);
  return after < 0 ? t.length - 1 : after;
}

const rowsOf = (nodes: readonly FileNode[]): FileRow[] => nodes.map(({ path, tracks }) => rowOfTracks(path, tracks));

const firstKnown = (column: Float64Array): number => column.find(Number.isFinite) ?? 0;
const lastKnown = (column: Float64Array): number => lastFinite(column) ?? 0;

/** File systems on disk that the visible files fill, by allocated bytes. A bounded rotation does not fill a file system. */
export function diskGrowths(tracks: readonly FileTrack[]): DiskGrowth[] {
  const disks = new Map<number, { readonly fileSystem: FileSystemUse; readonly on: FileTrack[] }>();
  for (const track of tracksOn(tracks, 'disk')) {
    const { fileSystem } = track;
    // The folders of the system hold thousands of files, and a walk that finds more of them finds nothing that takes space.
    if (fileSystem === null || (isSystemFolder(track.path) && !isWrittenHere(track))) continue;
    const disk = disks.get(fileSystem.totalBytes) ?? { fileSystem, on: [] };
    disk.on.push(track);
    disks.set(fileSystem.totalBytes, disk);
  }
  return [...disks.values()].flatMap(({ fileSystem, on }) => diskGrowth(fileSystem, on));
}

/** Files that go on growing are named alone if they have at least this share of the pace of all. */
const MIN_PACE_NAMED = 0.5;

function diskGrowth(fileSystem: FileSystemUse, on: readonly FileTrack[]): DiskGrowth[] {
  const { t } = on[0]!;
  const tracks = on.filter((track) => !mayBeBounded(track) && !isBoundedByLength(track, fileSystem));
  const whole = sumOfColumns(tracks.map(allocatedColumn));
  const pace = growthPace(t, whole).net ?? 0;
  if (pace <= 0) return [];
  if (!takesSpace(whole, tracks.find((f) => f.freeBytes !== null)?.freeBytes ?? null)) return [];
  const span: Span = { fromS: t[0]!, toS: t[t.length - 1]! };
  const paces = tracks.map((track) => growthPace(t, allocatedColumn(track)));
  const goOn = tracks.filter((_, i) => (paces[i]!.net ?? 0) > 0);
  const ofThose = paces.reduce((sum, { net }) => sum + Math.max(0, net ?? 0), 0);
  // Of files that are written one after another, each has stopped or is new, although their sum goes on.
  const rose = ofThose >= MIN_PACE_NAMED * pace ? goOn : tracks.filter((_, i) => (paces[i]!.now ?? 0) > 0);
  const growing = rose.length > 0 ? rose : tracks;
  const named = whatGrew(fileTree(growing, span, allocatedColumn));
  const usedBytes = growing.reduce((sum, track) => sum + lastKnown(allocatedColumn(track)), 0);
  return [{ fileSystem, bytesPerHour: pace, usedBytes, files: rowsOf(named) }];
}

/** Files are known to grow without bound if one of them was rotated this often and their sum still grows. */
const ROTATIONS = 3;

/** True if a file of the group was emptied or renamed once or twice. The next rotations will show how many old files are kept. */
function mayBeBounded({ members }: FileTrack): boolean {
  return members.some((file) => {
    const drops = dropsIn(allocatedColumn(file));
    return drops > 0 && drops < ROTATIONS;
  });
}

/** True if the file was sparse and its length did not grow: it takes no more than that, and the file system has room for what is missing. */
function isBoundedByLength({ sizeBytes, allocatedBytes }: FileTrack, { freeBytes }: FileSystemUse): boolean {
  const length = lastKnown(sizeBytes);
  const first = firstKnown(sizeBytes);
  return length <= first && firstKnown(allocatedBytes) < first && length - lastKnown(allocatedBytes) < freeBytes;
}

const PARTS = 8;
/** Free space must fall by this share of the bytes that the files take. */
const MIN_TAKEN = 0.25;

/**
 * True if free space falls in most parts of the time in which the files grow. The time is divided because another program on the node may
 * free or take much at once.
 */
function takesSpace(allocated: Float64Array, free: Float64Array | null): boolean {
  if (free === null) return true;
  let grew = 0;
  let fell = 0;
  const step = Math.max(1, Math.floor(allocated.length / PARTS));
  for (let i = step; i < allocated.length; i += step) {
    const taken = allocated[i]! - allocated[i - step]!;
    const lost = free[i - step]! - free[i]!;
    if (!(taken > 0) || !Number.isFinite(lost)) continue;
    grew++;
    if (lost >= MIN_TAKEN * taken) fell++;
  }
  return fell >= grew / 2;
}
