import type { StoredFolder } from '../history/store/folder-owner.ts';
import { readStartTicks } from '../sources/process/procfs.ts';
import type { TargetSearch } from '../sources/target/search-outcome.ts';
import { instanceOf, parseInstance } from '../sources/target/target-identity.ts';
import type { Target } from '../sources/types.ts';
import { ContainerLookup } from './container-lookup.ts';
import { ambiguousV1Folders, historyKey, type KnownHistory, matchHistories } from './match-histories.ts';
import { type ContainerOptions, WatchedContainer } from './watched-container.ts';

/** Callbacks for containers that start and end. */
export interface ContainerChanges {
  /** The watched instance has ended. Another instance replaces it. */
  readonly onRemoved: (watched: WatchedContainer) => Promise<void>;
  /** `isBeside`: another process that is watched has run on in its cgroup, so the container has. */
  readonly onReplaced: (watched: WatchedContainer, isBeside: boolean) => void;
  readonly onAdded: (watched: WatchedContainer) => Promise<void>;
  /** A folder without an owner belongs to this target. Resolves with the folder's new key. */
  readonly onAdopted: (folder: string, key: string) => Promise<string>;
  /** These folders have no owner, and more than one target could own them. */
  readonly onAmbiguous: (folders: readonly string[]) => void;
}

type Found = Extract<TargetSearch, { state: 'found' }>;
interface Candidate extends KnownHistory {
  /** null: it exists only as a folder. */
  readonly watched: WatchedContainer | null;
}

/** Reconciles the watched containers with those that a search finds. */
export class ContainerRegistry {
  readonly lookup = new ContainerLookup<WatchedContainer>();
  readonly #options: ContainerOptions;
  /** Folders of an earlier memhound whose target has not been found yet. */
  readonly #stored: StoredFolder[];

  constructor(options: ContainerOptions, stored: readonly StoredFolder[]) {
    this.#options = options;
    this.#stored = [...stored];
  }

  [Symbol.iterator](): IterableIterator<WatchedContainer> {
    return this.lookup[Symbol.iterator]();
  }

  get size(): number {
    return this.lookup.size;
  }

  /** Stored folders that no target has continued so far. One of version 0.1 has another name afterwards. */
  get unclaimed(): readonly StoredFolder[] {
    return [...this.#stored];
  }

  /** Whether the container for requests that name none is a JVM. */
  get defaultIsJvm(): boolean {
    return (this.lookup.default?.target.jvm ?? null) !== null;
  }

  /** Whether a container has ended and nothing else of its cgroup is watched. A JVM may end for good beside others. */
  get hasEndedAlone(): boolean {
    const living = new Set([...this].filter(({ alive }) => alive).map(({ target }) => target.cgroup.path));
    return [...this].some(({ alive, target }) => !alive && !living.has(target.cgroup.path));
  }

  /** The processes that represent their containers, the default one first, for the next search; see `SearchOptions`. */
  represented(): ReadonlySet<string> {
    const isDefault = ({ key }: Candidate): boolean => key === this.lookup.defaultKey;
    const inOrder = this.#candidates().sort((a, b) => Number(isDefault(b)) - Number(isDefault(a)));
    return new Set(inOrder.flatMap(({ instance }) => (instance === null ? [] : [instance])));
  }

  async reconcile(found: TargetSearch, changes: ContainerChanges): Promise<void> {
    if (found.state !== 'found') {
      this.lookup.noTarget = { reason: found.reason, remediation: found.remediation };
      return;
    }
    this.lookup.noTarget = null;
    const candidates = this.#candidates();
    const matched = matchHistories(candidates, found.targets);
    const isLiving = (path: string): boolean =>
      candidates.some(({ alive, watched }) => alive && watched?.target.cgroup.path === path);
    await this.#closeShells(found.targets, new Set(matched.values()));
    for (const target of inOrderOfStart(found.targets)) {
      const history = matched.get(target);
      if (history?.watched == null) await this.#add(target, history ?? null, changes);
      else if (history.alive) history.watched.updateTarget(target);
      else {
        if (history.watched.alive) await changes.onRemoved(history.watched);
        await history.watched.replaceTarget(target);
        changes.onReplaced(history.watched, isLiving(target.cgroup.path));
      }
    }
    const left = candidates.filter((candidate) => candidate.watched === null && ![...matched.values()].includes(candidate));
    const ambiguous = ambiguousV1Folders(
      left,
      found.targets.filter((t) => !matched.has(t)),
    );
    if (ambiguous.length > 0) changes.onAmbiguous(ambiguous);
    this.#keepDefault(found);
  }

  #candidates(): Candidate[] {
    const isRunning = (instance: string | null): boolean => {
      const process = instance === null ? null : (parseInstance(instance)?.process ?? null);
      return process !== null && readStartTicks(this.#options.roots.proc, process.pid) === process.startTicks;
    };
    const watched = [...this].map((w): Candidate => {
      const instance = instanceOf(w.target.cgroup.path, w.target.process);
      // Checked now, because the process may have ended since the last sample.
      const alive = w.alive && (w.target.process === null || isRunning(instance));
      return { key: w.key, identity: w.target.identity, instance, alive, watching: true, watched: w };
    });
    const stored = this.#stored.map(
      (folder): Candidate => ({ ...folder, alive: isRunning(folder.instance), watching: false, watched: null }),
    );
    return [...watched, ...stored];
  }

  /** Stops watching a container as a shell when its JVM has been found. */
  async #closeShells(targets: readonly Target[], matched: ReadonlySet<Candidate>): Promise<void> {
    const stay = new Set([...matched].map(({ watched }) => watched));
    const jvmGroups = new Set(targets.filter((t) => t.jvm !== null).map((t) => t.cgroup.path));
    for (const watched of [...this]) {
      if (stay.has(watched) || watched.target.jvm !== null || !jvmGroups.has(watched.target.cgroup.path)) continue;
      this.lookup.delete(watched);
      await watched.close();
    }
  }

  async #add(target: Target, history: Candidate | null, changes: ContainerChanges): Promise<void> {
    const taken = new Set([...[...this].map((w) => w.key), ...this.#stored.map(({ key }) => key)]);
    let key = history?.key ?? historyKey(target.identity, taken);
    if (history !== null) {
      this.#stored.splice(
        this.#stored.findIndex((folder) => folder.key === history.key),
        1,
      );
      if (history.identity === null) key = await changes.onAdopted(key, historyKey(target.identity, taken));
    }
    const watched = new WatchedContainer(key, target, this.#options);
    this.lookup.add(watched);
    await changes.onAdded(watched);
  }

  /** Sets the target for requests that name none. It stays the same while its process runs, even if another becomes the biggest. */
  #keepDefault({ chosen }: Found): void {
    const current = this.lookup.default;
    if (current?.alive === true && (current.target.jvm !== null || chosen.jvm === null)) return;
    const instance = instanceOf(chosen.cgroup.path, chosen.process);
    const next = [...this].find(({ target }) => instanceOf(target.cgroup.path, target.process) === instance);
    if (next !== undefined) this.lookup.defaultKey = next.key;
  }
}

const inOrderOfStart = (targets: readonly Target[]): Target[] =>
  [...targets].sort((a, b) => (a.process?.startTicks ?? 0) - (b.process?.startTicks ?? 0));
