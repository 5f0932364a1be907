import { join } from 'node:path';
import { slug } from '../cgroup/container-id.ts';
import { kubernetesContainerName } from '../cgroup/container-name.ts';
import { isDenied, readText } from '../process/read-text.ts';
import type { CgroupRef, ProcessRef, Roots, TargetIdentity } from '../types.ts';
import type { ObservedProcess } from './observed-processes.ts';

/** Names come from the container: this much of them is taken, and nothing that must be escaped. */
const MAX_NAME = 120;

/** Who a target is, by the strongest name that can be read. It outlives restarts; sizes and the order of a search play no part. */
export function identify(roots: Roots, cgroup: CgroupRef, process: IdentifiedProcess | null): TargetIdentity {
  if (process === null) return { kind: 'cgroup', source: 'cgroup-path', name: slug(cgroup.path), mainClass: null };
  const byProcess = identifyByProcess(process);
  const container = containerNameOf(roots, process.ref.pid);
  return container === null ? byProcess : { ...byProcess, source: 'container-name', name: container };
}

/** The same without the container's name, which belongs to the first of several JVMs in a container. */
export function identifyByProcess({ ref, evidence, mainClass: read }: IdentifiedProcess): TargetIdentity {
  const kind = evidence === null ? 'process' : 'jvm';
  const mainClass = read === null ? null : plain(read);
  if (mainClass !== null) return { kind, source: 'main-class', name: mainClass, mainClass };
  return { kind, source: 'process-name', name: plain(ref.name), mainClass };
}

type IdentifiedProcess = Pick<ObservedProcess, 'ref' | 'evidence' | 'mainClass'>;

export const isSameIdentity = (a: TargetIdentity, b: TargetIdentity): boolean =>
  a.kind === b.kind && a.source === b.source && a.name === b.name;

/** One run of a target's process: a pair that the kernel never gives twice. It is also the epoch of its samples. */
export const instanceOf = (cgroupPath: string, process: ProcessRef | null): string =>
  `${cgroupPath}|${process === null ? '-' : `${process.pid}:${process.startTicks}`}`;

function containerNameOf(roots: Roots, pid: number): string | null {
  try {
    return kubernetesContainerName(readText(join(roots.proc, String(pid), 'mountinfo')) ?? '');
  } catch (error) {
    if (isDenied(error)) return null;
    throw error;
  }
}

const plain = (name: string): string => name.replace(/[^\w.$-]+/g, '-').slice(-MAX_NAME) || 'unnamed';

/** What `instanceOf` has written; null: the epoch of a recording or of another program. */
export function parseInstance(
  instance: string,
): { readonly cgroupPath: string; readonly process: { readonly pid: number; readonly startTicks: number } | null } | null {
  const match = /^(.*)\|(?:-|(\d+):(\d+))$/s.exec(instance);
  if (match === null) return null;
  const [, cgroupPath = '', pid, startTicks] = match;
  return { cgroupPath, process: pid === undefined ? null : { pid: Number(pid), startTicks: Number(startTicks) } };
}
