import type { FieldValues } from '../fields.ts';
import type { FileTrack } from '../history/series.ts';
import { isWithin, sumOf } from '../sources/files/file-groups.ts';
import { residencyText } from '../sources/files/residency-text.ts';
import type { ProcessNames } from '../sources/process/process-names.ts';
import { allocatedColumn, growthPace, lastFinite, sumOfColumns } from './growth/growth-pace.ts';
import { chargedShares } from './ledger/charged-share.ts';
import type { FileRow, Verdict } from './types.ts';

/**
 * The rows of /api/v1/files from the tracks of history, by resident bytes, then by size. `named` has the folders and groups that the verdict
 * names; all files in one of them are one row.
 */
export function fileRows(tracks: readonly FileTrack[], named: readonly string[] = []): FileRow[] {
  const rows: FileRow[] = [];
  const merged = new Map<string, FileTrack[]>();
  for (const track of tracks.flatMap((all) => apart(all, named))) {
    const within = track.kind === 'unqueried' ? undefined : named.find((path) => isWithin(track.path, path));
    if (within === undefined) rows.push(rowOf(track));
    else {
      const key = `${track.fileSystem?.kind ?? 'disk'} ${within}`;
      merged.set(key, [...(merged.get(key) ?? []), track]);
    }
  }
  for (const [key, within] of merged) rows.push(rowOfTracks(key.slice(key.indexOf(' ') + 1), within));
  return rows.sort((a, b) => (b.residentBytes ?? -1) - (a.residentBytes ?? -1) || (b.sizeBytes ?? -1) - (a.sizeBytes ?? -1));
}

/** Adds how much of each row can be charged to this container. Residency is node-wide, so this needs the cgroup's own sums. */
export function withChargedBytes(rows: readonly FileRow[], values: Readonly<FieldValues>): FileRow[] {
  const { file, shmem } = values;
  const isTmpfs = (row: FileRow): boolean => row.fileSystem?.kind === 'tmpfs';
  const whole = (tmpfs: boolean): number | null =>
    tmpfs ? (shmem ?? null) : file === undefined ? null : Math.max(0, file - (shmem ?? 0));
  const shares = [false, true].map((tmpfs) => {
    const sum = whole(tmpfs);
    return sum === null
      ? null
      : chargedShares(
          rows.filter((row) => isTmpfs(row) === tmpfs),
          sum,
        );
  });
  return rows.map((row) => {
    const share = shares[Number(isTmpfs(row))] ?? null;
    return {
      ...row,
      chargedBytes: share === null || row.residentBytes === null ? null : Math.round(row.residentBytes * share(row)),
    };
  });
}

/** Adds what the processes are called that hold the files. */
export const withHolderNames = (rows: readonly FileRow[], names: ProcessNames): FileRow[] =>
  rows.map((row) => ({ ...row, holders: row.pids.map((pid) => ({ pid, name: names.get(pid) ?? null })) }));

/** The folders, groups and files that a verdict names. */
export function namedFiles({ causes, findings }: Pick<Verdict, 'causes' | 'findings'>): string[] {
  const first = causes.flatMap(({ cause, what }) =>
    what !== null && (cause === 'page-cache' || cause === 'shmem') ? [what] : [],
  );
  const also = findings.flatMap(({ evidence }) => (Array.isArray(evidence.alsoPaths) ? (evidence.alsoPaths as string[]) : []));
  return [...first, ...also];
}

/** If a group has only two or three files, each has a row. A file of a larger group has a row if the verdict names it. */
function apart(group: FileTrack, named: readonly string[]): readonly FileTrack[] {
  if (named.some((path) => isWithin(group.path, path))) return [group];
  if (group.files > 0 && group.members.length === group.files) return group.members;
  const file = group.members.find((member) => named.includes(member.path));
  if (file === undefined || group.files < 2) return [group];
  const less = (of: (track: FileTrack) => Float64Array): Float64Array =>
    of(group).map((bytes, i) => (Number.isFinite(of(file)[i]) ? bytes - of(file)[i]! : bytes));
  const others: FileTrack = {
    ...group,
    files: group.files - 1,
    openFiles: group.openFiles - file.openFiles,
    writtenFiles: group.writtenFiles - file.writtenFiles,
    openBy: group.openBy.filter(({ pid, fd }) => !file.openBy.some((o) => o.pid === pid && o.fd === fd)),
    sizeBytes: less((track) => track.sizeBytes),
    allocatedBytes: less((track) => track.allocatedBytes),
    residentBytes: less((track) => track.residentBytes),
    members: [],
  };
  return [file, others];
}

/** Several tracks as one row of a folder, or one track as a row. */
export function rowOfTracks(path: string, tracks: readonly FileTrack[]): FileRow {
  const [only] = tracks;
  if (tracks.length === 1 && only !== undefined) return only.kind === 'file' ? rowOf(only) : { ...rowOf(only), path };
  const rows = tracks.map(rowOf);
  const { t } = tracks.reduce((longest, track) => (track.t.length > longest.t.length ? track : longest), only!);
  const aligned = tracks.filter((track) => track.t.length === t.length);
  const pace = (of: (track: FileTrack) => Float64Array): number | null => growthPace(t, sumOfColumns(aligned.map(of))).now;
  const sum = sumOf(rows);
  return {
    ...sum,
    path,
    kind: 'folder',
    chargedBytes: null,
    growthBytesPerHour: pace(allocatedColumn),
    residentGrowthBytesPerHour: pace((track) => track.residentBytes),
    method: residencyText(sum.residency),
    holders: withoutNames(sum.pids),
  };
}

function rowOf(track: FileTrack): FileRow {
  const { t, sizeBytes, allocatedBytes, residentBytes, freeBytes: _, members: __, ...description } = track;
  return {
    ...description,
    sizeBytes: lastFinite(sizeBytes),
    allocatedBytes: lastFinite(allocatedBytes),
    residentBytes: lastFinite(residentBytes),
    chargedBytes: null,
    growthBytesPerHour: growthPace(t, allocatedColumn(track)).now,
    residentGrowthBytesPerHour: growthPace(t, residentBytes).now,
    method: residencyText(track.residency),
    holders: withoutNames(track.pids),
  };
}

const withoutNames = (pids: readonly number[]): FileRow['holders'] => pids.map((pid) => ({ pid, name: null }));
