import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { bytesText, safeName } from '../../format.ts';
import { locateCgroup } from '../cgroup/locate-cgroup.ts';
import { podCgroup } from '../cgroup/pod-cgroup.ts';
import { isDenied, readText } from '../process/read-text.ts';
import type { CgroupRef, Roots, Target } from '../types.ts';
import { byPrecedence, otherJvmNotes, targetsOfCgroup } from './make-target.ts';
import type { ObservedProcess } from './observed-processes.ts';
import { accessDenied, HOST_MOUNT, refused } from './refusals.ts';
import type { Found, NotFound, SearchOptions } from './search-outcome.ts';
import { identifyByCgroup } from './target-identity.ts';

/** Targets that an option names: a process, a container, a pod, a folder of the cgroup tree, or memhound's own cgroup. */

const MOST_NAMED = 10;

/** "JVMs in sight: 1, 7 and 3,998 more" */
function inSightText(jvms: readonly number[]): string {
  if (jvms.length === 0) return 'no JVM is in sight';
  const more = jvms.length - MOST_NAMED;
  return `JVMs in sight: ${jvms.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}`;
}

/** --pid N */
export function targetByPid(options: SearchOptions, seen: readonly ObservedProcess[], pid: number): Found | NotFound {
  const process = seen.find((s) => s.ref.pid === pid);
  if (process === undefined) {
    const jvms = seen.filter((s) => s.evidence !== null).map((s) => s.ref.pid);
    return refused(2, `--pid ${pid}: there is no such process here; ${inSightText(jvms)}`);
  }
  const located = locateCgroup(options.roots, pid, options.selfPid);
  if (located.state === 'denied') return accessDenied(options.selfPid, process.ref);
  if (located.state === 'refused')
    return refused(
      1,
      `--pid ${pid}: its memory cgroup cannot be reached: ${located.tried[0] ?? 'no cgroup mount in sight'}`,
      HOST_MOUNT,
    );
  const targets = targetsOfCgroup(options.roots, located, process, seen);
  const [chosen] = targets;
  const notes =
    chosen.jvm === null ? [`pid ${pid} (${safeName(process.ref.name)}) is no JVM; its cgroup is watched all the same`] : [];
  return { state: 'found', targets, chosen, notes: [...notes, ...otherJvmNotes(chosen)] };
}

/** --target NAME: a visible target, by its id, container or name. */
export function targetByName(targets: readonly Target[], name: string): Found | NotFound {
  const chosen =
    targets.find((t) => t.id === name || t.identity.name === name) ??
    targets.find(
      (t) =>
        t.process?.name === name ||
        (t.container !== null && name.startsWith(t.container)) ||
        (name.length >= 4 && t.container?.startsWith(name)),
    );
  if (chosen === undefined) {
    const known = targets.map((t) => `${t.id} (${t.identity.name})`);
    return refused(
      2,
      `--target ${safeName(name)}: there is no such target; ${known.length === 0 ? 'none is in sight' : `in sight: ${known.join(', ')}`}`,
    );
  }
  return { state: 'found', targets, chosen, notes: [] };
}

/** --pod-uid UID */
export function targetOfPod(options: SearchOptions, uid: string, seen: readonly ObservedProcess[]): Found | NotFound {
  const dir = podCgroup(options.roots, uid);
  if (dir !== null) return targetOfCgroup(options, dir, seen);
  return refused(
    1,
    `--pod-uid ${uid}: expected the pod's memory cgroup under ${options.roots.cgroup} (a folder pod${uid}, or one ending in -pod${uid.replaceAll('-', '_')}.slice); there is none`,
    HOST_MOUNT,
  );
}

/** --cgroup DIR */
export function targetOfCgroup(options: SearchOptions, dir: string, seen: readonly ObservedProcess[]): Found | NotFound {
  const version = existsSync(join(dir, 'memory.current')) ? 2 : existsSync(join(dir, 'memory.usage_in_bytes')) ? 1 : null;
  if (version === null) {
    const found = existsSync(dir) ? 'neither is there' : 'there is no such directory';
    return refused(
      2,
      `--cgroup ${safeName(dir)}: expected a memory cgroup, with memory.current (v2) or memory.usage_in_bytes (v1); ${found}`,
    );
  }
  try {
    readText(join(dir, 'memory.stat'));
  } catch (error) {
    if (!isDenied(error)) throw error;
    return refused(1, `--cgroup ${safeName(dir)}: memory.stat may not be read by uid ${process.getuid?.() ?? -1}`);
  }
  const procs = new Set((readText(join(dir, 'cgroup.procs')) ?? '').split('\n').map(Number));
  const members = seen.filter((s) => procs.has(s.ref.pid));
  const [first = null] = [...members].sort(byPrecedence(options.represented));
  const cgroup: CgroupRef = {
    version,
    path: first?.cgroupPath ?? pathOf(options.roots, version, dir),
    dir: dir.replace(/\/+$/, ''),
  };
  const targets = targetsOfCgroup(options.roots, { cgroup, reach: 'explicit' }, first, members);
  const [chosen] = targets;
  const notes =
    first === null ? ['No process of this cgroup is in sight: its memory is watched without processes, files or JVM'] : [];
  return { state: 'found', targets, chosen, notes: [...notes, ...otherJvmNotes(chosen)] };
}

/** The kernel's name of the cgroup in /proc/PID/cgroup, so that it is recognised after its processes have ended. */
function pathOf({ cgroup }: Roots, version: 1 | 2, dir: string): string {
  const mount = version === 1 ? join(cgroup, 'memory') : cgroup;
  const path = relative(mount, resolve(dir));
  return path === '' || path.startsWith('..') ? `/${basename(dir)}` : `/${path}`;
}

/** --own, or the case that nothing else is visible (`why` is null). */
export function ownCgroup(options: SearchOptions, seen: readonly ObservedProcess[], why: string | null): Found | NotFound {
  const located = locateCgroup(options.roots, options.selfPid, options.selfPid);
  const self = seen.find((s) => s.ref.pid === options.selfPid);
  if (located.state !== 'located' || self === undefined) {
    const tried = located.state === 'refused' ? located.tried[0] : 'permission denied';
    return refused(
      1,
      `no memory cgroup can be read here: ${tried ?? `no cgroup mount in sight under ${options.roots.cgroup}`}; mount one, or use \`memhound analyze FILE\``,
    );
  }
  const members = seen.filter((s) => s.cgroupPath === located.cgroup.path);
  // Users want a process other than memhound.
  const [first = self] = members.filter((s) => s.ref.pid !== options.selfPid).sort(byPrecedence(options.represented));
  const [main, ...beside] = targetsOfCgroup(options.roots, { cgroup: located.cgroup, reach: 'own-cgroup' }, first, members);
  const chosen = first.evidence === null ? { ...main, identity: identifyByCgroup(options.roots, located.cgroup, first) } : main;
  const targets: [Target, ...Target[]] = [chosen, ...beside];
  const rest = members.length - 1;
  const size =
    located.cgroup.path === '/' ? 'the root cgroup, that is the whole machine' : `its own cgroup ${located.cgroup.path}`;
  const note =
    why ??
    `No JVM found; memhound watches ${size}, which it shares with ${rest} other ${rest === 1 ? 'process' : 'processes'} (biggest: ${safeName(first.ref.name)}, ${bytesText(first.rssBytes)})`;
  return { state: 'found', targets, chosen, notes: [note] };
}
