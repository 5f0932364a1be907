import { basename } from 'node:path';
import { readStatus, type Status } from './procfs.ts';
import { startedByFormerProgram } from './program-start.ts';
import { readRecord, readText } from './read-text.ts';

/** A process of a container that uses memory. */
export interface ObservedMember {
  readonly pid: number;
  readonly name: string;
  /** RssAnon, bytes. */
  readonly anonBytes: number;
  /** The process that started it; null: that is not in this container, or runs another program now (`helper & exec java`). */
  readonly parent: { readonly pid: number; readonly name: string } | null;
}

export interface Member extends ObservedMember {
  /** VmSwap, bytes. */
  readonly swapBytes: number;
}

/** The processes with one name. */
export interface ProcessesByName {
  readonly name: string;
  readonly processes: number;
  readonly pids: readonly number[];
  /** Sum of RssAnon, bytes. */
  readonly anonBytes: number;
  /** Sum of VmSwap, bytes. */
  readonly swapBytes: number;
  /** The pid of the largest of them. */
  readonly pid: number;
  /** The process that started the largest one; null: that is not in this container. */
  readonly parent: { readonly pid: number; readonly name: string } | null;
}

/** A container may have thousands of processes. At most this many are read. */
export const MAX_PROCESSES = 500;

/** Of so many children, the largest, it is found out whether the present program of their parent has started them. */
const MAX_CHILDREN_LOOKED_AT = 32;

/** The kernel cuts Name in /proc/PID/status to this length (TASK_COMM_LEN less the final zero). */
const MAX_COMM_LENGTH = 15;

interface Group {
  pids: number[];
  anonBytes: number;
  swapBytes: number;
  largest: Member;
}

/** A better name for a process than that of its program, such as the main class of a JVM; null: there is none. */
export type BetterName = (process: { readonly pid: number; readonly name: string }) => string | null;

const NO_BETTER_NAME: BetterName = () => null;

/** A container's processes except one, summed by name, largest first. Processes that end during the scan are skipped. */
export function otherProcesses(
  procRoot: string,
  pids: readonly number[],
  except: number | null,
  betterName: BetterName = NO_BETTER_NAME,
): ProcessesByName[] {
  return sumByName(membersOf(procRoot, pids.slice(0, MAX_PROCESSES), except, betterName));
}

/**
 * Workers write what they do into their name (setproctitle: "postgres: app orders 10.0.0.7(5121) idle"). Those whose names differ in numbers alone
 * are of one name, with a `*` for each number. The name of a program has no space, and a number in it is its version.
 */
const commonName = (name: string): string => (name.includes(' ') ? name.replace(/\d+(?:[.:-]\d+)*/g, '*') : name);

/** Summed by name, largest first. */
export function sumByName(members: readonly Member[]): ProcessesByName[] {
  const groups = new Map<string, Group>();
  for (const member of members) {
    const name = commonName(member.name);
    const group = groups.get(name) ?? { pids: [], anonBytes: 0, swapBytes: 0, largest: member };
    group.pids.push(member.pid);
    group.anonBytes += member.anonBytes;
    group.swapBytes += member.swapBytes;
    if (withSwap(member) > withSwap(group.largest)) group.largest = member;
    groups.set(name, group);
  }
  return [...groups]
    .map(([name, { largest, ...sums }]) => ({
      name,
      processes: sums.pids.length,
      ...sums,
      pid: largest.pid,
      parent: largest.parent,
    }))
    .sort((a, b) => withSwap(b) - withSwap(a));
}

/** A process that was swapped out is not small. */
const withSwap = ({ anonBytes, swapBytes }: { readonly anonBytes: number; readonly swapBytes: number }): number =>
  anonBytes + swapBytes;

/** The processes except one, each as one entry. Processes that have ended are skipped, also zombies. */
export function membersOf(
  procRoot: string,
  pids: readonly number[],
  except: number | null,
  betterName: BetterName = NO_BETTER_NAME,
): Member[] {
  // Most containers have one process. It need not be read to learn that there are no others.
  if (pids.every((pid) => pid === except)) return [];
  const nameByPid = new Map<number, string>();
  const found: (Status & { readonly pid: number; readonly anonBytes: number })[] = [];
  for (const pid of pids) {
    const status = readStatus(procRoot, pid);
    if (status === null) continue;
    nameByPid.set(pid, betterName(status) ?? fullProcessName(procRoot, status));
    if (pid !== except && status.rssAnonBytes !== null) found.push({ ...status, anonBytes: status.rssAnonBytes });
  }
  const children = found.filter(({ ppid }) => ppid === except).sort((a, b) => b.anonBytes - a.anonBytes);
  const looked = children.slice(0, MAX_CHILDREN_LOOKED_AT).map(({ pid }) => pid);
  const older = except === null ? new Set() : startedByFormerProgram(procRoot, except, looked);
  return found.map(({ pid, ppid, anonBytes, swapBytes }) => {
    const parentName = older.has(pid) ? undefined : nameByPid.get(ppid);
    return {
      pid,
      name: nameByPid.get(pid)!,
      anonBytes,
      swapBytes: swapBytes ?? 0,
      parent: parentName === undefined ? null : { pid: ppid, name: parentName },
    };
  });
}

/**
 * The kernel cuts long names. The full name is that of the program on the command line, if the two agree. A browser writes its whole command
 * line into the first argument (setproctitle), so a name ends at a space if it may.
 */
export function fullProcessName(procRoot: string, { pid, name }: { readonly pid: number; readonly name: string }): string {
  if (name.length < MAX_COMM_LENGTH) return name;
  const [first = ''] = readText(`${procRoot}/${pid}/cmdline`, readRecord)?.split('\0') ?? [];
  // One that writes what it does into its name (setproctitle) writes it there, too.
  const names = [basename(first.split(' ')[0]!), basename(first), first];
  return names.find((full) => full.startsWith(name)) ?? name;
}
