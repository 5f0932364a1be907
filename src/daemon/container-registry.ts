import type { StoredFolder } from '../history/store/folder-owner.ts';
import { ApiError } from '../outlets/status.ts';
import { readStartTicks } from '../sources/process/procfs.ts';
import type { TargetSearch } from '../sources/target/search-outcome.ts';
import { instanceOf, parseInstance } from '../sources/target/target-identity.ts';
import type { Roots, Target } from '../sources/types.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import { ambiguousV1Folders, historyKey, type KnownHistory, matchHistories } from './match-histories.ts';
import { WatchedContainer } from './watched-container.ts';

/** What is to be done as containers come and go. */
export interface ContainerChanges {
  /** Its container is gone, and another takes its place. */
  readonly onRemoved: (watched: WatchedContainer) => Promise<void>;
  readonly onReplaced: (watched: WatchedContainer) => void;
  readonly onAdded: (watched: WatchedContainer) => Promise<void>;
  /** A folder that does not say whose it is turns out to be this target's. Resolves with the key that it has from now on. */
  readonly onAdopted: (folder: string, key: string) => Promise<string>;
  /** These folders do not say whose they are, and more than one target could own them. */
  readonly onAmbiguous: (folders: readonly string[]) => void;
}

type Found = Extract<TargetSearch, { state: 'found' }>;
interface Candidate extends KnownHistory {
  /** null: it is in a folder only. */
  readonly watched: WatchedContainer | null;
}

/** What all watched containers are opened with; see `WatchedContainer`. */
interface ContainerOptions {
  readonly roots: Roots;
  readonly pidsOf: (target: Target) => number[];
  readonly mayAttach: boolean;
  readonly evaluationCache: EvaluationCache;
}

/** The watched containers of the pod, by the key of their history, which outlives them. */
export class ContainerRegistry {
  readonly #options: ContainerOptions;
  readonly #containers = new Map<string, WatchedContainer>();
  /** Folders of an earlier memhound whose target has not been found yet. */
  readonly #stored: StoredFolder[];
  #defaultKey: string | null = null;
  #noTarget: { readonly reason: string; readonly remediation: string | null } | null = null;

  constructor(options: ContainerOptions, stored: readonly StoredFolder[]) {
    this.#options = options;
    this.#stored = [...stored];
  }

  [Symbol.iterator](): IterableIterator<WatchedContainer> {
    return this.#containers.values();
  }

  get size(): number {
    return this.#containers.size;
  }

  /** Whether what is asked about when nothing is named is a JVM. */
  get defaultIsJvm(): boolean {
    return this.#defaultKey !== null && (this.#containers.get(this.#defaultKey)?.target.jvm ?? null) !== null;
  }

  /** Why the last search found nothing; null: it found. */
  get noTarget(): { readonly reason: string; readonly remediation: string | null } | null {
    return this.#noTarget;
  }

  /** The processes that stand for their containers, for the next search; see `SearchOptions`. */
  represented(): ReadonlySet<string> {
    return new Set(this.#candidates().flatMap(({ instance }) => (instance === null ? [] : [instance])));
  }

  async reconcile(found: TargetSearch, changes: ContainerChanges): Promise<void> {
    if (found.state !== 'found') {
      this.#noTarget = { reason: found.reason, remediation: found.remediation };
      return;
    }
    this.#noTarget = null;
    const candidates = this.#candidates();
    const matched = matchHistories(candidates, found.targets);
    await this.#closeShells(found.targets, new Set(matched.values()));
    for (const target of inOrderOfStart(found.targets)) {
      const history = matched.get(target);
      if (history?.watched == null) await this.#add(target, history ?? null, changes);
      else if (history.alive) history.watched.updateTarget(target);
      else {
        if (history.watched.alive) await changes.onRemoved(history.watched);
        history.watched.replaceTarget(target);
        changes.onReplaced(history.watched);
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
    const lives = (instance: string | null): boolean => {
      const process = instance === null ? null : (parseInstance(instance)?.process ?? null);
      return process !== null && readStartTicks(this.#options.roots.proc, process.pid) === process.startTicks;
    };
    const watched = [...this].map((w): Candidate => {
      const instance = instanceOf(w.target.cgroup.path, w.target.process);
      // Asked now: the last sample may be older than the end of the process.
      const alive = w.alive && (w.target.process === null || lives(instance));
      return { key: w.key, identity: w.target.identity, instance, alive, watched: w };
    });
    const stored = this.#stored.map((folder): Candidate => ({ ...folder, alive: lives(folder.instance), watched: null }));
    return [...watched, ...stored];
  }

  /** A container that was watched as its shell is watched no more as that, once its JVM is found. */
  async #closeShells(targets: readonly Target[], matched: ReadonlySet<Candidate>): Promise<void> {
    const stay = new Set([...matched].map(({ watched }) => watched));
    const jvmGroups = new Set(targets.filter((t) => t.jvm !== null).map((t) => t.cgroup.path));
    for (const watched of [...this]) {
      if (stay.has(watched) || watched.target.jvm !== null || !jvmGroups.has(watched.target.cgroup.path)) continue;
      this.#containers.delete(watched.key);
      await watched.close();
    }
  }

  async #add(target: Target, history: Candidate | null, changes: ContainerChanges): Promise<void> {
    const taken = new Set([...this.#containers.keys(), ...this.#stored.map(({ key }) => key)]);
    let key = history?.key ?? historyKey(target.identity, taken);
    if (history !== null) {
      this.#stored.splice(
        this.#stored.findIndex((folder) => folder.key === history.key),
        1,
      );
      if (history.identity === null) key = await changes.onAdopted(key, historyKey(target.identity, taken));
    }
    const watched = new WatchedContainer({ key, target, ...this.#options });
    this.#containers.set(key, watched);
    await changes.onAdded(watched);
  }

  /** What is asked about when nothing is named: it stays while it lives, whatever has become the biggest meanwhile. */
  #keepDefault({ chosen }: Found): void {
    const current = this.#defaultKey === null ? undefined : this.#containers.get(this.#defaultKey);
    if (current?.alive === true && (current.target.jvm !== null || chosen.jvm === null)) return;
    const instance = instanceOf(chosen.cgroup.path, chosen.process);
    const next = [...this].find(({ target }) => instanceOf(target.cgroup.path, target.process) === instance);
    this.#defaultKey = next?.key ?? this.#defaultKey;
  }

  /** The container that a request names. @throws ApiError unknown-target, no-target */
  requireTarget(id: string | undefined): WatchedContainer {
    if (id !== undefined) {
      const watched = this.#find(id);
      if (watched === undefined)
        throw new ApiError(
          'unknown-target',
          404,
          `there is no target ${JSON.stringify(id.slice(0, 80))}; /api/v1/targets lists them`,
        );
      return this.#requireAlive(watched);
    }
    const watched = this.#defaultKey === null ? undefined : this.#containers.get(this.#defaultKey);
    if (watched === undefined) throw this.#noTargetError('no container is in sight yet');
    return this.#requireAlive(watched);
  }

  /** By id, container or key, which are unique; else by its name, of which the first counts. */
  #find(id: string): WatchedContainer | undefined {
    const all = [...this];
    return (
      all.find((w) => w.target.id === id || w.target.container === id || w.key === id) ??
      all.find((w) => w.target.identity.name === id)
    );
  }

  #requireAlive(watched: WatchedContainer): WatchedContainer {
    if (!watched.alive)
      throw this.#noTargetError('the watched container has ended; its final verdict is at /api/v1/verdict?epoch=-1');
    return watched;
  }

  #noTargetError(otherwise: string): ApiError {
    return new ApiError('no-target', 503, this.#noTarget?.reason ?? otherwise, this.#noTarget?.remediation ?? null);
  }

  /** What the history of a request's target is kept under; null: there is no such target. */
  keyOf(id: string | undefined): string | null {
    return id === undefined ? this.#defaultKey : (this.#find(id)?.key ?? null);
  }
}

const inOrderOfStart = (targets: readonly Target[]): Target[] =>
  [...targets].sort((a, b) => (a.process?.startTicks ?? 0) - (b.process?.startTicks ?? 0));
