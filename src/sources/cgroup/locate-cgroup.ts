import { readlinkSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { mountinfoText } from '../process/mountinfo.ts';
import { isAbsence, isDenied, readText } from '../process/read-text.ts';
import { mountsOf } from '../process/remote-mounts.ts';
import type { CgroupRef, Reach, Roots } from '../types.ts';
import { childGroupNames, fileSystemType, readCgroupText } from './cgroup-files.ts';
import { limitFilesAbove } from './limits-above.ts';
import { belowMount, type CgroupMount, parseCgroupMounts, parseProcCgroup } from './mountinfo.ts';

/** Magic numbers of statfs(2), linux/magic.h. */
const CGROUP_MAGIC = 0x27e0eb;
const CGROUP2_MAGIC = 0x63677270;
const PROC_MAGIC = 0x9fa0;

export type Located =
  | { readonly state: 'located'; readonly cgroup: CgroupRef; readonly reach: Reach }
  /** `denied`: memhound has no permission to read the process. `refused`: no way works; `tried` has the reason for each. */
  | { readonly state: 'denied' }
  | { readonly state: 'refused'; readonly tried: readonly string[] };

/** The memory cgroup of a process, by the kernel's name; null: the process has ended, or there is no memory controller. */
export function memoryGroup(procRoot: string, pid: number): { readonly version: 1 | 2; readonly path: string } | null {
  const text = readText(join(procRoot, String(pid), 'cgroup'));
  if (text === null) return null;
  const { v1Memory, v2 } = parseProcCgroup(text);
  // A hybrid hierarchy lists both versions. The memory controller is on v1 if a v1 line names it.
  if (v1Memory !== null) return { version: 1, path: v1Memory };
  return v2 === null ? null : { version: 2, path: v2 };
}

/**
 * Finds a directory in which the memory cgroup of `pid` can be read, and checks that it is the right one: it is on a cgroup file system, and
 * the process is listed in it or below it. The path is built from the mount and the group, never guessed: /sys/fs/cgroup in the sidecar is
 * the sidecar's own group, and without a cgroup namespace /proc/PID/root/sys/fs/cgroup is the root group.
 */
export function locateCgroup(roots: Roots, pid: number, selfPid: number): Located {
  const group = memoryGroup(roots.proc, pid);
  if (group === null) return { state: 'refused', tried: [`pid ${pid} has no memory cgroup`] };
  const tried: string[] = [];
  let denied = false;
  const mounts = readMounts(roots.proc, pid).filter(
    (m) => m.version === group.version && (m.version === 2 || m.controllers.includes('memory')),
  );
  for (const mount of mounts) {
    const below = belowMount(group.path, mount.root);
    if (below === null) continue;
    const root = join(roots.proc, String(pid), 'root');
    const dir = normalisePath(join(root, mount.mountPoint, below));
    if (mountsOf(root).isRemotePath(join(mount.mountPoint, below))) {
      tried.push(`${dir}: is covered by a mount that may never answer`);
      continue;
    }
    const wrong = refusalReason(roots, dir, group.version, pid);
    if (wrong === null) {
      const reach = reachOf(roots, pid, selfPid, group.path);
      return { state: 'located', cgroup: { ...group, dir: withGroupsAbove(roots, { ...group, dir }, pid) }, reach };
    }
    if (wrong === 'denied') denied = true;
    else tried.push(`${dir}: ${wrong}`);
  }
  const host = throughHostMount(roots, group, pid, tried);
  if (host !== null) return { state: 'located', cgroup: { ...group, dir: host.dir }, reach: host.reach };
  return denied ? { state: 'denied' } : { state: 'refused', tried };
}

/** The reason why `dir` is not the group of `pid`; null: it is. */
function refusalReason(roots: Roots, dir: string, version: 1 | 2, pid: number): string | 'denied' | null {
  try {
    if (isRealProc(roots.proc)) {
      const type = fileSystemType(dir);
      if (type !== (version === 1 ? CGROUP_MAGIC : CGROUP2_MAGIC))
        return `is no cgroup v${version} file system (statfs type 0x${type.toString(16)})`;
    }
    return containsPid(dir, pid, 3) ? null : `does not list pid ${pid} in cgroup.procs`;
  } catch (error) {
    if (isDenied(error)) return 'denied';
    if (isAbsence(error)) return 'is not there';
    return (error as Error).message;
  }
}

/** False for a captured tree in a test, where statfs of the directories means nothing. */
const isRealProc = (procRoot: string): boolean => statfsSync(procRoot).type === PROC_MAGIC;

function containsPid(dir: string, pid: number, depth: number): boolean {
  const procs = readCgroupText(join(dir, 'cgroup.procs'));
  if (procs === null) return false;
  if (procs.split('\n').includes(String(pid))) return true;
  return depth > 0 && childGroups(dir).some((child) => containsPid(child, pid, depth - 1));
}

const childGroups = (dir: string): string[] => childGroupNames(dir).map((name) => join(dir, name));

function readMounts(procRoot: string, pid: number | 'self'): CgroupMount[] {
  const text = mountinfoText(join(procRoot, String(pid)));
  return text === null ? [] : parseCgroupMounts(text);
}

/** The group's directory under memhound's own cgroup root: a hostPath mount, or a plain host's /sys/fs/cgroup if the process cannot be read. */
function throughHostMount(
  roots: Roots,
  group: { version: 1 | 2; path: string },
  pid: number,
  tried: string[],
): { dir: string; reach: Reach } | null {
  const bases =
    group.version === 1 ? [join(roots.cgroup, 'memory'), roots.cgroup] : [roots.cgroup, join(roots.cgroup, 'unified')];
  const leaf = group.path.split('/').pop() ?? '';
  for (const base of bases) {
    const candidates = group.path.startsWith('/..') ? findByName(base, leaf, 5) : [normalisePath(join(base, group.path))];
    for (const dir of candidates) {
      const wrong = refusalReason(roots, dir, group.version, pid);
      if (wrong === null) return { dir, reach: 'host-mount' };
      if (wrong !== 'denied' && wrong !== 'is not there') tried.push(`${dir}: ${wrong}`);
    }
  }
  return null;
}

/**
 * The folder of the same group that shows the groups above it too, since a limit may be theirs: a container with a cgroup namespace shows
 * none, and memhound's own tree may.
 */
function withGroupsAbove(roots: Roots, group: CgroupRef, pid: number): string {
  if (limitFilesAbove(group).length > 0) return group.dir;
  const dir = throughHostMount(roots, group, pid, [])?.dir;
  return dir !== undefined && limitFilesAbove({ ...group, dir }).length > 0 ? dir : group.dir;
}

/** Groups named `leaf` below `base`. From inside a cgroup namespace, the kernel shows only the last names of a path outside it. */
function findByName(base: string, leaf: string, depth: number): string[] {
  if (leaf === '' || depth === 0) return [];
  let children: string[];
  try {
    children = childGroups(base);
  } catch (error) {
    if (isAbsence(error) || isDenied(error)) return [];
    throw error;
  }
  return children.flatMap((child) => (child.endsWith(`/${leaf}`) ? [child] : findByName(child, leaf, depth - 1)));
}

/** How the process is reached. Another mount namespace is another container; the same cgroup is memhound's own; else it is a plain host. */
function reachOf(roots: Roots, pid: number, selfPid: number, path: string): Reach {
  if (namespaceOf(roots, pid) !== namespaceOf(roots, selfPid)) return 'shared-pid-namespace';
  return memoryGroup(roots.proc, selfPid)?.path === path ? 'own-cgroup' : 'same-namespace';
}

function namespaceOf(roots: Roots, pid: number): string | null {
  try {
    return readlinkSync(join(roots.proc, String(pid), 'ns', 'mnt'));
  } catch (error) {
    if (isAbsence(error) || isDenied(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return null;
    throw error;
  }
}

const normalisePath = (path: string): string => path.replace(/\/+$/, '');
