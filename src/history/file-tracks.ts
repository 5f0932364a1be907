import { type FileGroup, groupFiles, holdersOf, isInFolder, isUnfinished } from '../sources/files/file-groups.ts';
import type { FileBytes, FileObservation } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';
import { folderToMerge } from './folder-to-merge.ts';
import type { FileTrack } from './series.ts';
import { readColumn, storedColumn, storedRows } from './stored-column.ts';
import {
  isWorthStoring,
  largestBytes,
  MAX_STORED_TRACKS,
  resumedColumns,
  type StoredFiles,
  storedFile,
  unseenFile,
  unseenGroup,
} from './stored-tracks.ts';
import { MAX_OBSERVATIONS, TrackColumns, thinOlderHalf } from './track-columns.ts';

/** Groups of files in sight that have a track each; where there are more, those below a common folder become one. */
const MAX_GROUPS = 48;
/** With those that are not in sight any more: a spill folder may be empty for a while. */
const MAX_TRACKS = 64;
/** Files within groups that have a track as well: a group of a hundred logs may grow by one of them. */
const MAX_MEMBERS = 32;
const MAX_MERGED_FOLDERS = 32;

interface Track {
  latest: Omit<FileGroup, 'members'>;
  seenMs: number;
  readonly columns: TrackColumns;
  readonly members: Map<string, Member>;
  /** `unseen`: it is of a stored history, and the scans since the restart have not seen all of it yet. */
  state: 'seen' | 'unseen' | 'resumed';
}

interface Member {
  latest: FileObservation;
  seenMs: number;
  readonly columns: TrackColumns;
}

/** How the files behind the page cache grew, by group: sums of sizes and residency at each scan, some 100 KiB in all. Pure. */
export class FileTracks {
  readonly #t = new Float64Array(MAX_OBSERVATIONS);
  readonly #free = new Map<number, Float64Array>();
  readonly #tracks = new Map<string, Track>();
  readonly #merged: string[] = [];
  #n = 0;
  #newestMs = 0;
  /** After a restart of memhound: the end of the stored history, and the scans in which its files may still be found. */
  #resumed: { readonly untilMs: number; scansLeft: number } | null = null;

  clear(): void {
    this.#tracks.clear();
    this.#free.clear();
    this.#merged.length = 0;
    this.#n = 0;
    this.#resumed = null;
  }

  /** As much of it as is stored: the largest tracks. */
  stored(): StoredFiles {
    const rows = storedRows(this.#n);
    const worth = [...this.#tracks].filter(
      ([, { latest, columns }]) => latest.kind !== 'unqueried' && isWorthStoring(columns, rows),
    );
    worth.sort(([, a], [, b]) => largestBytes(b.columns, rows) - largestBytes(a.columns, rows));
    return {
      t: rows.map((row) => this.#t[row]!),
      merged: this.#merged,
      free: [...this.#free].map(([totalBytes, column]) => ({ totalBytes, kib: storedColumn(column, rows) })),
      tracks: worth.slice(0, MAX_STORED_TRACKS).map(([key, { latest, columns, members }]) => ({
        ...storedFile(latest.path, columns, rows),
        key,
        folder: latest.folder,
        kind: latest.kind === 'folder' ? 'folder' : 'file',
        fileSystem: latest.fileSystem,
        members: [...members].map(([path, member]) => storedFile(path, member.columns, rows)),
      })),
    };
  }

  /** Continues the stored tracks of the same run, after a restart of memhound. */
  resume({ t, merged, free, tracks }: StoredFiles): void {
    const n = t.length;
    if (n === 0 || n >= MAX_OBSERVATIONS || this.#n > 0) return;
    this.#t.set(t);
    this.#n = n;
    this.#merged.push(...merged);
    for (const { totalBytes, kib } of free) {
      const column = new Float64Array(MAX_OBSERVATIONS).fill(Number.NaN);
      column.set(readColumn(kib, n));
      this.#free.set(totalBytes, column);
    }
    const seenMs = t[n - 1]! * SECOND_MS;
    for (const track of tracks) {
      const members = new Map(
        track.members.map((m) => [m.path, { latest: unseenFile(m.path), seenMs, columns: resumedColumns(m, n) }]),
      );
      this.#tracks.set(track.key, {
        latest: unseenGroup(track),
        seenMs,
        columns: resumedColumns(track, n),
        members,
        state: 'unseen',
      });
    }
    this.#newestMs = seenMs;
    this.#resumed = { untilMs: seenMs, scansLeft: SCANS_TO_FIND };
  }

  /** One scan. */
  record(nowMs: number, files: readonly FileObservation[]): void {
    if (this.#n === MAX_OBSERVATIONS) this.#thin();
    this.#t[this.#n] = nowMs / SECOND_MS;
    this.#newestMs = nowMs;
    for (const group of this.#grouped(files)) this.#observe(nowMs, group);
    for (const track of this.#tracks.values()) {
      const gone = track.state === 'unseen' ? NOT_KNOWN : GONE;
      if (track.seenMs !== nowMs) track.columns.set(this.#n, gone);
      for (const member of track.members.values()) if (member.seenMs !== nowMs) member.columns.set(this.#n, gone);
      if (track.state === 'unseen') hold(track, this.#n);
    }
    this.#recordFreeSpace(files);
    this.#n++;
    this.#endResumption();
    this.#evict(nowMs);
  }

  /** The next scans are those of another scanner, which finds the files again. */
  expectAgain(): void {
    for (const track of this.#tracks.values()) track.state = 'unseen';
    this.#resumed = { untilMs: this.#newestMs, scansLeft: SCANS_TO_FIND };
  }

  /** What was not found in time is gone. */
  #endResumption(): void {
    if (this.#resumed === null || --this.#resumed.scansLeft > 0) return;
    this.#resumed = null;
    for (const track of this.#tracks.values()) if (track.state === 'unseen') track.state = 'resumed';
  }

  /** Of the groups that the newest scan saw. */
  newest(): FileTrack[] {
    const t = this.#t.slice(0, this.#n);
    const seen = [...this.#tracks.values()].filter(({ seenMs }) => seenMs === this.#newestMs);
    return seen.map(({ latest, columns, members, state }) => ({
      ...describe(latest),
      ...this.#columnsOf(t, latest, columns, state !== 'unseen'),
      members: [...members.values()]
        .filter(({ seenMs }) => seenMs === this.#newestMs)
        .map((member) => ({
          ...describe(asGroup(member.latest)),
          ...this.#columnsOf(t, member.latest, member.columns, state !== 'unseen'),
          members: [],
        })),
    }));
  }

  #columnsOf(
    t: Float64Array,
    latest: Pick<FileObservation, 'fileSystem' | 'sizeBytes' | 'residentBytes' | 'allocatedBytes'>,
    columns: TrackColumns,
    isExact: boolean,
  ) {
    const exact = (column: Float32Array, newest: number | null | undefined): Float64Array => {
      const copy = new Float64Array(column.subarray(0, t.length));
      if (t.length > 0 && isExact) copy[t.length - 1] = newest ?? Number.NaN;
      return copy;
    };
    return {
      t,
      sizeBytes: exact(columns.size, latest.sizeBytes),
      allocatedBytes: exact(columns.allocated, latest.allocatedBytes),
      residentBytes: exact(columns.resident, latest.residentBytes),
      freeBytes: (latest.fileSystem && this.#free.get(latest.fileSystem.totalBytes)?.slice(0, t.length)) ?? null,
    };
  }

  /** The groups of this scan, few enough to have a track each. */
  #grouped(files: readonly FileObservation[]): readonly FileGroup[] {
    for (;;) {
      const groups = groupFiles(files, this.#merged);
      if (groups.length <= MAX_GROUPS) return groups;
      const folder = this.#merged.length < MAX_MERGED_FOLDERS ? folderToMerge(groups.map((g) => g.folder)) : null;
      if (folder === null) return groups.sort((a, b) => bytesOf(b) - bytesOf(a)).slice(0, MAX_GROUPS);
      this.#merge(folder);
    }
  }

  /** The groups below a folder become one, with their past. */
  #merge(folder: string): void {
    this.#merged.unshift(folder);
    for (const [key, track] of [...this.#tracks]) {
      if (!isInFolder(track.latest.folder, folder) || track.latest.kind === 'unqueried') continue;
      const [space] = key.split('\0');
      const into = [space, folder, ''].join('\0');
      if (into === key) continue;
      const whole = this.#tracks.get(into);
      this.#tracks.delete(key);
      if (whole === undefined) this.#tracks.set(into, track);
      else {
        whole.columns.add(track.columns, this.#n);
        // The sum of several files is the past of none of them.
        whole.latest = { ...whole.latest, kind: 'folder', path: folder };
      }
    }
  }

  #observe(nowMs: number, group: FileGroup): void {
    const { members, ...latest } = group;
    const known = this.#tracks.get(group.key) ?? this.#beforeDeletion(nowMs, group);
    const track: Track = known ?? { latest, seenMs: nowMs, columns: new TrackColumns(), members: new Map(), state: 'seen' };
    if (known !== undefined && known.latest.kind === 'file' && group.kind === 'folder') keepAsMember(track, members);
    for (const file of members) {
      const late = this.#foundLate(file, track);
      if (late !== null) track.columns.backdate(late, this.#n);
    }
    if (track.state === 'unseen' && isWholeAgain(track, latest, this.#n)) track.state = 'resumed';
    track.columns.set(this.#n, track.state === 'unseen' ? NOT_KNOWN : latest);
    track.latest = { ...latest, path: nameOf(known, latest) };
    track.seenMs = nowMs;
    // Those that were seen least recently come first.
    this.#tracks.delete(group.key);
    this.#tracks.set(group.key, track);
    this.#observeMembers(nowMs, track, group.kind === 'file' ? [] : members);
  }

  /** The bytes of a file that this scan is the first to see, and that are no growth; null: none. The past of a resumed track has them already. */
  #foundLate(file: FileObservation, { state, latest, seenMs }: Track): FileBytes | null {
    if (state === 'unseen' || (state === 'resumed' && latest.kind === 'file')) return null;
    if (file.foundLate != null) return file.foundLate;
    const isNew = state === 'seen' && seenMs === this.#newestMs;
    const isOlder = this.#resumed !== null && (file.mtimeMs ?? Number.POSITIVE_INFINITY) <= this.#resumed.untilMs;
    return isNew && isOlder
      ? { sizeBytes: file.sizeBytes ?? 0, allocatedBytes: file.allocatedBytes ?? 0, residentBytes: file.residentBytes ?? 0 }
      : null;
  }

  /** A file that was deleted meanwhile, and is held open, is the same file. */
  #beforeDeletion(nowMs: number, group: FileGroup): Track | undefined {
    if (!group.deleted || group.kind !== 'file') return undefined;
    for (const [key, track] of this.#tracks)
      if (track.latest.path === group.path && track.latest.kind === 'file' && track.seenMs < nowMs) {
        this.#tracks.delete(key);
        return track;
      }
    return undefined;
  }

  #observeMembers(nowMs: number, track: Track, files: readonly FileObservation[]): void {
    if (files.length < 2) {
      if (track.state !== 'unseen') track.members.clear();
      return;
    }
    const candidates = new Set(membersToTrack(files));
    const all = [...this.#tracks.values()].reduce((sum, { members }) => sum + members.size, 0);
    let room = MAX_MEMBERS - all;
    for (const file of files) {
      let member = track.members.get(file.path);
      if (member === undefined && candidates.has(file) && (room > 0 || dropGone(track, nowMs))) {
        member = { latest: file, seenMs: nowMs, columns: new TrackColumns() };
        // What it was before is not known: it is taken not to have grown.
        member.columns.backdate(file, this.#n);
        track.members.set(file.path, member);
        room--;
      }
      if (member === undefined) continue;
      member.latest = file;
      member.seenMs = nowMs;
      member.columns.set(this.#n, file);
    }
  }

  #recordFreeSpace(files: readonly FileObservation[]): void {
    for (const column of this.#free.values()) column[this.#n] = Number.NaN;
    for (const { fileSystem } of files) {
      if (fileSystem?.kind !== 'disk') continue;
      const known = this.#free.get(fileSystem.totalBytes);
      if (known === undefined && this.#free.size >= MAX_FILE_SYSTEMS) continue;
      const column = known ?? new Float64Array(MAX_OBSERVATIONS).fill(Number.NaN);
      this.#free.set(fileSystem.totalBytes, column);
      if (Number.isNaN(column[this.#n]!)) column[this.#n] = fileSystem.freeBytes;
    }
  }

  #thin(): void {
    for (const { columns, members } of this.#tracks.values()) {
      columns.thin();
      for (const member of members.values()) member.columns.thin();
    }
    for (const column of this.#free.values()) thinOlderHalf(column);
    this.#n = thinOlderHalf(this.#t);
  }

  /** The groups that were seen least recently are dropped. */
  #evict(nowMs: number): void {
    for (const [key, { seenMs }] of this.#tracks) {
      if (this.#tracks.size <= MAX_TRACKS || seenMs === nowMs) break;
      this.#tracks.delete(key);
    }
  }
}

const MAX_FILE_SYSTEMS = 4;
const GONE = { sizeBytes: 0, residentBytes: 0, allocatedBytes: 0 };
const NOT_KNOWN = { sizeBytes: null, residentBytes: null, allocatedBytes: null };
/** After a restart, folders are walked again within a budget. After this many scans, a file that was not found is gone. */
const SCANS_TO_FIND = 12;
/** A group of which scans have found this share is whole again. */
const FOUND_SHARE = 0.9;

/** A file that is replaced keeps its name while only its replacement is in sight. */
const nameOf = (known: Track | undefined, { kind, path }: Track['latest']): string =>
  known?.latest.kind === 'file' && kind === 'file' && isUnfinished(path) ? known.latest.path : path;

function isWholeAgain({ columns }: Track, { residentBytes, allocatedBytes, sizeBytes }: Track['latest'], n: number): boolean {
  const found = [sizeBytes, allocatedBytes, residentBytes];
  return columns.all.every((column, i) => {
    const before = column[n - 1]!;
    return !(before > 0) || (found[i] ?? 0) >= FOUND_SHARE * before;
  });
}

function hold({ columns, members }: Track, n: number): void {
  columns.hold(n);
  for (const member of members.values()) member.columns.hold(n);
}

const bytesOf = (file: Pick<FileObservation, 'residentBytes' | 'sizeBytes' | 'allocatedBytes'>): number =>
  file.residentBytes ?? file.allocatedBytes ?? file.sizeBytes ?? 0;

/** The two largest files of a group, and the one that was written last. */
function membersToTrack(files: readonly FileObservation[]): FileObservation[] {
  const singles = files.filter((f) => f.kind === 'file');
  const largest = [...singles].sort((a, b) => bytesOf(b) - bytesOf(a)).slice(0, 2);
  const newest = singles.reduce<FileObservation | null>((best, f) => ((f.mtimeMs ?? 0) > (best?.mtimeMs ?? 0) ? f : best), null);
  return newest === null ? largest : [...largest, newest];
}

/** The group was one file until now: that file keeps its past. */
function keepAsMember(track: Track, files: readonly FileObservation[]): void {
  const file = files.find((f) => f.path === track.latest.path);
  if (file === undefined) return;
  const columns = new TrackColumns();
  columns.add(track.columns, MAX_OBSERVATIONS);
  track.members.set(file.path, { latest: file, seenMs: track.seenMs, columns });
}

function dropGone(track: Track, nowMs: number): boolean {
  for (const [path, { seenMs }] of track.members) if (seenMs < nowMs) return track.members.delete(path);
  return false;
}

const asGroup = (file: FileObservation) => ({
  ...file,
  ...holdersOf(file),
  mtimeMs: file.mtimeMs ?? null,
  isOwn: file.isOwn ?? false,
});

/** The description alone: an observation may bring more. */
const describe = (file: Omit<FileTrack, 't' | 'sizeBytes' | 'allocatedBytes' | 'residentBytes' | 'freeBytes' | 'members'>) => ({
  kind: file.kind,
  files: file.files,
  path: file.path,
  openBy: file.openBy,
  deleted: file.deleted,
  residency: file.residency,
  residentAtMs: file.residentAtMs ?? null,
  fileSystem: file.fileSystem,
  openFiles: file.openFiles,
  writtenFiles: file.writtenFiles,
  deletedFiles: file.deletedFiles,
  pids: file.pids,
  mtimeMs: file.mtimeMs,
  isOwn: file.isOwn,
});
