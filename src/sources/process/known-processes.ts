import { readStat } from './procfs.ts';

interface CacheEntry<T> {
  readonly identity: string;
  readonly value: T;
  readonly hits: number;
}

/** After this many searches, a minute apart, a process no longer changes: a shell has become its JVM, and a JVM has its threads. */
const MIN_HITS = 2;
const SETTLED = Number.POSITIVE_INFINITY;
/** After this many searches all processes are read again, because a process may have been moved to another group. */
const REFRESH_AFTER = 10;

/**
 * Results of the last searches for each process. A process is the same while its pid, start time and name are; one small file contains them,
 * instead of four. Without this cache, a search each minute would cost more than all samples together.
 */
export class ProcessCache<T> {
  #known = new Map<number, CacheEntry<T>>();
  #next = new Map<number, CacheEntry<T>>();
  #searches = 0;

  /** Call before each search. Processes that the last search did not find are removed. */
  beginSearch(): void {
    this.#known = this.#searches++ % REFRESH_AFTER === 0 ? new Map() : this.#next;
    this.#next = new Map();
  }

  /** The cached value; undefined: read the process and call `set`. */
  get(procRoot: string, pid: number): T | undefined {
    const before = this.#known.get(pid);
    if (before === undefined || before.hits < MIN_HITS) return undefined;
    if (before.hits !== SETTLED && before.identity !== identityOf(procRoot, pid)) return undefined;
    this.#next.set(pid, before);
    return before.value;
  }

  /** `settled`: the process will never change, so its name is not read until all processes are read again. */
  set(procRoot: string, pid: number, value: T, { settled }: { readonly settled: boolean }): void {
    const identity = identityOf(procRoot, pid);
    const before = this.#known.get(pid);
    if (identity !== null)
      this.#next.set(pid, { identity, value, hits: settled ? SETTLED : before?.identity === identity ? before.hits + 1 : 1 });
  }
}

/** "start|name"; null: the process has ended. */
function identityOf(procRoot: string, pid: number): string | null {
  const stat = readStat(procRoot, pid);
  return stat === null ? null : `${stat.startTicks}|${stat.name}`;
}
