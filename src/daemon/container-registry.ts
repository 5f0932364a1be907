import { ApiError } from '../outlets/status.ts';
import type { TargetSearch } from '../sources/target/target-search.ts';
import type { Roots, Target } from '../sources/types.ts';
import { WatchedContainer } from './watched-container.ts';

/** What is to be done as containers come and go. */
export interface ContainerChanges {
  /** Its container is gone, and another takes its place. */
  readonly onRemoved: (watched: WatchedContainer) => Promise<void>;
  readonly onReplaced: (watched: WatchedContainer) => void;
  readonly onAdded: (watched: WatchedContainer) => Promise<void>;
}

/** The watched containers of the pod by the place that each has in it, which outlives them. */
export class ContainerRegistry {
  readonly #options: {
    readonly roots: Roots;
    readonly pidsOf: (target: Target) => number[];
    readonly mayAttach: boolean;
  };
  readonly #containers = new Map<string, WatchedContainer>();
  #defaultKey: string | null = null;
  #noTarget: { readonly reason: string; readonly remediation: string | null } | null = null;

  constructor(options: { readonly roots: Roots; readonly pidsOf: (target: Target) => number[]; readonly mayAttach: boolean }) {
    this.#options = options;
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

  async reconcile(found: TargetSearch, comings: ContainerChanges): Promise<void> {
    if (found.state !== 'found') {
      this.#noTarget = { reason: found.reason, remediation: found.remediation };
      return;
    }
    this.#noTarget = null;
    const seen = new Set<WatchedContainer>();
    const fresh: Target[] = [];
    for (const target of found.targets) {
      const watched = [...this].find((s) => !seen.has(s) && isSameInstance(s.target, target));
      if (watched !== undefined && watched.target.jvm === null && target.jvm !== null) {
        // Same process, another program: a shell that has made way for its JVM.
        this.#containers.delete(watched.key);
        await watched.close();
        fresh.push(target);
      } else if (watched === undefined) fresh.push(target);
      else seen.add(watched);
    }
    for (const target of fresh) {
      // The same place in the pod: of the same kind, and its former tenant is gone.
      const heir = [...this].find(
        (s) =>
          !seen.has(s) &&
          historyKey(s.target) === historyKey(target) &&
          (!s.alive || !found.targets.some((x) => isSameInstance(x, s.target))),
      );
      if (heir !== undefined) {
        if (heir.alive) await comings.onRemoved(heir);
        heir.replaceTarget(target);
        comings.onReplaced(heir);
        seen.add(heir);
      } else {
        const key = this.#freeKey(historyKey(target));
        const watched = new WatchedContainer({ key, target, ...this.#options });
        this.#containers.set(key, watched);
        seen.add(watched);
        await comings.onAdded(watched);
      }
    }
    this.#defaultKey = [...this].find((s) => isSameInstance(s.target, found.chosen))?.key ?? this.#defaultKey;
  }

  #freeKey(base: string): string {
    let key = base;
    for (let n = 2; this.#containers.has(key); n++) key = `${base}-${n}`;
    return key;
  }

  /** The slot that a request means. @throws ApiError unknown-target, no-target */
  requireTarget(id: string | undefined): WatchedContainer {
    if (id !== undefined) {
      const watched = [...this].find((s) => s.target.id === id || s.target.container === id || s.key === id);
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
    return id === undefined ? this.#defaultKey : ([...this].find((s) => s.target.id === id || s.key === id)?.key ?? null);
  }
}

/** The same cgroup and the same process: one life. */
const isSameInstance = (a: Target, b: Target): boolean =>
  a.cgroup.path === b.cgroup.path && a.process?.pid === b.process?.pid && a.process?.startTicks === b.process?.startTicks;

/** What a history is kept under, so that it outlives containers, whose ids change with each start. */
const historyKey = (target: Target): string =>
  target.jvm !== null
    ? 'jvm'
    : (target.process?.name ?? 'cgroup')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 24) || 'cgroup';
