import { basename } from 'node:path';
import { readStatus, type Status } from './procfs.ts';
import { readRecord, readText } from './read-text.ts';

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
  largest: Status & { readonly pid: number };
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
  const nameByPid = new Map<number, string>();
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    const status = readStatus(procRoot, pid);
    if (status === null) continue;
    const name = knownNames.get(pid) ?? processName(procRoot, status);
    nameByPid.set(pid, name);
    if (pid === except || status.rssAnonBytes === null) continue;
    const group = groups.get(name) ?? { processes: 0, anonBytes: 0, swapBytes: 0, largest: status };
    group.processes++;
    group.anonBytes += status.rssAnonBytes;
    group.swapBytes += status.swapBytes ?? 0;
    if (status.rssAnonBytes > (group.largest.rssAnonBytes ?? 0)) group.largest = status;
    groups.set(name, group);
  }
  return [...groups]
    .map(([name, { largest, ...sums }]) => {
      const parentName = nameByPid.get(largest.ppid);
      return {
        name,
        ...sums,
        pid: largest.pid,
        parent: parentName === undefined ? null : { pid: largest.ppid, name: parentName },
      };
    })
    .sort((a, b) => b.anonBytes - a.anonBytes);
}

/** The kernel cuts long names: the whole one is that of the program on the command line, if the two agree. */
function processName(procRoot: string, { pid, name }: { readonly pid: number; readonly name: string }): string {
  if (name.length < MAX_COMM_LENGTH) return name;
  const program = basename(readText(`${procRoot}/${pid}/cmdline`, readRecord)?.split('\0')[0] ?? '');
  return program.startsWith(name) ? program : name;
}
