import type { ProcessRef } from '../types.ts';
import type { TargetSearch } from './search-outcome.ts';

/** Results of a search that finds nothing to watch, with the lines of YAML that solve it. */

export type NoTarget = Extract<TargetSearch, { state: 'no-target' }>;
export type Refused = Extract<TargetSearch, { state: 'refused' }>;

export const refused = (exit: 1 | 2, reason: string, remediation: string | null = null): Refused => ({
  state: 'refused',
  exit,
  remediation,
  reason,
});

export const noProcesses = (procRoot: string): Refused =>
  refused(
    1,
    `${procRoot} holds no processes: memhound reads the Linux kernel's /proc and cgroups, found ${process.platform}; run it in the pod, in a Linux VM, or use \`memhound analyze FILE\``,
  );

export const onlyItself = (): NoTarget => ({
  state: 'no-target',
  reason:
    'memhound sees only itself. Add shareProcessNamespace: true to the pod and run memhound with the uid and gid of the app',
  remediation: SHARE_PROCESS_NAMESPACE,
});

export const cgroupOutOfReach = (why: string): NoTarget => ({
  state: 'no-target',
  reason: `A JVM is in sight, but its cgroup cannot be reached: ${why}`,
  remediation: HOST_MOUNT,
});

/** A JVM that is visible but cannot be read. Its status shows the uid and gid that memhound needs. */
export function accessDenied(selfPid: number, { uid, gid, pid }: ProcessRef): NoTarget {
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
export const HOST_MOUNT = `volumes:                    # of the pod; read-only, and never as root
  - name: cgroup
    hostPath: { path: /sys/fs/cgroup }
`;
