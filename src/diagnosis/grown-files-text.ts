import { bytesText, joinWithAnd, processName, processText } from '../format.ts';
import type { ProcessNames } from '../sources/process/process-names.ts';
import { type RuleContext, trendOf } from './rule-context.ts';
import { filePart, type Sentence, sentence } from './sentence.ts';
import type { Steady } from './steady.ts';
import type { FileRow } from './types.ts';

/**
 * The reason why files grow, which decides the advice: one log; one log that was removed while a process writes it; deleted files that no
 * process closes; deleted files that are still mapped; files that are only read; a file of fixed length that is filled; or many files.
 */
export type FileSituation = 'log' | 'removed-log' | 'unclosed' | 'mapped' | 'read' | 'fixed' | 'many';

/** If this share of a group's files is deleted, the advice is about the deleted files. */
const MOSTLY = 0.8;
/** If less than this share of a file is in memory or on its file system, the text does not give only its length. */
const WHOLE = 0.9;
/** Lengths are kept with seven digits. */
const SAME_LENGTH = 1e-6;
const MIN_LENGTHS = 4;
const MAX_PIDS = 3;

export const fileSituation = (row: FileRow, context: RuleContext): FileSituation =>
  context.steady.keep(`why ${row.path} grows`, situationOf(row, context));

function situationOf(row: FileRow, context: RuleContext): FileSituation {
  if (row.openFiles === 0 && row.deletedFiles > 0 && row.deletedFiles >= MOSTLY * row.files) return 'mapped';
  if (row.deletedFiles >= 2 && row.deletedFiles >= MOSTLY * row.files) return 'unclosed';
  if (row.deleted) return 'removed-log';
  if (isOnlyRead(row, context)) return 'read';
  if (row.kind !== 'file') return 'many';
  return isOfFixedLength(row, context) ? 'fixed' : 'log';
}

/** Its length has not changed in several scans, while what it has in memory grew: it was allocated or mapped at its full length. */
function isOfFixedLength({ path }: FileRow, { series }: RuleContext): boolean {
  const track = series.files.flatMap((f) => [f, ...f.members]).find((f) => f.kind === 'file' && f.path === path);
  const lengths = track === undefined ? [] : [...track.sizeBytes].filter((bytes) => bytes > 0);
  return lengths.length >= MIN_LENGTHS && lengths.every((bytes) => Math.abs(bytes - lengths[0]!) < SAME_LENGTH * bytes);
}

/** No process has it open for writing, and its last write was before its growth began. */
function isOnlyRead({ writtenFiles, mtimeMs }: FileRow, context: RuleContext): boolean {
  const windowS = trendOf(context, 'file')?.windowSeconds;
  return writtenFiles === 0 && mtimeMs !== null && windowS !== undefined && mtimeMs < context.atMs - windowS * 1000;
}

/** "/tmp/spring.log (794 MiB, held open for writing by pid 1, fd 27)", "31 files in /data/topic/ (251 MiB, held open for writing by pid 7)" */
export function filesText(row: FileRow, situation: FileSituation, { steady, processNames }: RuleContext): Sentence {
  switch (situation) {
    case 'unclosed': {
      const { pids } = keepersOf(row);
      return sentence`${row.deletedFiles} deleted files that ${holdersText(pids, processNames)} still ${pids.length > 1 ? 'hold' : 'holds'} open (${levelText(row)}, ${placeText(row)})`;
    }
    case 'mapped':
      return row.files === 1
        ? sentence`${filePart(row.path)} (${mappedLevelText(row)}, deleted but still mapped by ${holdersText(row.pids, processNames)})`
        : sentence`${row.deletedFiles} deleted files that ${holdersText(row.pids, processNames)} still ${row.pids.length > 1 ? 'map' : 'maps'} (${mappedLevelText(row)}, ${placeText(row)})`;
    case 'read':
      if (row.path.endsWith('/')) return sentence`${row.files} files read ${placeText(row)} (${levelText(row)})`;
      return sentence`${filesName(row)} (${levelText(row)}, only read)`;
    case 'log':
    case 'fixed':
    case 'removed-log':
    case 'many':
      return row.kind === 'file'
        ? sentence`${filePart(row.path)} (${fileHolderText(row, steady, processNames)})`
        : sentence`${row.files} files ${placeText(row)} (${levelText(row)}${groupHolderText(row, steady, processNames)})`;
    default:
      return situation satisfies never;
  }
}

/** A process with fewer descriptors than this share of those that another has, such as the writer of the one file that is not deleted, keeps none of the rest. */
const MIN_KEPT_SHARE = 0.25;

/** The processes that keep deleted files open, and whether they only read them, as a log shipper does: then another process deletes them. */
export function keepersOf({ pids, openBy }: FileRow): { readonly pids: readonly number[]; readonly areReading: boolean } {
  const counts = new Map<number, number>();
  for (const { pid } of openBy) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const main = pids.filter((pid) => (counts.get(pid) ?? 0) >= MIN_KEPT_SHARE * most);
  const kept = main.length === 0 ? pids : main;
  const own = openBy.filter(({ pid }) => kept.includes(pid));
  return { pids: kept, areReading: own.length > 0 && own.every(({ mode }) => mode === 'r') };
}

/** Only their name: "/tmp/spring.log", "31 files in /data/topic/". */
export const filesName = (row: FileRow): Sentence =>
  row.kind === 'file' ? [filePart(row.path)] : sentence`${countText(row)} ${placeText(row)}`;

/** The growing files as the subject of a sentence: "/tmp/spring.log", "/data/topic/ (31 files, 251 MiB)". */
export const filesSubject = (row: FileRow): Sentence =>
  row.kind === 'file' && row.deletedFiles < 2
    ? [filePart(row.path)]
    : sentence`${filePart(row.path)} (${countText(row)}, ${levelText(row)})`;

/** Many files may have had the same name when they were deleted: each memfd of a name is one. */
const countText = (row: FileRow): string => {
  const files = Math.max(row.files, row.deletedFiles);
  const kind = row.deletedFiles >= 2 && row.deletedFiles >= MOSTLY * files ? 'deleted ' : '';
  return `${files} ${kind}${files === 1 ? 'file' : 'files'}`;
};

const placeText = ({ path }: FileRow): Sentence =>
  path.endsWith('/') ? sentence`in ${filePart(path)}` : sentence`named ${filePart(path)}`;

/** The bytes in memory; for one file its length, with the bytes on disk or in memory if they are clearly less. */
function levelText({ kind, sizeBytes, allocatedBytes, residentBytes }: FileRow): string {
  if (kind === 'folder') {
    const level = residentBytes ?? allocatedBytes ?? sizeBytes;
    return level === null ? 'size unknown' : bytesText(level);
  }
  if (sizeBytes === null) return 'size unknown';
  if (allocatedBytes !== null && allocatedBytes < WHOLE * sizeBytes)
    return `${bytesText(allocatedBytes)} on disk, ${bytesText(sizeBytes)} long with its holes`;
  return residentBytes !== null && allocatedBytes !== null && residentBytes < WHOLE * sizeBytes
    ? `${bytesText(residentBytes)} of its ${bytesText(sizeBytes)}`
    : bytesText(sizeBytes);
}

/** Of a deleted file only the pages that are mapped are known. */
const mappedLevelText = ({ residentBytes }: FileRow): string =>
  residentBytes === null ? 'size unknown' : `${bytesText(residentBytes)} in memory`;

function fileHolderText(row: FileRow, steady: Steady, names: ProcessNames): string {
  const writer = row.openBy.find((o) => o.mode !== 'r');
  const isHeld = steady.keep(`${row.path} is written`, writer !== undefined);
  const open =
    writer && isHeld
      ? `, held open for writing by ${processText(`pid ${writer.pid}`, names.get(writer.pid))}, fd ${writer.fd}`
      : '';
  return `${levelText(row)}${row.deleted ? ', deleted but still open' : ''}${open}`;
}

type Holding = 'newest' | 'written' | 'some written' | 'read' | 'some read' | 'closed';

function holdingOf({ files, openFiles, writtenFiles }: FileRow): Holding {
  if (openFiles === 0) return 'closed';
  if (openFiles === 1 && writtenFiles === 1 && files > 1) return 'newest';
  if (writtenFiles > 0) return writtenFiles >= files ? 'written' : 'some written';
  return openFiles >= files ? 'read' : 'some read';
}

/** How many files are held stays as it was while the way in which they are held does. */
interface HeldFiles {
  readonly how: Holding;
  readonly openFiles: number;
  readonly writtenFiles: number;
}

const heldFiles = (row: FileRow): HeldFiles => ({
  how: holdingOf(row),
  openFiles: row.openFiles,
  writtenFiles: row.writtenFiles,
});

function groupHolderText(row: FileRow, steady: Steady, names: ProcessNames): string {
  const { pids } = row;
  // Programs that are started for each file come and go.
  const { text } = steady.keep(`holders of ${row.path}`, holdersOf(pids, names), {
    same: (a, b) => a.names.join() === b.names.join(),
    isSilent: (published, now) =>
      pids.length === 0 || (now.names.length > 0 && now.names.every((name) => published.names.includes(name))),
  });
  const { how, openFiles, writtenFiles } = steady.keep(`who holds ${row.path}`, heldFiles(row), {
    same: (a, b) => a.how === b.how,
    // One of the files may be open at one moment and none at the next. Both are the same state.
    isSilent: (published, now) => [published, now].every(({ how }) => how === 'newest' || how === 'closed'),
  });
  switch (how) {
    case 'newest':
      return ', closed but for the newest';
    case 'written':
      return `, held open for writing by ${text}`;
    case 'some written':
      return `, ${writtenFiles} of them held open for writing by ${text}`;
    case 'read':
      return `, held open for reading by ${text}`;
    case 'some read':
      return `, ${openFiles} of them held open for reading by ${text}`;
    case 'closed':
      return ', closed';
  }
}

interface Holders {
  readonly names: readonly string[];
  readonly text: string;
}

const holdersOf = (pids: readonly number[], names: ProcessNames): Holders => ({
  names: [...new Set(pids.flatMap((pid) => names.get(pid) ?? []))].sort(),
  text: holdersText(pids, names),
});

/** "pid 7", "java orders.jar pids 7 and 9", "java orders.jar pid 7 and fluent-bit": of several programs the one that was there first has its pid. */
export function holdersText(pids: readonly number[], names: ProcessNames): string {
  if (pids.length === 0) return 'a process';
  const inOrder = [...pids].sort((a, b) => a - b);
  const shown = inOrder.slice(0, MAX_PIDS);
  const more = pids.length > MAX_PIDS ? [`${pids.length - MAX_PIDS} more`] : [];
  const name = names.get(shown[0]!);
  const others = [...new Set(inOrder.flatMap((pid) => names.get(pid) ?? []))].filter((other) => other !== name);
  if (name === undefined || others.length === 0)
    return processText(`${shown.length > 1 ? 'pids' : 'pid'} ${joinWithAnd([...shown.map(String), ...more])}`, name);
  return joinWithAnd([processText(`pid ${shown[0]}`, name), ...others.slice(0, MAX_PIDS).map(processName)]);
}
