import { bounded } from '../../plausible.ts';
import { containerId, shortId, slug } from '../cgroup/container-id.ts';
import type { CgroupRef, Reach, Roots, Target } from '../types.ts';
import type { ObservedProcess } from './observed-processes.ts';
import { identify, identifyByProcess, instanceOf } from './target-identity.ts';

/** Of the other JVMs in a cgroup, so many are named in each answer, the biggest first. A container can start thousands. */
const MAX_NAMED_JVMS = 16;

/** The target of the cgroup that `process` represents. `others`: all processes of the search; JVMs among them in the same cgroup are named. */
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
      .slice(0, MAX_NAMED_JVMS)
      .map((o) => ({ pid: o.ref.pid, name: bounded(o.mainClass ?? o.ref.name) })),
    reach,
    cgroup,
    jvm: process?.evidence == null ? null : { evidence: process.evidence },
  };
}

/** Maximum of JVMs of one container that become targets. A build may run dozens. */
const MAX_JVMS = 6;

/** The target of a cgroup, and one for each other JVM in it, because each has a separate heap. The oldest JVMs come first. */
export function targetsOfCgroup(
  roots: Roots,
  located: { readonly cgroup: CgroupRef; readonly reach: Reach },
  first: ObservedProcess | null,
  others: readonly ObservedProcess[],
  // If a cgroup is reached through its first process, it is no longer reachable after that process has ended.
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

/** Note for users about a target whose cgroup has several JVMs. */
export const otherJvmNotes = ({ otherJvms, process }: Target): string[] =>
  otherJvms.length === 0
    ? []
    : [
        `Another JVM is in this cgroup (${otherJvms.map((o) => `pid ${o.pid}, ${o.name}`).join('; ')}): heap figures are those of pid ${process?.pid} alone; --pid N chooses another`,
      ];

/**
 * The order in which processes represent their cgroup. JVMs come first; among them those that already represent it, in their order, while
 * they run; then the biggest. The biggest changes while they run, so size decides only for a new cgroup.
 */
export function byPrecedence(represented: ReadonlySet<string>): (a: ObservedProcess, b: ObservedProcess) => number {
  const ranks = new Map([...represented].map((instance, rank) => [instance, rank]));
  const rankOf = ({ cgroupPath, ref }: ObservedProcess): number =>
    (cgroupPath === null ? undefined : ranks.get(instanceOf(cgroupPath, ref))) ?? ranks.size;
  return (a, b) => Number(b.evidence !== null) - Number(a.evidence !== null) || rankOf(a) - rankOf(b) || b.rssBytes - a.rssBytes;
}
