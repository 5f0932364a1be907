import { instanceOf, isSameIdentity, parseInstance } from '../sources/target/target-identity.ts';
import type { Target, TargetIdentity } from '../sources/types.ts';

/** A history that a target may continue: of a watched container, or in a folder of an earlier memhound. */
export interface KnownHistory {
  readonly key: string;
  /** null: a folder of version 0.1, which has no owner. */
  readonly identity: TargetIdentity | null;
  /** `instanceOf` its newest target; null: not known. */
  readonly instance: string | null;
  /** The process of that instance still runs. */
  readonly alive: boolean;
  /** True: this memhound watches it. False: a folder of an earlier memhound. */
  readonly watching: boolean;
}

/**
 * Finds the history that each target continues. A target that is not in the result begins a new one. The order and sizes of `found` do not matter.
 *
 * 1. The same process, or another one of a container whose process still runs.
 * 2. Where several JVMs share a cgroup: the same main class, if the process of the history has ended.
 *    Else the same cgroup, if another program of the same kind has replaced one that ended: it is one container. Only for histories that are
 *    watched now, because a path may be used again.
 * 3. The same identity, if the process of the history has ended. If several are equal, the first started target continues the first history.
 * 4. A folder of version 0.1, which is named by kind, if there is only one such folder and only one target that it can belong to.
 */
export function matchHistories<H extends KnownHistory>(known: readonly H[], found: readonly Target[]): Map<Target, H> {
  const matched = new Map<Target, H>();
  const free = new Set([...known].sort(byStart));
  const targets = [...found].sort((a, b) => startTicks(a) - startTicks(b));
  const matchEach = (isFor: (history: H, target: Target) => boolean): void => {
    for (const target of targets) {
      if (matched.has(target)) continue;
      for (const history of free) {
        if (!isFor(history, target)) continue;
        matched.set(target, history);
        free.delete(history);
        break;
      }
    }
  };
  matchEach(
    (history, target) => history.instance === instanceOf(target.cgroup.path, target.process) && !becameJvm(history, target),
  );
  const shared = groupsOfSeveralJvms(known, found);
  const isShared = (target: Target): boolean => shared.has(target.cgroup.path);
  matchEach(
    (history, target) => isShared(target) && !history.alive && isSameProgram(history, target) && isSameGroup(history, target),
  );
  matchEach((history, target) => isShared(target) && !history.alive && isSameProgram(history, target));
  matchEach((history, target) => !isShared(target) && history.alive && isSameGroup(history, target));
  matchEach((history, target) => !isShared(target) && history.watching && !history.alive && isSameGroup(history, target));
  matchEach(
    (history, target) => !history.alive && history.identity !== null && isSameIdentity(history.identity, target.identity),
  );
  for (const [target, history] of unambiguousV1Folders(
    [...free],
    targets.filter((t) => !matched.has(t)),
  ))
    matched.set(target, history);
  return matched;
}

/** The instances of stored histories in order of precedence: those that stood for their container, then those that started first. */
export function instancesInOrder(stored: readonly Pick<KnownHistory, 'identity' | 'instance'>[]): ReadonlySet<string> {
  const isMain = ({ identity }: Pick<KnownHistory, 'identity'>): number => Number(identity?.source === 'container-name');
  const inOrder = [...stored].sort((a, b) => isMain(b) - isMain(a) || startOf(a) - startOf(b));
  return new Set(inOrder.flatMap(({ instance }) => (instance === null ? [] : [instance])));
}

/** The readable name of a new target's history, and of its folder: `jvm-orders`. */
export function historyKey({ kind, name }: TargetIdentity, taken: ReadonlySet<string>): string {
  const base = `${kind === 'jvm' ? 'jvm-' : ''}${slug(name)}`;
  let key = base;
  for (let n = 2; taken.has(key); n++) key = `${base}-${n}`;
  return key;
}

/** Folders of version 0.1 that more than one target could own, or of which there are several. */
export function ambiguousV1Folders(left: readonly KnownHistory[], unmatched: readonly Target[]): string[] {
  const names = new Set(unmatched.map(v1Name));
  return left.filter((history) => history.identity === null && names.has(v1BaseName(history.key))).map(({ key }) => key);
}

function unambiguousV1Folders<H extends KnownHistory>(left: readonly H[], targets: readonly Target[]): [Target, H][] {
  return targets.flatMap((target): [Target, H][] => {
    const name = v1Name(target);
    const folders = left.filter((h) => h.identity === null && !h.alive && v1BaseName(h.key) === name);
    const owners = targets.filter((t) => v1Name(t) === name);
    return folders.length === 1 && owners.length === 1 ? [[target, folders[0]!]] : [];
  });
}

/** Name of a target's folder in version 0.1. It added `-2`, `-3` ... in the order of a search. */
const v1Name = ({ jvm, process }: Target): string => (jvm !== null ? 'jvm' : slug(process?.name ?? 'cgroup').slice(0, 24));
const v1BaseName = (key: string): string => key.replace(/-\d+$/, '');

const isSameGroup = ({ identity, instance }: KnownHistory, target: Target): boolean =>
  identity?.kind === target.identity.kind && instance !== null && parseInstance(instance)?.cgroupPath === target.cgroup.path;

/** Cgroups in which several JVMs run: there, a JVM that ended is replaced by one with the same program, not by any other. */
function groupsOfSeveralJvms(known: readonly KnownHistory[], found: readonly Target[]): ReadonlySet<string> {
  const jvms = new Map<string, Set<string>>();
  const add = (path: string, instance: string) => jvms.set(path, (jvms.get(path) ?? new Set()).add(instance));
  for (const { cgroup, process, jvm } of found) if (jvm !== null) add(cgroup.path, instanceOf(cgroup.path, process));
  for (const { identity, instance, alive } of known)
    if (alive && identity?.kind === 'jvm' && instance !== null) add(parseInstance(instance)?.cgroupPath ?? '', instance);
  return new Set([...jvms].flatMap(([path, instances]) => (instances.size > 1 ? [path] : [])));
}

const isSameProgram = ({ identity }: KnownHistory, target: Target): boolean =>
  identity !== null && identity.mainClass !== null && identity.mainClass === target.identity.mainClass;

/** The same process with another program: a shell that has executed its JVM. */
const becameJvm = (history: KnownHistory, target: Target): boolean =>
  history.identity !== null && history.identity.kind !== 'jvm' && target.identity.kind === 'jvm';

const startTicks = ({ process }: Target): number => process?.startTicks ?? 0;
const byStart = (a: KnownHistory, b: KnownHistory): number => startOf(a) - startOf(b) || (a.key < b.key ? -1 : 1);
const startOf = ({ instance }: Pick<KnownHistory, 'instance'>): number =>
  (instance === null ? null : parseInstance(instance)?.process)?.startTicks ?? 0;

const MAX_SLUG = 60;
const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-MAX_SLUG)
    .replace(/^-+|-+$/g, '') || 'cgroup';
