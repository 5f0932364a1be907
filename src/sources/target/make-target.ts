import { containerId, shortId, slug } from '../cgroup/container-id.ts';
import type { CgroupRef, Reach, Roots, Target } from '../types.ts';
import type { ObservedProcess } from './observed-processes.ts';
import { identify, instanceOf } from './target-identity.ts';

/** The target of a cgroup for which `process` stands; `others`: the other processes of the search, of which those in this cgroup are named. */
export function makeTarget(
  roots: Roots,
  { cgroup, reach }: { readonly cgroup: CgroupRef; readonly reach: Reach },
  process: ObservedProcess | null,
  others: readonly ObservedProcess[],
): Target {
  const container = containerId(cgroup.path);
  const ref = process?.ref ?? null;
  return {
    id: container === null ? slug(cgroup.path) : shortId(container),
    container: container === null ? null : shortId(container),
    identity: identify(roots, cgroup, process),
    process: ref,
    otherJvms: others
      .filter((o) => o.evidence !== null && o.cgroupPath === cgroup.path && o.ref.pid !== ref?.pid)
      .map((o) => ({ pid: o.ref.pid, name: o.mainClass ?? o.ref.name })),
    reach,
    cgroup,
    jvm: process?.evidence == null ? null : { evidence: process.evidence },
  };
}

/** What a person must know of a target whose cgroup holds several JVMs. */
export const otherJvmNotes = ({ otherJvms, process }: Target): string[] =>
  otherJvms.length === 0
    ? []
    : [
        `Another JVM is in this cgroup (${otherJvms.map((o) => `pid ${o.pid}, ${o.name}`).join('; ')}): heap figures are those of pid ${process?.pid} alone; --pid N chooses another`,
      ];

/**
 * In which order processes are taken to stand for their cgroup: JVMs first; among them one that does so already, as long as it runs;
 * then the biggest. Which is the biggest changes while they run, so it counts only for a cgroup that is new.
 */
export const byPrecedence =
  (represented: ReadonlySet<string>) =>
  (a: ObservedProcess, b: ObservedProcess): number =>
    Number(b.evidence !== null) - Number(a.evidence !== null) ||
    Number(stands(represented, b)) - Number(stands(represented, a)) ||
    b.rssBytes - a.rssBytes;

const stands = (represented: ReadonlySet<string>, { cgroupPath, ref }: ObservedProcess): boolean =>
  cgroupPath !== null && represented.has(instanceOf(cgroupPath, ref));
