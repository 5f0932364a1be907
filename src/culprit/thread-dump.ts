import { isOfJdk } from './frames.ts';
import { threadPattern } from './thread-pattern.ts';
import type { CommonFrame } from './types.ts';

/** Threads whose names differ only in numbers. */
export interface ThreadGroup {
  readonly name: string;
  readonly threads: number;
  readonly stand: CommonFrame | null;
}

const MAX_THREADS = 50_000;
/** A program has some dozen pools. */
const MAX_GROUPS = 10_000;
const MAX_LINE_LENGTH = 1024;

/** How the JDK waits. Who called it tells for what: an idle worker stands in LinkedBlockingQueue.take. */
const WAIT =
  /^(?:[^(]*\/)?(?:(?:jdk\.internal|sun)\.misc\.Unsafe|java\.util\.concurrent\.(?:locks\.|ForkJoinPool\.(?:un)?managedBlock)|java\.lang\.(?:Object\.wait|Thread\.sleep))/;

/**
 * Groups the Java threads of `Thread.print` by the pattern of their names, and counts where they stand. Threads of the JVM itself, such as
 * those of the collector, have no number after their name and are left out. Pure.
 */
export function parseThreadDump(text: string): ThreadGroup[] {
  const groups = new Map<string, { threads: number; stands: Map<string, number> }>();
  let group: { threads: number; stands: Map<string, number> } | null = null;
  let top: string | null = null;
  let own: string | null = null;
  let waitedIn: string | null = null;
  let seen = 0;
  const endThread = (): void => {
    const frame = own ?? waitedIn ?? top;
    if (group !== null && frame !== null) group.stands.set(frame, (group.stands.get(frame) ?? 0) + 1);
    group = null;
    top = null;
    own = null;
    waitedIn = null;
  };
  for (const whole of text.split('\n')) {
    const line = whole.slice(0, MAX_LINE_LENGTH);
    if (line.startsWith('"')) {
      endThread();
      const name = /^"(.*)" #\d/.exec(line)?.[1];
      if (name === undefined) continue;
      if (++seen > MAX_THREADS) break;
      const pattern = threadPattern(name);
      group = groups.get(pattern) ?? null;
      if (group === null) {
        if (groups.size >= MAX_GROUPS) continue;
        group = { threads: 0, stands: new Map<string, number>() };
        groups.set(pattern, group);
      }
      group.threads++;
    } else if (line.startsWith('\tat ')) {
      const frame = line.slice(4).trimEnd();
      top ??= frame;
      if (own === null && !isOfJdk(frame)) own = frame;
      if (!WAIT.test(frame)) waitedIn ??= frame;
    } else if (line.trim() === '') endThread();
  }
  endThread();
  return [...groups].map(([name, { threads, stands }]) => ({ name, threads, stand: commonFrame(stands) }));
}

function commonFrame(stands: ReadonlyMap<string, number>): CommonFrame | null {
  let common: CommonFrame | null = null;
  for (const [frame, threads] of stands) if (common === null || threads > common.threads) common = { frame, threads };
  return common;
}
