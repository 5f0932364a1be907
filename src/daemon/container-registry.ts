import { ApiError } from '../outlets/status.ts';
import type { TargetSearch } from '../sources/target/target-search.ts';
import type { Roots, Target } from '../sources/types.ts';
import { Slot } from './watched-container.ts';

/** What is to be done as containers come and go. */
export interface Comings {
  /** Its container is gone, and another takes its place. */
  readonly leaves: (slot: Slot) => Promise<void>;
  readonly reborn: (slot: Slot) => void;
  readonly born: (slot: Slot) => Promise<void>;
}

/** The watched containers of the pod by the place that each has in it, which outlives them. */
export class Slots {
  readonly #options: {
    readonly roots: Roots;
    readonly pids: (target: Target) => number[];
    readonly mayAttach: boolean;
  };
  readonly #slots = new Map<string, Slot>();
  #main: string | null = null;
  #blind: { readonly reason: string; readonly mend: string | null } | null = null;

  constructor(options: { readonly roots: Roots; readonly pids: (target: Target) => number[]; readonly mayAttach: boolean }) {
    this.#options = options;
  }

  [Symbol.iterator](): IterableIterator<Slot> {
    return this.#slots.values();
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Whether what is asked about when nothing is named is a JVM. */
  get mainIsJvm(): boolean {
    return this.#main !== null && (this.#slots.get(this.#main)?.target.jvm ?? null) !== null;
  }

  /** Why the last search found nothing; null: it found. */
  get blind(): { readonly reason: string; readonly mend: string | null } | null {
    return this.#blind;
  }

  async adopt(found: TargetSearch, comings: Comings): Promise<void> {
    if (found.state !== 'found') {
      this.#blind = { reason: found.reason, mend: found.mend };
      return;
    }
    this.#blind = null;
    const seen = new Set<Slot>();
    const fresh: Target[] = [];
    for (const target of found.targets) {
      const slot = [...this].find((s) => !seen.has(s) && sameLife(s.target, target));
      if (slot !== undefined && slot.target.jvm === null && target.jvm !== null) {
        // Same process, another program: a shell that has made way for its JVM.
        this.#slots.delete(slot.key);
        await slot.close();
        fresh.push(target);
      } else if (slot === undefined) fresh.push(target);
      else seen.add(slot);
    }
    for (const target of fresh) {
      // The same place in the pod: of the same kind, and its former tenant is gone.
      const heir = [...this].find(
        (s) => !seen.has(s) && kind(s.target) === kind(target) && (!s.alive || !found.targets.some((x) => sameLife(x, s.target))),
      );
      if (heir !== undefined) {
        if (heir.alive) await comings.leaves(heir);
        heir.rebind(target);
        comings.reborn(heir);
        seen.add(heir);
      } else {
        const key = this.#freeKey(kind(target));
        const slot = new Slot({ key, target, ...this.#options });
        this.#slots.set(key, slot);
        seen.add(slot);
        await comings.born(slot);
      }
    }
    this.#main = [...this].find((s) => sameLife(s.target, found.chosen))?.key ?? this.#main;
  }

  #freeKey(base: string): string {
    let key = base;
    for (let n = 2; this.#slots.has(key); n++) key = `${base}-${n}`;
    return key;
  }

  /** The slot that a request means. @throws ApiError unknown-target, blind */
  awake(id: string | undefined): Slot {
    if (id !== undefined) {
      const slot = [...this].find((s) => s.target.id === id || s.target.container === id || s.key === id);
      if (slot === undefined)
        throw new ApiError(
          'unknown-target',
          404,
          `there is no target ${JSON.stringify(id.slice(0, 80))}; /api/v1/targets lists them`,
        );
      return this.#alive(slot);
    }
    const slot = this.#main === null ? undefined : this.#slots.get(this.#main);
    if (slot === undefined) throw this.#blindError('no container is in sight yet');
    return this.#alive(slot);
  }

  #alive(slot: Slot): Slot {
    if (!slot.alive) throw this.#blindError('the watched container has ended; its final verdict is at /api/v1/verdict?epoch=-1');
    return slot;
  }

  #blindError(otherwise: string): ApiError {
    return new ApiError('blind', 503, this.#blind?.reason ?? otherwise, this.#blind?.mend ?? null);
  }

  /** What the history of a request's target is kept under; null: there is no such target. */
  keyOf(id: string | undefined): string | null {
    return id === undefined ? this.#main : ([...this].find((s) => s.target.id === id || s.key === id)?.key ?? null);
  }
}

/** The same cgroup and the same process: one life. */
const sameLife = (a: Target, b: Target): boolean =>
  a.cgroup.path === b.cgroup.path && a.process?.pid === b.process?.pid && a.process?.startTicks === b.process?.startTicks;

/** What a history is kept under, so that it outlives containers, whose ids change with each start. */
const kind = (target: Target): string =>
  target.jvm !== null
    ? 'jvm'
    : (target.process?.name ?? 'cgroup')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 24) || 'cgroup';
