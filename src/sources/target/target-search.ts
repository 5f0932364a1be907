import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bytesText, safeName } from '../../format.ts';
import { containerId, shortId, slug } from '../cgroup/container-id.ts';
import { type Located, locateCgroup, memoryGroup } from '../cgroup/locate-cgroup.ts';
import { podCgroup } from '../cgroup/pod-cgroup.ts';
import { detectJvm, type JvmEvidence } from '../jvm/jvm-detection.ts';
import type { ProcessCache } from '../process/known-processes.ts';
import { listPids, readStartTicks, readStatus } from '../process/procfs.ts';
import { isDenied, readText } from '../process/read-text.ts';
import type { CgroupRef, ProcessRef, Reach, Roots, Target } from '../types.ts';

export interface SearchOptions {
  readonly roots: Roots;
  readonly pid: number | null;
  readonly cgroupDir: string | null;
  readonly podUid: string | null;
  readonly target: string | null;
  readonly own: boolean;
  readonly selfPid: number;
  /** Kept from search to search by one that goes on watching; without it every process is looked at. */
  readonly known?: ProcessCache<ObservedProcess | null>;
}

export type TargetSearch =
  | { readonly state: 'found'; readonly targets: readonly Target[]; readonly chosen: Target; readonly notes: readonly string[] }
  /** Only memhound itself is in sight, or a JVM that it may not look into. */
  | { readonly state: 'no-target'; readonly reason: string; readonly remediation: string }
  /** What was asked for cannot be: exit code 2 for a bad option, 1 for a machine on which it cannot work. */
  | { readonly state: 'refused'; readonly reason: string; readonly remediation: string | null; readonly exit: 1 | 2 };

export interface ObservedProcess {
  readonly ref: ProcessRef;
  readonly ppid: number;
  readonly rssBytes: number;
  readonly cgroupPath: string | null;
  readonly evidence: JvmEvidence | null;
}

/** Who is the JVM, and how do we reach it. Walks /proc once; every container that can be seen is a target. */
export async function findTargets(options: SearchOptions): Promise<TargetSearch> {
  const { roots } = options;
  if (!existsSync(join(roots.proc, 'self')) && !existsSync(join(roots.proc, '1'))) {
    return {
      state: 'refused',
      exit: 1,
      remediation: null,
      reason: `${roots.proc} holds no processes: memhound reads the Linux kernel's /proc and cgroups, found ${process.platform}; run it in the pod, in a Linux VM, or use \`memhound analyze FILE\``,
    };
  }
  if (options.cgroupDir !== null) return explicitCgroup(options, options.cgroupDir);
  if (options.podUid !== null) return ofPod(options, options.podUid);
  const seen = observeProcesses(options);
  if (options.pid !== null) return byPid(options, seen, options.pid);
  if (options.own) return ownCgroup(options, seen, 'watched because --own was given');
  return chooseTargets(options, seen);
}

/** pids of the container that a target stands for, as this pid namespace numbers them. */
export function pidsOf(roots: Roots, target: Target): number[] {
  const procs = readText(join(target.cgroup.dir, 'cgroup.procs')) ?? '';
  const pids = procs
    .split('\n')
    .map(Number)
    .filter((n) => n > 0);
  if (pids.length > 0) return pids;
  return target.process !== null && readStartTicks(roots.proc, target.process.pid) === target.process.startTicks
    ? [target.process.pid]
    : [];
}

function observeProcesses({ roots, selfPid, known }: SearchOptions): ObservedProcess[] {
  known?.beginSearch();
  const seen: ObservedProcess[] = [];
  for (const pid of listPids(roots.proc)) {
    let process = known?.get(roots.proc, pid);
    if (process === undefined) {
      const status = readStatus(roots.proc, pid);
      process = status === null ? null : observeProcess(roots.proc, pid, status, selfPid);
      known?.set(roots.proc, pid, process, { settled: status !== null && isKernelThread(status) });
    }
    if (process !== null) seen.push(process);
  }
  return seen;
}

type ReadStatus = NonNullable<ReturnType<typeof readStatus>>;

/** kthreadd and its children. In a pod there are none, on a host they are most of what there is, and they become nothing else. */
const isKernelThread = ({ pid, ppid, vmRssBytes }: ReadStatus): boolean => vmRssBytes === null && (pid === 2 || ppid === 2);

/** null: a kernel thread or a zombie. They hold no memory, and on a host they are most of what there is. */
function observeProcess(procRoot: string, pid: number, status: ReadStatus, selfPid: number): ObservedProcess | null {
  if (status.vmRssBytes === null) return null;
  const startTicks = readStartTicks(procRoot, pid);
  if (startTicks === null) return null;
  return {
    ref: { pid, nspid: status.nspid, startTicks, uid: status.uid, gid: status.gid, name: status.name },
    ppid: status.ppid,
    rssBytes: status.vmRssBytes,
    cgroupPath: memoryGroup(procRoot, pid)?.path ?? null,
    evidence: pid === selfPid ? null : detectJvm(procRoot, pid, status),
  };
}

function chooseTargets(options: SearchOptions, seen: readonly ObservedProcess[]): TargetSearch {
  const jvms = seen.filter((s) => s.evidence !== null).sort((a, b) => b.rssBytes - a.rssBytes);
  const targets: Target[] = [];
  const hidden: ObservedProcess[] = [];
  const refusals: string[] = [];
  for (const jvm of jvms) {
    const located = locateCgroup(options.roots, jvm.ref.pid, options.selfPid);
    if (located.state === 'located') {
      if (!targets.some((t) => t.cgroup.path === located.cgroup.path)) targets.push(targetOf(jvm, located));
    } else if (located.state === 'denied') hidden.push(jvm);
    else refusals.push(...located.tried);
  }
  const visible = [...targets, ...processesOfOwnCgroup(options, seen, targets)];
  if (options.target !== null) return byName(visible, options.target);
  const [chosen] = targets;
  if (chosen !== undefined) {
    const notes: string[] = [];
    if (targets.length > 1)
      notes.push(
        `${targets.length} JVMs run here; the biggest is watched (${targets.map((t) => `pid ${t.process?.pid}`).join(', ')}); --pid N or --target NAME chooses another`,
      );
    const shared = sharedCgroupNotes(seen, chosen, options.selfPid);
    if (shared > 0)
      notes.push(
        `The cgroup of this JVM holds ${shared} other ${shared === 1 ? 'process' : 'processes'} too: usage counts them all`,
      );
    return { state: 'found', targets: visible, chosen, notes };
  }
  if (hidden.length > 0) return accessDenied(options, hidden[0]!);
  if (refusals.length > 0)
    return {
      state: 'no-target',
      reason: `A JVM is in sight, but its cgroup cannot be reached: ${refusals[0]}`,
      remediation: HOST_MOUNT,
    };
  const neighbour = visible[0];
  if (neighbour !== undefined)
    return {
      state: 'found',
      targets: visible,
      chosen: neighbour,
      notes: [`No JVM found; the container of ${neighbour.process?.name ?? 'another process'} is watched`],
    };
  if (seesOnlyItself(options, seen))
    return { state: 'no-target', reason: NO_TARGET_REASON, remediation: SHARE_PROCESS_NAMESPACE };
  return ownCgroup(options, seen, null);
}

const targetOf = (seen: ObservedProcess, located: Extract<Located, { state: 'located' }>): Target => ({
  id: idOf(located.cgroup),
  container: containerName(located.cgroup),
  process: seen.ref,
  reach: located.reach,
  cgroup: located.cgroup,
  jvm: seen.evidence === null ? null : { evidence: seen.evidence },
});

const containerName = (cgroup: CgroupRef): string | null => {
  const id = containerId(cgroup.path);
  return id === null ? null : shortId(id);
};
const idOf = (cgroup: CgroupRef): string => containerName(cgroup) ?? slug(cgroup.path);

/** Other containers of a pod. On a plain host, where process 1 is an init system, every service would be one: there JVMs alone count. */
function processesOfOwnCgroup(options: SearchOptions, seen: readonly ObservedProcess[], known: readonly Target[]): Target[] {
  const first = seen.find((s) => s.ref.pid === 1);
  if (first === undefined || !PAUSE_CONTAINERS.has(first.ref.name)) return [];
  const own = seen.find((s) => s.ref.pid === options.selfPid)?.cgroupPath ?? null;
  const found: Target[] = [];
  for (const process of [...seen].sort((a, b) => b.rssBytes - a.rssBytes)) {
    const taken = [...known, ...found].some((t) => t.cgroup.path === process.cgroupPath);
    if (
      process.cgroupPath === null ||
      process.cgroupPath === own ||
      process.cgroupPath === first.cgroupPath ||
      taken ||
      process.rssBytes === 0
    )
      continue;
    const located = locateCgroup(options.roots, process.ref.pid, options.selfPid);
    if (located.state === 'located') found.push(targetOf(process, located));
  }
  return found;
}

/** Process 1 of a pod with a shared process namespace. */
const PAUSE_CONTAINERS: ReadonlySet<string> = new Set(['pause', 'catatonit', 'tini', 'podman-init']);

function sharedCgroupNotes(seen: readonly ObservedProcess[], target: Target, selfPid: number): number {
  return seen.filter(
    (s) =>
      s.cgroupPath === target.cgroup.path &&
      s.ref.pid !== target.process?.pid &&
      (target.reach === 'own-cgroup' || s.ref.pid !== selfPid),
  ).length;
}

/** Every process of the own cgroup is memhound, what it started, or what started it inside this container. */
function seesOnlyItself({ selfPid }: SearchOptions, seen: readonly ObservedProcess[]): boolean {
  const byPid = new Map(seen.map((s) => [s.ref.pid, s]));
  const self = byPid.get(selfPid);
  if (self === undefined) return true;
  const ours = new Set<number>([selfPid]);
  for (let at: ObservedProcess | undefined = byPid.get(self.ppid); at !== undefined; at = byPid.get(at.ppid))
    ours.add(at.ref.pid);
  const descends = (s: ObservedProcess): boolean => {
    for (let at: ObservedProcess | undefined = s; at !== undefined; at = byPid.get(at.ppid))
      if (at.ref.pid === selfPid) return true;
    return false;
  };
  const strangers = seen.filter(
    (s) => s.cgroupPath === self.cgroupPath && s.rssBytes > 0 && !ours.has(s.ref.pid) && !descends(s),
  );
  if (strangers.length > 0) return false;
  // All of the group is our own line of ancestors. In a container process 1 belongs to it, or is the pod's pause; on a person's
  // machine process 1 is an init system in a group of its own, and then the own group is worth a look.
  const first = byPid.get(1);
  return first === undefined || first.cgroupPath === self.cgroupPath || PAUSE_CONTAINERS.has(first.ref.name);
}

function byPid(options: SearchOptions, seen: readonly ObservedProcess[], pid: number): TargetSearch {
  const process = seen.find((s) => s.ref.pid === pid);
  if (process === undefined) {
    const jvms = seen.filter((s) => s.evidence !== null).map((s) => s.ref.pid);
    return {
      state: 'refused',
      exit: 2,
      remediation: null,
      reason: `--pid ${pid}: there is no such process here; ${jvms.length === 0 ? 'no JVM is in sight' : `JVMs in sight: ${jvms.join(', ')}`}`,
    };
  }
  const located = locateCgroup(options.roots, pid, options.selfPid);
  if (located.state === 'denied') return accessDenied(options, process);
  if (located.state === 'refused')
    return {
      state: 'refused',
      exit: 1,
      remediation: HOST_MOUNT,
      reason: `--pid ${pid}: its memory cgroup cannot be reached: ${located.tried[0] ?? 'no cgroup mount in sight'}`,
    };
  const chosen = targetOf(process, located);
  return {
    state: 'found',
    targets: [chosen],
    chosen,
    notes:
      chosen.jvm === null ? [`pid ${pid} (${safeName(process.ref.name)}) is no JVM; its cgroup is watched all the same`] : [],
  };
}

function byName(targets: readonly Target[], name: string): TargetSearch {
  const chosen = targets.find(
    (t) =>
      t.id === name ||
      t.process?.name === name ||
      (t.container !== null && name.startsWith(t.container)) ||
      (name.length >= 4 && t.container?.startsWith(name)),
  );
  if (chosen === undefined) {
    const known = targets.map((t) => `${t.id} (${safeName(t.process?.name ?? '-')})`);
    return {
      state: 'refused',
      exit: 2,
      remediation: null,
      reason: `--target ${safeName(name)}: there is no such target; ${known.length === 0 ? 'none is in sight' : `in sight: ${known.join(', ')}`}`,
    };
  }
  return { state: 'found', targets, chosen, notes: [] };
}

function ofPod(options: SearchOptions, uid: string): TargetSearch {
  const dir = podCgroup(options.roots, uid);
  if (dir !== null) return explicitCgroup(options, dir);
  return {
    state: 'refused',
    exit: 1,
    remediation: HOST_MOUNT,
    reason: `--pod-uid ${uid}: expected the pod's memory cgroup under ${options.roots.cgroup} (a folder pod${uid}, or one ending in -pod${uid.replaceAll('-', '_')}.slice); there is none`,
  };
}

function explicitCgroup(options: SearchOptions, dir: string): TargetSearch {
  const version = existsSync(join(dir, 'memory.current')) ? 2 : existsSync(join(dir, 'memory.usage_in_bytes')) ? 1 : null;
  if (version === null) {
    const found = existsSync(dir) ? 'neither is there' : 'there is no such directory';
    return {
      state: 'refused',
      exit: 2,
      remediation: null,
      reason: `--cgroup ${safeName(dir)}: expected a memory cgroup, with memory.current (v2) or memory.usage_in_bytes (v1); ${found}`,
    };
  }
  try {
    readText(join(dir, 'memory.stat'));
  } catch (error) {
    if (!isDenied(error)) throw error;
    return {
      state: 'refused',
      exit: 1,
      remediation: null,
      reason: `--cgroup ${safeName(dir)}: memory.stat may not be read by uid ${process.getuid?.() ?? -1}`,
    };
  }
  const procs = new Set((readText(join(dir, 'cgroup.procs')) ?? '').split('\n').map(Number));
  const members = observeProcesses(options).filter((s) => procs.has(s.ref.pid));
  const biggest =
    members.sort((a, b) => Number(b.evidence !== null) - Number(a.evidence !== null) || b.rssBytes - a.rssBytes)[0] ?? null;
  const cgroup: CgroupRef = { version, path: biggest?.cgroupPath ?? `/${basename(dir)}`, dir: dir.replace(/\/+$/, '') };
  const chosen: Target = {
    id: idOf(cgroup),
    container: containerName(cgroup),
    process: biggest?.ref ?? null,
    reach: 'explicit',
    cgroup,
    jvm: biggest?.evidence == null ? null : { evidence: biggest.evidence },
  };
  return {
    state: 'found',
    targets: [chosen],
    chosen,
    notes:
      biggest === null ? ['No process of this cgroup is in sight: its memory is watched without processes, files or JVM'] : [],
  };
}

function ownCgroup(options: SearchOptions, seen: readonly ObservedProcess[], why: string | null): TargetSearch {
  const located = locateCgroup(options.roots, options.selfPid, options.selfPid);
  const self = seen.find((s) => s.ref.pid === options.selfPid);
  if (located.state !== 'located' || self === undefined) {
    const tried = located.state === 'refused' ? located.tried[0] : 'permission denied';
    return {
      state: 'refused',
      exit: 1,
      remediation: null,
      reason: `no memory cgroup can be read here: ${tried ?? `no cgroup mount in sight under ${options.roots.cgroup}`}; mount one, or use \`memhound analyze FILE\``,
    };
  }
  const members = seen.filter((s) => s.cgroupPath === located.cgroup.path);
  // The one that other people would look for: the biggest process that is not memhound.
  const biggest = members.filter((s) => s.ref.pid !== options.selfPid).sort((a, b) => b.rssBytes - a.rssBytes)[0] ?? self;
  const chosen: Target = { ...targetOf(biggest, located), reach: 'own-cgroup' satisfies Reach };
  const rest = members.length - 1;
  const size =
    located.cgroup.path === '/' ? 'the root cgroup, that is the whole machine' : `its own cgroup ${located.cgroup.path}`;
  return {
    state: 'found',
    targets: [chosen],
    chosen,
    notes: [
      why ??
        `No JVM found; memhound watches ${size}, which it shares with ${rest} other ${rest === 1 ? 'process' : 'processes'} (biggest: ${safeName(biggest.ref.name)}, ${bytesText(biggest.rssBytes)})`,
    ],
  };
}

/** A JVM that can be seen but not looked into: the uid and gid to run as are known from its status. */
function accessDenied({ selfPid }: SearchOptions, jvm: ObservedProcess): TargetSearch {
  const { uid, gid, pid } = jvm.ref;
  const own = `${process.getuid?.() ?? '?'}:${process.getgid?.() ?? '?'}`;
  const same = own === `${uid}:${gid}`;
  const why = same
    ? `it has capabilities that memhound (pid ${selfPid}) has not`
    : `memhound runs as ${own}, and uid and gid must both be the same`;
  return {
    state: 'no-target',
    reason: `The JVM pid ${pid} runs as uid ${uid}, gid ${gid} and memhound may not look into it: ${why}`,
    remediation: same
      ? DROP_CAPABILITIES
      : `securityContext:            # of the memhound container\n  runAsUser: ${uid}\n  runAsGroup: ${gid}\n`,
  };
}

const NO_TARGET_REASON =
  'memhound sees only itself. Add shareProcessNamespace: true to the pod and run memhound with the uid and gid of the app';
const SHARE_PROCESS_NAMESPACE = `spec:
  shareProcessNamespace: true   # of the pod
  containers:
    - name: memhound
      securityContext:
        runAsUser: 1000         # the same uid
        runAsGroup: 1000        # and gid as the app's container
`;
const DROP_CAPABILITIES = `securityContext:            # of the app's container, or give memhound the same capabilities
  capabilities:
    drop: [ALL]
`;
const HOST_MOUNT = `volumes:                    # of the pod; read-only, and never as root
  - name: cgroup
    hostPath: { path: /sys/fs/cgroup }
`;
