import { join } from 'node:path';
import { isAbsence, isDenied } from '../process/read-text.ts';
import type { Roots } from '../types.ts';
import { childGroupNames } from './cgroup-files.ts';

/** Maximum depth of a pod's group: kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice; CRI-O and kind add one or two. */
const DEPTH = 6;
/** A node has a few hundred pods at most, and each pod has a few containers. */
const MAX_FOLDERS = 20_000;

/**
 * The memory cgroup of a pod in the node's tree, by the pod's uid: `pod<uid>` with the cgroupfs driver, `kubepods-…-pod<uid>.slice` with
 * the systemd driver, which writes `_` for `-` (Kubernetes, pkg/kubelet/cm). null: there is none under `roots.cgroup`.
 */
export function podCgroup(roots: Roots, uid: string): string | null {
  const names = [uid, uid.replaceAll('-', '_')].map((id) => `pod${id}`);
  let remaining = MAX_FOLDERS;
  // Breadth first: pods are high in the tree, and containers may create many groups below.
  let level = [join(roots.cgroup, 'memory'), roots.cgroup];
  for (let depth = 0; depth <= DEPTH; depth++) {
    const next: string[] = [];
    for (const dir of level) {
      for (const name of folders(dir)) {
        if (--remaining < 0) return null;
        if (names.some((pod) => name === pod || name.endsWith(`-${pod}.slice`))) return join(dir, name);
        next.push(join(dir, name));
      }
    }
    level = next;
  }
  return null;
}

function folders(dir: string): string[] {
  try {
    return childGroupNames(dir);
  } catch (error) {
    // A group may be removed during the walk, and some trees are not readable for every user.
    if (isAbsence(error) || isDenied(error)) return [];
    throw error;
  }
}
