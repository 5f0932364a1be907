import { dirname } from 'node:path';
import { CLOSED_BY_PEER } from '../sources/process/open-descriptors.ts';
import { threadPattern } from './thread-pattern.ts';

/** Descriptors of one name. */
export interface DescriptorGroup {
  /** A path or a connection, with N for each number in it. */
  readonly name: string;
  readonly open: number;
  /** Of connections: how many the other side has closed. */
  readonly closed: number;
}

/** A program may have opened as many files under as many names. */
const MAX_GROUPS = 10_000;

/** Ports and addresses tell whose a connection is. Files of one kind have names that differ in numbers. */
const patternOf = (name: string): string => (/^(?:TCP|UDP) /.test(name) ? name : threadPattern(name));

/** Groups the lines of a list of descriptors by name. Pure. */
export const parseDescriptors = (list: string): DescriptorGroup[] => groupsBy(list, patternOf);

/** By folder, whatever the names of the files in it are. Pure. */
export const folderGroups = (list: string): DescriptorGroup[] =>
  groupsBy(list, (name) => (name.startsWith('/') ? `files of ${dirname(name)}` : patternOf(name)));

function groupsBy(list: string, nameOf: (name: string) => string): DescriptorGroup[] {
  const groups = new Map<string, { open: number; closed: number }>();
  for (const line of list.split('\n')) {
    if (line === '') continue;
    const isClosed = line.endsWith(CLOSED_BY_PEER);
    const name = nameOf(isClosed ? line.slice(0, -CLOSED_BY_PEER.length) : line);
    const group = groups.get(name) ?? { open: 0, closed: 0 };
    if (groups.size >= MAX_GROUPS && !groups.has(name)) continue;
    groups.set(name, group);
    group.open++;
    if (isClosed) group.closed++;
  }
  return [...groups].map(([name, group]) => ({ name, ...group }));
}

/** The groups that a file of this path may be in. Pure. */
export const groupsOfFile = (path: string): readonly string[] => [
  patternOf(path),
  `${patternOf(path)} (deleted)`,
  `files of ${dirname(path)}`,
];

/** The group of connections to this address. Those that were accepted have another name for each. Pure. */
export const groupsOfPeer = (address: string, port: number): readonly string[] => [`TCP to ${address}:${port}`];
