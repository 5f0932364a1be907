import { containerId, shortId, slug } from '../cgroup/container-id.ts';
import type { CgroupRef, Reach, Roots, Target } from '../types.ts';
import type { ObservedProcess } from './observed-processes.ts';
import { identify, identifyByProcess, instanceOf } from './target-identity.ts';

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

/** A container may run dozens of JVMs, as a build does: so many of them are targets. */
const MAX_JVMS = 6;

/** The target of a cgroup, and one for each other JVM in it: each has a heap of its own. Those that started first come first. */
export function targetsOfCgroup(
  roots: Roots,
  located: { readonly cgroup: CgroupRef; readonly reach: Reach },
  first: ObservedProcess | null,
  others: readonly ObservedProcess[],
  // A cgroup that is reached through its first process is lost when that one ends.
  locate: (jvm: ObservedProcess) => typeof located = () => located,
): [Target, ...Target[]] {
  const main = makeTarget(roots, located, first, others);
  const beside = others
    .filter((o) => o.evidence !== null && o.cgroupPath === located.cgroup.path && o.ref.pid !== first?.ref.pid)
    .sort((a, b) => a.ref.startTicks - b.ref.startTicks)
    .slice(0, MAX_JVMS - 1);
  return [
    main,
    ...beside.map((jvm) => ({
      ...makeTarget(roots, locate(jvm), jvm, others),
      id: `${main.id}-${jvm.ref.pid}`,
      identity: identifyByProcess(jvm),
    })),
  ];
}

/** What a person must know of a target whose cgroup holds several JVMs. */
export const otherJvmNotes = ({ otherJvms, process }: Target): string[] =>
  otherJvms.length === 0
    ? []
    : [
        `Another JVM is in this cgroup (${otherJvms.map((o) => `pid ${o.pid}, ${o.name}`).join('; ')}): heap figures are those of pid ${process?.pid} alone; --pid N chooses another`,
      ];

/**
 * In which order processes are taken to stand for their cgroup: JVMs first; among them those that did so already, in their order, as long
 * as they run; then the biggest. Which is the biggest changes while they run, so it counts only for a cgroup that is new.
 */
export function byPrecedence(represented: ReadonlySet<string>): (a: ObservedProcess, b: ObservedProcess) => number {
  const ranks = new Map([...represented].map((instance, rank) => [instance, rank]));
  const rankOf = ({ cgroupPath, ref }: ObservedProcess): number =>
    (cgroupPath === null ? undefined : ranks.get(instanceOf(cgroupPath, ref))) ?? ranks.size;
  return (a, b) => Number(b.evidence !== null) - Number(a.evidence !== null) || rankOf(a) - rankOf(b) || b.rssBytes - a.rssBytes;
}
