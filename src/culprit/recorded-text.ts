import { bytesText, safeName } from '../format.ts';
import { isMostUnseen } from './recorded-events.ts';
import type { Recorded, RecordedCause, RecordedGroup } from './types.ts';

interface Words {
  /** "96 % of the 12 MiB that Java code wrote to files in 60 s" */
  readonly all: (amount: number) => string;
  readonly nothing: string;
  readonly amount: (amount: number) => string;
}

const starts = (n: number): string => `${n} ${n === 1 ? 'start' : 'starts'}`;

const WORDS: Readonly<Record<RecordedCause, Words>> = {
  'page-cache': {
    all: (amount) => `the ${bytesText(amount)} that Java code wrote to files`,
    nothing: 'Java code wrote to no file',
    amount: bytesText,
  },
  sock: {
    all: (amount) => `the ${bytesText(amount)} that Java code read from and wrote to sockets`,
    nothing: 'Java code read and wrote no socket',
    amount: bytesText,
  },
  process: {
    all: (amount) => `the ${starts(amount)} of programs by Java code`,
    nothing: 'Java code started no program',
    amount: starts,
  },
};

/** What is not Java code's doing has no events. */
const UNSEEN: Readonly<Record<RecordedCause, string>> = {
  'page-cache': 'Memory-mapped files, native code and other processes are not recorded.',
  sock: 'Native code, such as the epoll transport of Netty, and other processes are not recorded.',
  process: 'Native code and what those programs start are not recorded.',
};

const percent = (share: number): string => `${Math.floor(100 * share)} %`;
/** "88 % of", "all of" */
const partOf = (share: number): string => (share >= 0.995 ? 'all of' : `${percent(share)} of`);

/** ", 88 % of it at level DEBUG from com.acme.GeoClient.lookup:41 through ch.qos.logback.core.FileAppender"; "": no place has half. */
function fromText(from: RecordedGroup['from']): string {
  if (from === null || (from.line === null && from.logger === null)) return '';
  const level = from.level === null ? '' : ` at level ${from.level}`;
  const through = from.logger === null ? '' : ` through ${safeName(from.logger)}`;
  const line = from.line === null ? ' in a thread of the logger, so who logs is not known,' : ` from ${safeName(from.line)}`;
  return `, ${partOf(from.share)} it${level}${line}${through}`;
}

/** ", in the thread thumbs-N": who started a program; what was written or sent says more by its line. */
const threadText = (cause: RecordedCause, { thread }: RecordedGroup): string =>
  cause !== 'process' || thread === null ? '' : `, in the thread ${safeName(thread.name)}`;

/** The sentence, and a line for each other group. */
export function recordedText(recorded: Recorded): string[] {
  const { cause, culprit, groups, seconds, total, unseen } = recorded;
  const { all, nothing, amount } = WORDS[cause];
  const within = `in ${Number(seconds.toFixed(1))} s`;
  const row = (group: RecordedGroup): string =>
    `  ${safeName(group.name, 400)}: ${amount(group.amount)}, ${percent(group.share)}${fromText(group.from)}${threadText(cause, group)}`;
  if (unseen !== null && isMostUnseen(recorded))
    return [
      `${cause}: not known, because the process wrote at least ${bytesText(unseen)} more to files ${within} than the ${bytesText(total)} of which the recorder has events. It has none of transferTo, asynchronous channels, mapped files and native code`,
      ...groups.map(row),
    ];
  if (total === 0) return [`${cause}: not known, because ${nothing} ${within}. ${UNSEEN[cause]}`];
  if (culprit === null) return [`${cause}: not known, because nothing has half of ${all(total)} ${within}`, ...groups.map(row)];
  return [
    `${cause}: ${safeName(culprit.name, 400)} has ${partOf(culprit.share)} ${all(total)} ${within}${fromText(culprit.from)}${threadText(cause, culprit)}`,
    ...groups.slice(1).map(row),
  ];
}
