import { readStatus } from './procfs.ts';

export interface ProcessesByName {
  readonly name: string;
  readonly processes: number;
  /** Sum of RssAnon, bytes. */
  readonly anonBytes: number;
}

/** A container may hold thousands of processes; past these they are not asked one by one. */
const MAX_PROCESSES = 500;

/** RssAnon of a container's processes other than one, summed by name, largest first. Whoever ends meanwhile is left out. */
export function otherProcesses(procRoot: string, pids: readonly number[], except: number | null): ProcessesByName[] {
  const groups = new Map<string, { processes: number; anonBytes: number }>();
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    if (pid === except) continue;
    const status = readStatus(procRoot, pid);
    if (status === null || status.rssAnonBytes === null) continue;
    const group = groups.get(status.name) ?? { processes: 0, anonBytes: 0 };
    groups.set(status.name, { processes: group.processes + 1, anonBytes: group.anonBytes + status.rssAnonBytes });
  }
  return [...groups].map(([name, group]) => ({ name, ...group })).sort((a, b) => b.anonBytes - a.anonBytes);
}
