import { mountsIn } from '../process/mountinfo.ts';

/** One line of /proc/PID/mountinfo that is a cgroup mount. */
export interface CgroupMount {
  readonly version: 1 | 2;
  /** v1: its controllers, e.g. ["memory"]; v2: empty. */
  readonly controllers: readonly string[];
  /** Field 4: the group that is mounted, relative to the reader's cgroup namespace. It may begin with /.. */
  readonly root: string;
  readonly mountPoint: string;
}

/** The cgroup mounts, newest first, because a later mount hides an earlier one on the same mount point. Pure. */
export function parseCgroupMounts(text: string): CgroupMount[] {
  return mountsIn(text)
    .flatMap(({ type, root, point: mountPoint, systemOptions }): CgroupMount[] => {
      if (type === 'cgroup2') return [{ version: 2, controllers: [], root, mountPoint }];
      return type === 'cgroup' ? [{ version: 1, controllers: systemOptions, root, mountPoint }] : [];
    })
    .reverse();
}

/** The cgroup paths of a process, from /proc/PID/cgroup: the v1 memory path if there is one, and the v2 path. Pure. */
export function parseProcCgroup(text: string): { readonly v1Memory: string | null; readonly v2: string | null } {
  let v1Memory: string | null = null;
  let v2: string | null = null;
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    if (match[1] === '0' && match[2] === '') v2 = match[3]!;
    else if (match[2]!.split(',').includes('memory')) v1Memory = match[3]!;
  }
  return { v1Memory, v2 };
}

/**
 * The directory of group `path` relative to a mount whose root is group `root`; null: not under this mount. Both are relative to the same
 * namespace, so a common prefix of /.. is removed.
 */
export function belowMount(path: string, root: string): string | null {
  if (path === root) return '';
  if (root === '/') return path.startsWith('/..') ? null : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}
