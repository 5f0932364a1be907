import { readdirSync, readFileSync } from 'node:fs';

/** What a program and its children have used until now, or have now. Bytes and seconds; null: not known. */
export interface ProcessAccount {
  readonly processes: number;
  /** User and system time of all, children that were reaped included. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly anonBytes: number;
  /** RSS that is pages of files: the program's own binary and libraries, shared with others that run the same. */
  readonly fileBytes: number;
  /** Bytes that were to reach a disk (proc(5), write_bytes), children that were reaped included. */
  readonly writtenBytes: number | null;
}

/** Clock ticks a second in /proc/PID/stat: 100 on every architecture that Node runs on (USER_HZ, proc(5)). */
const USER_HZ = 100;

/**
 * The process `root` and all that descend from it. A reaped child's time and bytes are its parent's (proc(5): cutime, cstime; the
 * kernel's wait_task_zombie adds the I/O account), so the sum over the living counts every process that there ever was.
 * Pages shared between processes of a tree are counted in each: RSS of a tree is an upper bound.
 */
export function readAccount(root: number): ProcessAccount {
  const total = { processes: 0, cpuSeconds: 0, rssBytes: 0, anonBytes: 0, fileBytes: 0, writtenBytes: 0 as number | null };
  for (const pid of tree(root)) {
    const stat = statFields(pid);
    if (stat === null) continue;
    total.processes++;
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
    total.cpuSeconds += [11, 12, 13, 14].reduce((sum, at) => sum + Number(stat[at]), 0) / USER_HZ;
    const status = read(pid, 'status');
    total.rssBytes += kib(status, 'VmRSS');
    total.anonBytes += kib(status, 'RssAnon');
    total.fileBytes += kib(status, 'RssFile');
    const written = /^write_bytes: (\d+)$/m.exec(read(pid, 'io'))?.[1];
    total.writtenBytes = written === undefined || total.writtenBytes === null ? null : total.writtenBytes + Number(written);
  }
  return total;
}

function* tree(root: number): Generator<number> {
  const children = new Map<number, number[]>();
  for (const name of entries('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? statFields(pid)?.[1] : undefined;
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), pid]);
  }
  const left = [root];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    yield pid;
    left.push(...(children.get(pid) ?? []));
  }
}

/** From the third field on; the second, the name, may contain blanks and brackets. */
function statFields(pid: number): string[] | null {
  const text = read(pid, 'stat');
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const kib = (status: string, key: string): number =>
  Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;

/** '' if the process has ended meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    if (ENDED.has((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (ENDED.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

const ENDED: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);
