import { bytesText, joinWithAnd } from '../format.ts';
import { type RuleContext, trendOf } from './rule-context.ts';
import { filePart, type Sentence, sentence } from './sentence.ts';
import type { FileRow } from './types.ts';

/**
 * Why files grow, which decides what helps: one log; one log that was removed under its writer; deleted files that nobody closes; files that
 * are only read; or many files.
 */
export type FileSituation = 'log' | 'removed-log' | 'unclosed' | 'read' | 'many';

/** In a group so many of the files are deleted that it is these that count. */
const MOSTLY = 0.8;
/** A file of which less than this is in memory, or on its file system, is not called by its length alone. */
const WHOLE = 0.9;
const MAX_PIDS = 3;
const MANY_FILES = 8;

export function fileSituation(row: FileRow, context: RuleContext): FileSituation {
  if (row.deletedFiles >= 2 && row.deletedFiles >= MOSTLY * row.files) return 'unclosed';
  if (row.deleted) return 'removed-log';
  if (isOnlyRead(row, context)) return 'read';
  return row.kind === 'file' ? 'log' : 'many';
}

/** Nobody has it open for writing, and it was last written before it began to grow. */
function isOnlyRead({ writtenFiles, mtimeMs }: FileRow, context: RuleContext): boolean {
  const windowS = trendOf(context, 'file')?.windowSeconds;
  return writtenFiles === 0 && mtimeMs !== null && windowS !== undefined && mtimeMs < context.atMs - windowS * 1000;
}

/** "/tmp/spring.log (794 MiB, held open for writing by pid 1, fd 27)", "31 files in /data/topic/ (251 MiB, held open for writing by pid 7)" */
export function filesText(row: FileRow, situation: FileSituation): Sentence {
  switch (situation) {
    case 'unclosed':
      return sentence`${row.deletedFiles} deleted files that ${pidsText(row.pids)} still ${row.pids.length > 1 ? 'hold' : 'holds'} open (${levelText(row)}, ${placeText(row)})`;
    case 'read':
      if (row.path.endsWith('/')) return sentence`${row.files} files read ${placeText(row)} (${levelText(row)})`;
      return sentence`${filesName(row)} (${levelText(row)}, only read)`;
    case 'log':
    case 'removed-log':
    case 'many':
      return row.kind === 'file'
        ? sentence`${filePart(row.path)} (${fileHolderText(row)})`
        : sentence`${row.files} files ${placeText(row)} (${levelText(row)}${groupHolderText(row)})`;
    default:
      return situation satisfies never;
  }
}

/** Their name alone: "/tmp/spring.log", "31 files in /data/topic/". */
export const filesName = (row: FileRow): Sentence =>
  row.kind === 'file' ? [filePart(row.path)] : sentence`${countText(row)} ${placeText(row)}`;

/** "/tmp/spring.log", "/data/topic/ (31 files, 251 MiB)": what grows, as the subject of a sentence. */
export const filesSubject = (row: FileRow): Sentence =>
  row.kind === 'file' ? [filePart(row.path)] : sentence`${filePart(row.path)} (${countText(row)}, ${levelText(row)})`;

const countText = ({ files, deletedFiles }: FileRow): string => {
  const kind = deletedFiles >= 2 && deletedFiles >= MOSTLY * files ? 'deleted ' : '';
  return `${files} ${kind}${files === 1 ? 'file' : 'files'}`;
};

const placeText = ({ path }: FileRow): Sentence =>
  path.endsWith('/') ? sentence`in ${filePart(path)}` : sentence`named ${filePart(path)}`;

/** What is in memory; for one file its length, and how much of that is on disk or in memory where that is clearly less. */
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

function fileHolderText(row: FileRow): string {
  const writer = row.openBy.find((o) => o.mode !== 'r');
  const open = writer ? `, held open for writing by pid ${writer.pid}, fd ${writer.fd}` : '';
  return `${levelText(row)}${row.deleted ? ', deleted but still open' : ''}${open}`;
}

function groupHolderText({ files, openFiles, writtenFiles, pids }: FileRow): string {
  // One of many is being written at one moment and none at the next: that is the same state.
  if (openFiles <= 1 && files >= MANY_FILES) return ', closed but for the newest';
  const some = (n: number): string => (n >= files ? '' : `${n} of them `);
  if (writtenFiles > 0) return `, ${some(writtenFiles)}held open for writing by ${pidsText(pids)}`;
  if (openFiles > 0) return `, ${some(openFiles)}held open for reading by ${pidsText(pids)}`;
  return ', closed';
}

/** "pid 7", "pids 7 and 9" */
export function pidsText(pids: readonly number[]): string {
  if (pids.length === 0) return 'a process';
  const shown = pids.slice(0, MAX_PIDS).map(String);
  const more = pids.length > MAX_PIDS ? [`${pids.length - MAX_PIDS} more`] : [];
  return `${pids.length === 1 ? 'pid' : 'pids'} ${joinWithAnd([...shown, ...more])}`;
}
