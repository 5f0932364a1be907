import type { FileDescription, FileHolders, FileObservation, OpenDescriptor } from '../types.ts';

/** Files of one folder whose names differ only in a number or an ending, such as the segments of a log; or one file. */
export interface FileGroup extends FileDescription, FileHolders {
  /** Identifies the group in the next scan. */
  readonly key: string;
  /** With a slash at its end. */
  readonly folder: string;
  readonly sizeBytes: number | null;
  readonly residentBytes: number | null;
  readonly allocatedBytes: number | null;
  readonly mtimeMs: number | null;
  readonly isOwn: boolean;
  readonly members: readonly FileObservation[];
}

const PACKED = /\.(?:gz|zst|xz|bz2|lz4|zip)$/;
/** The text that a rotation adds after a log's name, or between its stem and its ending, after numbers were replaced by `*`. */
const ROTATED = /(?:[-._](?:\*|old|bak))+(?=(?:\.(?:log|txt|out))?$)/;
/** The ending of a file that is being written and is then renamed over the one that it replaces. */
const UNFINISHED = /\.(?:tmp|temp|part|partial|new|swp)$/;
const MAX_NAME = 255;
/** Maximum of descriptors that are listed for a group; `openFiles` counts all. */
const MAX_DESCRIPTORS = 8;
const MAX_PIDS = 8;

/** "state.json" of state.json.tmp. A number and an ending alone, as of upload123.tmp, is the name of a temporary file. */
function finishedName(name: string): string {
  const finished = name.replace(UNFINISHED, '');
  return finished.includes('.', 1) || !/\d/.test(finished) ? finished : name;
}

const finishedPath = (path: string): string => {
  const folder = folderOfPath(path);
  return `${folder}${finishedName(path.slice(folder.length))}`;
};

/** "snapshot" of snapshot.tmp, of snapshot.4711.tmp and of .snapshot.swp: what it has in common with the name that it gets, where that has another ending. */
const bareName = (unfinished: string): string =>
  unfinished
    .replace(UNFINISHED, '')
    .replace(/^\./, '')
    .replace(/[-._][0-9a-f]*\d[0-9a-f]*$/i, '');
const withoutEnding = (name: string): string => name.replace(/(?<=.)\.[^.]+$/, '');

/**
 * The path of the file that an unfinished one will replace under another ending, by the path of the unfinished one. It is the only one of its
 * folder with that name, and nobody writes it.
 */
function replacedPaths(files: readonly FileObservation[]): ReadonlyMap<string, string> {
  const unfinished = files.filter(({ path, kind }) => kind === 'file' && UNFINISHED.test(path));
  if (unfinished.length === 0) return new Map();
  const finished = new Map<string, string[]>();
  for (const { path, kind, openBy, deleted } of files) {
    if (kind !== 'file' || deleted || UNFINISHED.test(path) || openBy.some(isWriting)) continue;
    const folder = folderOfPath(path);
    const name = path.slice(folder.length);
    for (const bare of new Set([name, withoutEnding(name)]))
      finished.set(`${folder}${bare}`, [...(finished.get(`${folder}${bare}`) ?? []), path]);
  }
  return new Map(
    unfinished.flatMap(({ path }): [string, string][] => {
      const folder = folderOfPath(path);
      const candidates = finished.get(`${folder}${bareName(path.slice(folder.length))}`) ?? [];
      return candidates.length === 1 ? [[path, candidates[0]!]] : [];
    }),
  );
}

/** True if the file is being written, and will replace the one that has its name without the ending. */
export const isUnfinished = (path: string): boolean => finishedPath(path) !== path;

/** A segment of a Lucene index is numbered with digits and letters: _9.cfs, _a.cfs, _1k_Lucene90_0.dvd. */
const SEGMENT = /^_[0-9a-z]{1,4}(?=[._])/;

/** A file's name with a `*` for each number, date and hexadecimal id, and without the text that a rotation adds. */
export const stemOf = (name: string): string =>
  withoutNumbers(finishedName(name.slice(0, MAX_NAME)).replace(PACKED, '').replace(SEGMENT, '_0')).replace(ROTATED, '');

function withoutNumbers(name: string): string {
  return name
    .replace(/[0-9a-z]+/gi, (token) =>
      /^[0-9a-f]+$/i.test(token) && (/\d/.test(token) || token.length >= 8) ? '*' : token.replace(/\d.*$/, '*'),
    )
    .replace(/\*(?:[-._:+ ]*\*)+/g, '*');
}

export const folderOfPath = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1) || '/';

/** The name of a row for several files of one stem. */
const stemPath = (folder: string, stem: string): string => `${folder}${stem.includes('*') ? stem : `${stem}*`}`;

/** Folders in which any program writes: their name tells less than that of what lies in them. */
export const isOfAll = (folder: string): boolean => ['/', '/tmp/', '/var/tmp/', '/dev/shm/'].includes(folder);

/** What folders beside each other are called whose names differ only in a number: "/tmp/app-*" of /tmp/app-4711, with the slash at its end. */
export function folderStem(folder: string): string {
  const parent = folderOfPath(folder.slice(0, -1));
  return `${stemPath(parent, withoutNumbers(folder.slice(parent.length, -1)))}/`;
}

/** "/tmp/pyroscope*.jfr" tells more than its folder; "/tmp/*.tmp", of ids alone, does not. */
export const isTelling = (stem: string): boolean => /[a-z]{3}[^/]*\*[^/]*\/?$/i.test(stem);

/** Whether a path lies in a folder, or in one of the folders of a stem. */
export function isInFolder(path: string, folder: string): boolean {
  if (path.startsWith(folder)) return true;
  const parent = folderOfPath(folder.slice(0, -1));
  if (!folder.includes('*', parent.length) || !path.startsWith(parent)) return false;
  const end = path.indexOf('/', parent.length);
  return end > 0 && folderStem(path.slice(0, end + 1)) === folder;
}

/** True if a group, a file or a folder has the name `path`, or is part of the row with that name. */
export function isWithin(path: string, named: string): boolean {
  if (path === named) return true;
  if (named.endsWith('/')) return isInFolder(path, named);
  if (!named.includes('*') || folderOfPath(path) !== folderOfPath(named)) return false;
  const folder = folderOfPath(path);
  return stemPath(folder, stemOf(path.slice(folder.length))) === named;
}

export const holdersOf = ({
  openBy,
  mappedBy,
  deleted,
}: Pick<FileDescription, 'openBy' | 'mappedBy' | 'deleted'>): FileHolders => ({
  openFiles: openBy.length > 0 ? 1 : 0,
  writtenFiles: openBy.some(isWriting) ? 1 : 0,
  deletedFiles: deleted ? 1 : 0,
  pids: pidsOf(openBy, mappedBy),
});

const isWriting = (o: OpenDescriptor): boolean => o.mode !== 'r';
const pidsOf = (openBy: readonly OpenDescriptor[], mappedBy: readonly number[] = []): number[] =>
  [...new Set([...openBy.map((o) => o.pid), ...mappedBy])].slice(0, MAX_PIDS);

/** Observations by group. All files below one of the `merged` folders, or of the folders of a `merged` stem, are one group. Pure. */
export function groupFiles(files: readonly FileObservation[], merged: readonly string[] = []): FileGroup[] {
  const members = new Map<string, { folder: string; stem: string; files: FileObservation[] }>();
  const replaced = replacedPaths(files);
  for (const file of files) {
    const { folder, stem } = placeOf(file, merged, replaced.get(file.path) ?? file.path);
    const key = file.kind === 'unqueried' ? unqueriedKey(file) : [spaceOf(file), folder, stem].join('\0');
    const group = members.get(key);
    if (group === undefined) members.set(key, { folder, stem, files: [file] });
    else group.files.push(file);
  }
  return [...members].map(([key, group]) => toGroup(key, group.folder, group.stem, group.files, replaced));
}

const unqueriedKey = ({ residency }: FileDescription): string =>
  `unqueried ${residency.state === 'unknown' ? residency.reason : ''}`;

/** Files of a tmpfs are another kind of memory than files of a disk. Deleted files exist only while a process has them open. */
const spaceOf = (file: FileDescription): string => `${file.fileSystem?.kind ?? 'disk'} ${file.deleted}`;

/** An empty stem: all files of the folder. */
function placeOf(
  file: FileObservation,
  merged: readonly string[],
  path: string,
): { readonly folder: string; readonly stem: string } {
  const folder = folderOfPath(file.path);
  const within = merged.find((path) => isInFolder(folder, path));
  if (within !== undefined) return { folder: within, stem: '' };
  const name = path.slice(folder.length);
  return { folder, stem: file.kind === 'file' ? stemOf(name) : name };
}

function toGroup(
  key: string,
  folder: string,
  stem: string,
  members: readonly FileObservation[],
  replacedBy: ReadonlyMap<string, string>,
): FileGroup {
  const [first] = members;
  if (members.length === 1 && first !== undefined && (stem !== '' || first.path === folder || first.kind === 'unqueried'))
    return {
      ...first,
      ...(first.kind === 'file' ? holdersOf(first) : NO_HOLDERS),
      key,
      folder,
      allocatedBytes: first.allocatedBytes ?? null,
      mtimeMs: first.mtimeMs ?? null,
      isOwn: first.isOwn ?? false,
      members,
    };
  const replaced = members.find(({ path }) => path === `${folder}${stem}`);
  const isOfReplaced = (path: string): boolean => [path, finishedPath(path), replacedBy.get(path)].includes(replaced?.path);
  if (replaced?.kind === 'file' && members.every(({ path }) => isOfReplaced(path)))
    return { key, folder, members, kind: 'file', path: replaced.path, ...sumOf(members), files: 1 };
  return { key, folder, members, kind: 'folder', path: stem === '' ? folder : stemPath(folder, stem), ...sumOf(members) };
}

const NO_HOLDERS: FileHolders = { openFiles: 0, writtenFiles: 0, deletedFiles: 0, pids: [] };

/** The values that can be added up over several rows. */
type Summed = FileObservation & Partial<FileHolders>;

/** Several rows as one. */
export function sumOf(rows: readonly Summed[]): Omit<FileGroup, 'key' | 'folder' | 'members' | 'kind' | 'path'> {
  const open = rows.flatMap((f) => f.openBy).sort((a, b) => Number(isWriting(b)) - Number(isWriting(a)));
  const holders = rows.map((f) => ('openFiles' in f ? (f as FileHolders) : holdersOf(f)));
  const systems = new Map(rows.flatMap(({ fileSystem }) => (fileSystem === null ? [] : [[fileSystem.totalBytes, fileSystem]])));
  const ownBytes = rows.reduce((sum, f) => sum + (f.isOwn === true ? (f.residentBytes ?? 0) : 0), 0);
  const residentBytes = total(rows.map((f) => f.residentBytes));
  return {
    files: rows.reduce((sum, f) => sum + f.files, 0),
    sizeBytes: total(rows.map((f) => f.sizeBytes)),
    residentBytes,
    allocatedBytes: total(rows.map((f) => f.allocatedBytes ?? null)),
    mtimeMs: rows.reduce<number | null>(
      (newest, { mtimeMs }) => (mtimeMs == null ? newest : Math.max(newest ?? 0, mtimeMs)),
      null,
    ),
    openBy: open.slice(0, MAX_DESCRIPTORS),
    deleted: rows.every((f) => f.deleted),
    residentAtMs: oldest(rows.map((f) => f.residentAtMs ?? null)),
    residency: (rows.find((f) => f.residency.state === 'known') ?? rows[0]!).residency,
    fileSystem: systems.size === 1 ? [...systems.values()][0]! : null,
    isOwn: ownBytes > 0 && ownBytes >= (residentBytes ?? 0) / 2,
    openFiles: holders.reduce((sum, h) => sum + h.openFiles, 0),
    writtenFiles: holders.reduce((sum, h) => sum + h.writtenFiles, 0),
    deletedFiles: holders.reduce((sum, h) => sum + h.deletedFiles, 0),
    pids: [...new Set([...pidsOf(open), ...holders.flatMap((h) => h.pids)])].slice(0, MAX_PIDS),
  };
}

/** null: no time is known. */
function oldest(times: readonly (number | null)[]): number | null {
  const known = times.filter((t) => t !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** null: no value is known. */
function total(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null);
  return known.length === 0 ? null : known.reduce((sum, v) => sum + v, 0);
}
