import { readStat } from './procfs.ts';

interface CacheEntry<T> {
  readonly identity: string;
  readonly value: T;
  readonly hits: number;
}

/** A process that was looked at so often, at searches a minute apart, is what it is: a shell has become its JVM, a JVM has its threads. */
const MIN_HITS = 2;
const SETTLED = Number.POSITIVE_INFINITY;
/** After so many searches all are looked at afresh: a process may have been moved to another group. */
const REFRESH_AFTER = 10;

/**
 * What the last searches found out about each process, for as long as it is the same one: pid, start and name, all from one small file
 * instead of four. A search each minute would otherwise cost more than all samples together.
 */
export class ProcessCache<T> {
  #known = new Map<number, CacheEntry<T>>();
  #next = new Map<number, CacheEntry<T>>();
  #searches = 0;

  /** Before a search; those that the last one did not meet are forgotten. */
  beginSearch(): void {
    this.#known = this.#searches++ % REFRESH_AFTER === 0 ? new Map() : this.#next;
    this.#next = new Map();
  }

  /** undefined: `look` at it; it is remembered by `keep`. */
  get(procRoot: string, pid: number): T | undefined {
    const before = this.#known.get(pid);
    if (before === undefined || before.hits < MIN_HITS) return undefined;
    if (before.hits !== SETTLED && before.identity !== identityOf(procRoot, pid)) return undefined;
    this.#next.set(pid, before);
    return before.value;
  }

  /** `settled`: it will never be anything else, so that not even its name is read until all are looked at afresh. */
  set(procRoot: string, pid: number, value: T, { settled }: { readonly settled: boolean }): void {
    const mark = identityOf(procRoot, pid);
    const before = this.#known.get(pid);
    if (mark !== null)
      this.#next.set(pid, { identity: mark, value, hits: settled ? SETTLED : before?.identity === mark ? before.hits + 1 : 1 });
  }
}

/** "start|name"; null: gone. */
function identityOf(procRoot: string, pid: number): string | null {
  const stat = readStat(procRoot, pid);
  return stat === null ? null : `${stat.startTicks}|${stat.name}`;
}
