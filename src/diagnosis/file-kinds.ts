import type { FileTrack } from '../history/series.ts';
import { lastFinite, residentColumn } from './growth/growth-pace.ts';
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
      "These are recordings of the JVM's flight recorder, or of a profiler that writes its format (async-profiler, Pyroscope): maxsize and maxage of -XX:StartFlightRecording bound them, and `jcmd PID JFR.check` lists those that run; a profiler's agent must remove what it has sent.",
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

/** Advice for files of such a kind; null: they are none. Of a folder, that for the files that are most of it. */
export function adviceForKind({ path }: FileRow, { jvm, series }: Pick<RuleContext, 'jvm' | 'series'>): string | null {
  const named = path.endsWith('/') ? mostOf(path, series.files) : path;
  if (named === null || nameOf(named) === '') return null;
  return KINDS.find(({ isNamed }) => isNamed(named, jvm?.flags ?? []))?.advice ?? null;
}

/** Files of one name, or one file, with this share of what is in a folder are what it is for. */
const MOST = 0.8;

function mostOf(folder: string, tracks: readonly FileTrack[]): string | null {
  const bytesOf = (track: FileTrack): number => Math.max(0, lastFinite(residentColumn(track)) ?? 0);
  const within = tracks.filter(({ path }) => path.startsWith(folder));
  const whole = within.reduce((sum, track) => sum + bytesOf(track), 0);
  return within.find((track) => bytesOf(track) >= MOST * whole && whole > 0)?.path ?? null;
}
