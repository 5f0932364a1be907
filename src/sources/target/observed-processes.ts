import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryGroup } from '../cgroup/locate-cgroup.ts';
import { detectJvm, type JvmEvidence } from '../jvm/jvm-detection.ts';
import { readMainClass } from '../jvm/main-class.ts';
import type { ProcessCache } from '../process/known-processes.ts';
import { listPids, readStartTicks, readStatus } from '../process/procfs.ts';
import type { ProcessRef, Roots } from '../types.ts';

/** A process that a search found. */
export interface ObservedProcess {
  readonly ref: ProcessRef;
  readonly ppid: number;
  readonly rssBytes: number;
  readonly cgroupPath: string | null;
  /** null: it is not a JVM. */
  readonly evidence: JvmEvidence | null;
  /** Main class of a JVM; null: not a JVM, or it cannot be read. */
  readonly mainClass: string | null;
}

/**
 * Maximum CPU time of one search for processes that it does not know. It is CPU time because a sidecar may be throttled to a few percent.
 * Without it, a program of thousands of processes, or thousands that pretend to be JVMs, would take minutes.
 */
const SEARCH_CPU_MS = 1000;
/** After this much work, other work of this process runs. */
const TURN_MS = 20;

export interface Observed {
  /** All processes that use memory, as far as the time allows. */
  readonly seen: readonly ObservedProcess[];
  /** Processes for which there was no time. */
  readonly skipped: number;
}

/** `known` is a cache for repeated searches; without it every process is read. */
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
    // memhound itself is always read, because a search that does not find it has another result.
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

/** kthreadd and its children. A pod has none. On a host most processes are kernel threads, and they never change. */
const isKernelThread = ({ pid, ppid, vmRssBytes }: ReadStatus): boolean => vmRssBytes === null && (pid === 2 || ppid === 2);

/** null: a kernel thread or a zombie, which use no memory. */
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
