import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Located, locateCgroup } from '../cgroup/locate-cgroup.ts';
import type { Target } from '../types.ts';
import { ownCgroup, targetByName, targetByPid, targetOfCgroup, targetOfPod } from './explicit-targets.ts';
import { byPrecedence, makeTarget, otherJvmNotes, targetsOfCgroup } from './make-target.ts';
import { type ObservedProcess, observeProcesses } from './observed-processes.ts';
import { accessDenied, cgroupOutOfReach, noProcesses, onlyItself } from './refusals.ts';
import type { Found, NotFound, SearchOptions, TargetSearch } from './search-outcome.ts';

/** Finds the targets and the way to reach each. It walks /proc once; every visible container is a target. */
export async function findTargets(options: SearchOptions): Promise<TargetSearch> {
  const { roots, selfPid, known } = options;
  if (!existsSync(join(roots.proc, 'self')) && !existsSync(join(roots.proc, '1'))) return noProcesses(roots.proc);
  const { seen, skipped } = await observeProcesses(roots, selfPid, known);
  const found = search(options, seen);
  return found.state === 'found' ? { ...found, skipped } : found;
}

function search(options: SearchOptions, seen: readonly ObservedProcess[]): Found | NotFound {
  if (options.cgroupDir !== null) return targetOfCgroup(options, options.cgroupDir, seen);
  if (options.podUid !== null) return targetOfPod(options, options.podUid, seen);
  if (options.pid !== null) return targetByPid(options, seen, options.pid);
  if (options.own) return ownCgroup(options, seen, 'watched because --own was given');
  return chooseTargets(options, seen);
}

/** More than the containers of a pod. If a whole node is watched, the containers with the biggest JVMs come first. */
export const MAX_TARGETS = 64;

function chooseTargets(options: SearchOptions, seen: readonly ObservedProcess[]): Found | NotFound {
  const { roots } = options;
  const inOrder = [...seen].sort(byPrecedence(options.represented));
  const targets: Target[] = [];
  const hidden: ObservedProcess[] = [];
  const refusals: string[] = [];
  for (const jvm of inOrder.filter((s) => s.evidence !== null)) {
    if (targets.length >= MAX_TARGETS) break;
    if (targets.some((t) => t.cgroup.path === jvm.cgroupPath)) continue;
    const located = locate(options, jvm);
    if (located.state === 'located') {
      const more = targetsOfCgroup(roots, located, jvm, seen, locateOr(options, located));
      targets.push(...more.slice(0, MAX_TARGETS - targets.length));
    } else if (located.state === 'denied') hidden.push(jvm);
    else refusals.push(...located.tried);
  }
  const visible = [...targets, ...containersWithoutJvm(options, inOrder, targets)];
  if (options.target !== null) return targetByName(visible, options.target);
  const [chosen] = targets;
  if (chosen !== undefined) return { state: 'found', targets: visible, chosen, notes: notesOn(options, seen, targets, chosen) };
  if (hidden.length > 0) return accessDenied(options.selfPid, hidden[0]!.ref);
  if (refusals.length > 0) return cgroupOutOfReach(refusals[0]!);
  const neighbour = visible[0];
  if (neighbour !== undefined)
    return {
      state: 'found',
      targets: visible,
      chosen: neighbour,
      notes: [`No JVM found; the container of ${neighbour.process?.name ?? 'another process'} is watched`],
    };
  return isAlone(options, seen) ? onlyItself() : ownCgroup(options, seen, null);
}

function notesOn(options: SearchOptions, seen: readonly ObservedProcess[], jvms: readonly Target[], chosen: Target): string[] {
  const notes: string[] = [];
  if (jvms.length > 1)
    notes.push(
      `${jvms.length} JVMs run here (${jvms.map((t) => `pid ${t.process?.pid}`).join(', ')}); the biggest, pid ${chosen.process?.pid}, is chosen; --pid N or --target NAME chooses another`,
    );
  const shared = countSharing(seen, chosen, options.selfPid);
  if (shared > 0)
    notes.push(
      `The cgroup of this JVM holds ${shared} other ${shared === 1 ? 'process' : 'processes'} too: usage counts them all`,
    );
  return [...notes, ...otherJvmNotes(chosen)];
}

/** To locate a group costs more than all the rest of a search. */
function locate({ roots, selfPid, groups }: SearchOptions, process: ObservedProcess): Located {
  const known = groups?.get(process);
  if (known !== undefined) return known;
  const located = locateCgroup(roots, process.ref.pid, selfPid);
  if (located.state === 'located') groups?.set(process, located);
  return located;
}

/** Returns a function that locates the cgroup of a process. If that is not possible, the function returns `otherwise`. */
function locateOr<L extends { readonly cgroup: Target['cgroup']; readonly reach: Target['reach'] }>(
  options: SearchOptions,
  otherwise: L,
) {
  return (process: ObservedProcess): Pick<L, 'cgroup' | 'reach'> => {
    const located = locate(options, process);
    return located.state === 'located' ? located : otherwise;
  };
}

/** Other containers of a pod. On a plain host, where process 1 is an init system, every service would count, so only JVMs are targets. */
function containersWithoutJvm(options: SearchOptions, inOrder: readonly ObservedProcess[], jvms: readonly Target[]): Target[] {
  const first = inOrder.find((s) => s.ref.pid === 1);
  if (first === undefined || !PAUSE_CONTAINERS.has(first.ref.name)) return [];
  const own = inOrder.find((s) => s.ref.pid === options.selfPid)?.cgroupPath ?? null;
  const excluded = new Set([null, own, first.cgroupPath, ...jvms.map((t) => t.cgroup.path)]);
  const found: Target[] = [];
  for (const process of inOrder) {
    if (jvms.length + found.length >= MAX_TARGETS) break;
    if (excluded.has(process.cgroupPath) || process.rssBytes === 0) continue;
    const located = locate(options, process);
    if (located.state !== 'located') continue;
    found.push(makeTarget(options.roots, located, process, inOrder));
    excluded.add(process.cgroupPath);
  }
  return found;
}

/** Names of process 1 in a pod with a shared process namespace. */
const PAUSE_CONTAINERS: ReadonlySet<string> = new Set(['pause', 'catatonit', 'tini', 'podman-init']);

function countSharing(seen: readonly ObservedProcess[], target: Target, selfPid: number): number {
  return seen.filter(
    (s) =>
      s.cgroupPath === target.cgroup.path &&
      s.ref.pid !== target.process?.pid &&
      (target.reach === 'own-cgroup' || s.ref.pid !== selfPid),
  ).length;
}

/** Whether every process of memhound's own cgroup is memhound, a child of it, or a parent of it in this container. */
function isAlone({ selfPid }: SearchOptions, seen: readonly ObservedProcess[]): boolean {
  const byPid = new Map(seen.map((s) => [s.ref.pid, s]));
  const self = byPid.get(selfPid);
  if (self === undefined) return true;
  const ownPids = new Set<number>([selfPid]);
  for (let at: ObservedProcess | undefined = byPid.get(self.ppid); at !== undefined; at = byPid.get(at.ppid))
    ownPids.add(at.ref.pid);
  const descends = (s: ObservedProcess): boolean => {
    for (let at: ObservedProcess | undefined = s; at !== undefined; at = byPid.get(at.ppid))
      if (at.ref.pid === selfPid) return true;
    return false;
  };
  const others = seen.filter(
    (s) => s.cgroupPath === self.cgroupPath && s.rssBytes > 0 && !ownPids.has(s.ref.pid) && !descends(s),
  );
  if (others.length > 0) return false;
  // The whole group is memhound and its ancestors. In a container, process 1 belongs to the group or is the pod's pause process. On a user's
  // machine, process 1 is an init system in another group, and then memhound's own group can be watched.
  const first = byPid.get(1);
  return first === undefined || first.cgroupPath === self.cgroupPath || PAUSE_CONTAINERS.has(first.ref.name);
}
