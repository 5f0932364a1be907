import type { RuleContext } from './rule-context.ts';
import type { FileRow } from './types.ts';

/* Files that a JVM or the kernel writes by itself: no line of the program does, and an option bounds them. Pure. */

interface FileKind {
  readonly isNamed: (path: string, flags: readonly string[]) => boolean;
  readonly advice: string;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const KINDS: readonly FileKind[] = [
  {
    isNamed: (path) => /(?:\.hprof|\/core(?:[.*][\d*]*)?|\/hs_err_pid[^/]*)$/.test(path),
    advice:
      'These are dumps, one for each crash or OutOfMemoryError of a process: first find what fails (hs_err_pid*.log and the log of the process tell). Remove those that are looked at, give -XX:HeapDumpPath one file, and bound the rest: `ulimit -c 0`, -XX:-CreateCoredumpOnCrash, -XX:-HeapDumpOnOutOfMemoryError.',
  },
  {
    isNamed: (path) => /\.jfr$/.test(path),
    advice:
      "These are recordings of the JVM's flight recorder: maxsize and maxage of -XX:StartFlightRecording bound them, and `jcmd PID JFR.check` lists those that run.",
  },
  {
    isNamed: (path, flags) => {
      const name = nameOf(path).replace(/\*.*/, '');
      return name !== '' && flags.some((flag) => /^-Xlog(?:gc)?:/.test(flag) && flag.includes(name));
    },
    advice:
      'The JVM itself writes this log, by its option -Xlog: a higher level writes less, and `filecount=5,filesize=10M` at the end of the option bounds it.',
  },
];

/** Advice for files of such a kind; null: they are none. */
export function adviceForKind({ path }: FileRow, { jvm }: Pick<RuleContext, 'jvm'>): string | null {
  return nameOf(path) === '' ? null : (KINDS.find(({ isNamed }) => isNamed(path, jvm?.flags ?? []))?.advice ?? null);
}
