import { opendirSync } from 'node:fs';
import { readStartTicks } from './procfs.ts';
import { isAbsence, isDenied } from './read-text.ts';

/** The kernel lists threads in the order in which they began, the process itself first. */
const FIRST_THREADS = 4;

/**
 * When a process began to run its present program, in clock ticks after boot; null: not known. A shell that ends with `exec java` stays the same
 * process with the same start, but the threads of the JVM are new.
 */
function programStartTicks(procRoot: string, pid: number): number | null {
  const tasks = `${procRoot}/${pid}/task`;
  const starts = firstNames(tasks)
    .filter((name) => name !== String(pid))
    .flatMap((name) => readStartTicks(tasks, Number(name)) ?? []);
  return starts.length === 0 ? null : Math.min(...starts);
}

function firstNames(folder: string): string[] {
  try {
    const dir = opendirSync(folder, { bufferSize: FIRST_THREADS });
    try {
      return Array.from({ length: FIRST_THREADS }, () => dir.readSync()?.name).filter((name) => name !== undefined);
    } finally {
      dir.closeSync();
    }
  } catch (error) {
    if (isAbsence(error) || isDenied(error)) return [];
    throw error;
  }
}

/** The children among these that ran before their parent began to run its present program: another program had started them. */
export function startedByFormerProgram(procRoot: string, parent: number, children: readonly number[]): ReadonlySet<number> {
  if (children.length === 0) return new Set();
  const programTicks = programStartTicks(procRoot, parent);
  if (programTicks === null) return new Set();
  return new Set(children.filter((pid) => (readStartTicks(procRoot, pid) ?? programTicks) < programTicks));
}
