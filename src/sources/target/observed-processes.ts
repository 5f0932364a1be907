import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryGroup } from '../cgroup/locate-cgroup.ts';
import { detectJvm, type JvmEvidence } from '../jvm/jvm-detection.ts';
import { readMainClass } from '../jvm/main-class.ts';
import type { ProcessCache } from '../process/known-processes.ts';
import { listPids, readStartTicks, readStatus } from '../process/procfs.ts';
import type { ProcessRef, Roots } from '../types.ts';

/** A process as a search sees it. */
export interface ObservedProcess {
  readonly ref: ProcessRef;
  readonly ppid: number;
  readonly rssBytes: number;
  readonly cgroupPath: string | null;
  /** null: it is no JVM. */
  readonly evidence: JvmEvidence | null;
  /** Of a JVM, where it can be read. */
  readonly mainClass: string | null;
}

/** CPU time, since a sidecar may be throttled to a few percent, that one search may take for processes that it does not know. A program of thousands of processes, or thousands that pretend to be JVMs, would else take minutes. */
const SEARCH_CPU_MS = 1000;
/** After so much work others have their turn. */
const TURN_MS = 20;

export interface Observed {
  /** All processes that hold memory, as far as the time allows. */
  readonly seen: readonly ObservedProcess[];
  /** Processes for which there was no time. */
  readonly skipped: number;
}

/** `known`: kept from search to search; without it every process is read. */
export async function observeProcesses(
  roots: Roots,
  selfPid: number,
  known?: ProcessCache<ObservedProcess | null>,
): Promise<Observed> {
  const procRoot = roots.proc;
  known?.beginSearch();
  const seen: ObservedProcess[] = [];
  const before = process.cpuUsage();
  let [skipped, overBudget, turnMs] = [0, false, performance.now()];
  for (const pid of listPids(procRoot)) {
    if (performance.now() - turnMs > TURN_MS) {
      const { user, system } = process.cpuUsage(before);
      overBudget = (user + system) / 1000 > SEARCH_CPU_MS;
      await nextTurn();
      turnMs = performance.now();
    }
    let observed = known?.get(procRoot, pid);
    // memhound itself is always looked at: a search that does not find it answers something else.
    if (observed === undefined && overBudget && pid !== selfPid) {
      skipped++;
      continue;
    }
    if (observed === undefined) {
      const status = readStatus(procRoot, pid);
      observed = status === null ? null : observeProcess(roots, status, selfPid);
      known?.set(procRoot, pid, observed, { settled: status !== null && isKernelThread(status) });
    }
    if (observed !== null) seen.push(observed);
  }
  return { seen, skipped };
}

type ReadStatus = NonNullable<ReturnType<typeof readStatus>>;

/** kthreadd and its children. In a pod there are none, on a host they are most of what there is, and they become nothing else. */
const isKernelThread = ({ pid, ppid, vmRssBytes }: ReadStatus): boolean => vmRssBytes === null && (pid === 2 || ppid === 2);

/** null: a kernel thread or a zombie. They hold no memory, and on a host they are most of what there is. */
function observeProcess(roots: Roots, status: ReadStatus, selfPid: number): ObservedProcess | null {
  if (status.vmRssBytes === null) return null;
  const { pid, nspid, uid, gid, name } = status;
  const startTicks = readStartTicks(roots.proc, pid);
  if (startTicks === null) return null;
  const ref = { pid, nspid, startTicks, uid, gid, name };
  const evidence = pid === selfPid ? null : detectJvm(roots.proc, pid, status);
  return {
    ref,
    ppid: status.ppid,
    rssBytes: status.vmRssBytes,
    cgroupPath: memoryGroup(roots.proc, pid)?.path ?? null,
    evidence,
    mainClass: evidence === null ? null : readMainClass(roots, ref),
  };
}
