import { isOfJdk } from './frames.ts';
import { threadPattern } from './thread-pattern.ts';
import type { CommonFrame } from './types.ts';

/** Threads that have something in common: names that differ only in numbers, or a stack. */
export interface ThreadGroup {
  readonly name: string;
  readonly threads: number;
  readonly stand: CommonFrame | null;
}

/** Threads with one stack in the program, and how many names they have. */
export interface StackGroup extends ThreadGroup {
  readonly names: number;
}

const MAX_THREADS = 50_000;
/** A program has some dozen pools. */
const MAX_GROUPS = 10_000;
const MAX_LINE_LENGTH = 1024;
/** As many as a recording of the flight recorder keeps. */
const MAX_FRAMES = 64;

/** How the JDK waits. Who called it tells for what: an idle worker stands in LinkedBlockingQueue.take. */
const WAIT =
  /^(?:[^(]*\/)?(?:(?:jdk\.internal|sun)\.misc\.Unsafe|java\.util\.concurrent\.(?:locks\.|ForkJoinPool\.(?:un)?managedBlock)|java\.lang\.(?:Object\.wait|Thread\.sleep))/;

/** The class of a lambda, which has another name in each run. What it calls tells more. */
const LAMBDA = /\$\$Lambda/;

interface Thread {
  /** Its name, with N for each number. */
  readonly pattern: string;
  /** From the top. */
  readonly stack: readonly string[];
}

/**
 * The Java threads of `Thread.print`. Threads of the JVM itself, such as those of the collector, have no number after their name and are left
 * out.
 */
function* threadsIn(text: string): Generator<Thread, void, undefined> {
  let thread: { readonly pattern: string; readonly stack: string[] } | null = null;
  let seen = 0;
  for (const whole of text.split('\n')) {
    const line = whole.slice(0, MAX_LINE_LENGTH);
    if (thread !== null && line.startsWith('\tat ')) {
      if (thread.stack.length < MAX_FRAMES) thread.stack.push(line.slice(4).trimEnd());
    } else if (line.startsWith('"') || line.trim() === '') {
      if (thread !== null) yield thread;
      thread = null;
      const name = /^"(.*)" #\d/.exec(line)?.[1];
      if (name === undefined) continue;
      if (++seen > MAX_THREADS) return;
      thread = { pattern: threadPattern(name), stack: [] };
    }
  }
  if (thread !== null) yield thread;
}

/** The threads by the pattern of their names, and where they stand. Pure. */
export function parseThreadDump(text: string): ThreadGroup[] {
  const groups = new Groups();
  for (const thread of threadsIn(text)) groups.add(thread.pattern, thread);
  return groups.all.map(([name, group]) => ({ name, threads: group.threads, stand: group.stand }));
}

/**
 * The threads by their stack in the program, whatever their names. Those that are in the JDK alone say by their
 * names whose they are. Pure.
 */
export function threadsByStack(text: string): StackGroup[] {
  const groups = new Groups();
  for (const thread of threadsIn(text)) {
    const own = thread.stack.filter((frame) => !isOfJdk(frame) && !LAMBDA.test(frame));
    groups.add(own.length === 0 ? thread.pattern : `threads in ${own.join(' below ')}`, thread);
  }
  return groups.all.map(([name, { threads, names, stand }]) => ({ name, threads, names: names.size, stand }));
}

class Group {
  threads = 0;
  readonly names = new Set<string>();
  readonly #stands = new Map<string, { threads: number; readonly stack: readonly string[] }>();

  add({ pattern, stack }: Thread): void {
    this.threads++;
    if (this.names.size < MAX_GROUPS) this.names.add(pattern);
    const frame = stack.find((one) => !isOfJdk(one)) ?? stack.find((one) => !WAIT.test(one)) ?? stack[0];
    if (frame === undefined) return;
    const known = this.#stands.get(frame) ?? { threads: 0, stack };
    known.threads++;
    this.#stands.set(frame, known);
  }

  get stand(): CommonFrame | null {
    const [most] = [...this.#stands].sort(([, a], [, b]) => b.threads - a.threads);
    return most === undefined ? null : { frame: most[0], threads: most[1].threads, stack: most[1].stack };
  }
}

class Groups {
  readonly #groups = new Map<string, Group>();

  add(name: string, thread: Thread): void {
    let group = this.#groups.get(name);
    if (group === undefined) {
      if (this.#groups.size >= MAX_GROUPS) return;
      group = new Group();
      this.#groups.set(name, group);
    }
    group.add(thread);
  }

  get all(): [string, Group][] {
    return [...this.#groups];
  }
}
