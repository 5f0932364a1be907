import { basename } from 'node:path';
import { readStatus, type Status } from './procfs.ts';
import { readRecord, readText } from './read-text.ts';

/** A process of a container that holds memory. */
export interface ObservedMember {
  readonly pid: number;
  readonly name: string;
  /** RssAnon, bytes. */
  readonly anonBytes: number;
  /** The process that started it; null: none of this container. */
  readonly parent: { readonly pid: number; readonly name: string } | null;
}

/** The processes of one name. */
export interface ProcessesByName {
  readonly name: string;
  readonly processes: number;
  /** Sum of RssAnon, bytes. */
  readonly anonBytes: number;
  /** Sum of VmSwap, bytes. */
  readonly swapBytes: number;
  /** Of the largest of them. */
  readonly pid: number;
  /** The process that started the largest one; null: none of this container. */
  readonly parent: { readonly pid: number; readonly name: string } | null;
}

/** A container may hold thousands of processes; past these they are not asked one by one. */
const MAX_PROCESSES = 500;

/** Name in /proc/PID/status: longer ones are cut to this length (TASK_COMM_LEN less the final zero). */
const MAX_COMM_LENGTH = 15;

interface Group {
  processes: number;
  anonBytes: number;
  swapBytes: number;
  largest: ObservedMember;
}

/**
 * A container's processes other than one, summed by name, largest first. Those that end meanwhile are left out. `knownNames` has better
 * names for some pids, such as the main class of a JVM.
 */
export function otherProcesses(
  procRoot: string,
  pids: readonly number[],
  except: number | null,
  knownNames: ReadonlyMap<number, string> = new Map(),
): ProcessesByName[] {
  const groups = new Map<string, Group>();
  for (const { swapBytes, ...member } of membersOf(procRoot, pids.slice(0, MAX_PROCESSES), except, knownNames)) {
    const group = groups.get(member.name) ?? { processes: 0, anonBytes: 0, swapBytes: 0, largest: member };
    group.processes++;
    group.anonBytes += member.anonBytes;
    group.swapBytes += swapBytes;
    if (member.anonBytes > group.largest.anonBytes) group.largest = member;
    groups.set(member.name, group);
  }
  return [...groups.values()]
    .map(({ largest: { name, pid, parent }, ...sums }) => ({ name, ...sums, pid, parent }))
    .sort((a, b) => b.anonBytes - a.anonBytes);
}

/** The processes other than one, each by itself. Those that have ended are left out, also where their parent has not yet asked for their end. */
export function membersOf(
  procRoot: string,
  pids: readonly number[],
  except: number | null,
  knownNames: ReadonlyMap<number, string> = new Map(),
): (ObservedMember & { readonly swapBytes: number })[] {
  const nameByPid = new Map<number, string>();
  const found: (Status & { readonly pid: number; readonly anonBytes: number })[] = [];
  for (const pid of pids) {
    const status = readStatus(procRoot, pid);
    if (status === null) continue;
    nameByPid.set(pid, knownNames.get(pid) ?? processName(procRoot, status));
    if (pid !== except && status.rssAnonBytes !== null) found.push({ ...status, anonBytes: status.rssAnonBytes });
  }
  return found.map(({ pid, ppid, anonBytes, swapBytes }) => {
    const parentName = nameByPid.get(ppid);
    return {
      pid,
      name: nameByPid.get(pid)!,
      anonBytes,
      swapBytes: swapBytes ?? 0,
      parent: parentName === undefined ? null : { pid: ppid, name: parentName },
    };
  });
}

/** The kernel cuts long names: the whole one is that of the program on the command line, if the two agree. */
function processName(procRoot: string, { pid, name }: { readonly pid: number; readonly name: string }): string {
  if (name.length < MAX_COMM_LENGTH) return name;
  const program = basename(readText(`${procRoot}/${pid}/cmdline`, readRecord)?.split('\0')[0] ?? '');
  return program.startsWith(name) ? program : name;
}
