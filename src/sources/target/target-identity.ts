import { join } from 'node:path';
import { slug } from '../cgroup/container-id.ts';
import { kubernetesContainerName } from '../cgroup/container-name.ts';
import { readMountinfo } from '../process/mountinfo.ts';
import type { CgroupRef, ProcessRef, Roots, TargetIdentity } from '../types.ts';
import type { ObservedProcess } from './observed-processes.ts';

/** Maximum length of a name. Names come from the container, so they are cut, and characters that need escaping are replaced. */
const MAX_NAME = 120;

/** The identity of a target, from the strongest name that can be read. It stays the same through restarts, and does not depend on sizes or order. */
export function identify(roots: Roots, cgroup: CgroupRef, process: IdentifiedProcess | null): TargetIdentity {
  if (process === null) return cgroupIdentity(cgroup);
  const byProcess = identifyByProcess(process);
  const container = containerNameOf(roots, process.ref.pid);
  return container === null ? byProcess : { ...byProcess, source: 'container-name', name: container };
}

/** The identity of a cgroup that is watched for itself, whichever of its processes is the biggest: the container's name, or its path. */
export function identifyByCgroup(roots: Roots, cgroup: CgroupRef, { ref }: IdentifiedProcess): TargetIdentity {
  const container = containerNameOf(roots, ref.pid);
  const byPath = cgroupIdentity(cgroup);
  return container === null ? byPath : { ...byPath, source: 'container-name', name: container };
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

/** Identifies one container instance: the kernel never uses a pid with the same start time twice. It is also the epoch of its samples. */
export const instanceOf = (cgroupPath: string, process: ProcessRef | null): string =>
  `${cgroupPath}|${process === null ? '-' : `${process.pid}:${process.startTicks}`}`;

const cgroupIdentity = ({ path }: CgroupRef): TargetIdentity => ({
  kind: 'cgroup',
  source: 'cgroup-path',
  name: slug(path),
  mainClass: null,
});

const containerNameOf = (roots: Roots, pid: number): string | null =>
  kubernetesContainerName(readMountinfo(join(roots.proc, String(pid))));

const plain = (name: string): string => name.replace(/[^\w.$-]+/g, '-').slice(-MAX_NAME) || 'unnamed';

/** Longer numbers would lose their last digits; no pid and no start time has so many. */
const INSTANCE = /^(.*)\|(?:-|(\d{1,15}):(\d{1,15}))$/s;

/** The inverse of `instanceOf`; null: the epoch is from a recording or from another program. */
export function parseInstance(
  instance: string,
): { readonly cgroupPath: string; readonly process: { readonly pid: number; readonly startTicks: number } | null } | null {
  const match = INSTANCE.exec(instance);
  if (match === null) return null;
  const [, cgroupPath = '', pid, startTicks] = match;
  return { cgroupPath, process: pid === undefined ? null : { pid: Number(pid), startTicks: Number(startTicks) } };
}
