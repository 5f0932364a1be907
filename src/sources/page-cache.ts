import { closeSync, constants, fstatSync, openSync, readdirSync, type Stats, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type OpenFile, openFiles } from './open-files.ts';
import { isAbsence, isDenied } from './read-text.ts';
import { fincore, mayAsk } from './residency.ts';
import { openDirUnder, openFileAt, openFileUnder } from './safe-open.ts';
import type { FileReading, ProcessRef, Roots } from './types.ts';

/** What one look may cost at most, whatever the container holds. */
export interface FileLimits {
  readonly pids: number;
  readonly descriptorsPerPid: number;
  readonly folders: number;
  readonly namesPerFolder: number;
  /** Files whose residency is asked, largest and open-for-writing first. */
  readonly asked: number;
  readonly rows: number;
}

const LIMITS: FileLimits = { pids: 32, descriptorsPerPid: 1024, folders: 16, namesPerFolder: 512, asked: 32, rows: 64 };
const TMPFS_MAGIC = 0x01021994;
/** A file smaller than this and held open by nobody is not worth a row. */
const LEAST_BYTES = 64 * 1024;

interface Candidate {
  path: string;
  stat: Stats;
  deleted: boolean;
  openBy: { pid: number; fd: number; mode: 'r' | 'w' | 'rw' }[];
  /** How it can be opened again without following a link. */
  via: { kind: 'fd'; pid: number; fd: number } | { kind: 'path'; pid: number };
}

/**
 * The files behind a container's page cache: held open (deleted ones too), and beside those that are written (rotated logs), and in
 * tmpfs. Sizes by stat, residency by descriptor where the kernel answers truthfully. Never reads a file's content: that would charge
 * its pages to the reader.
 */
export class FileWatcher {
  readonly #roots: Roots;
  readonly #process: ProcessRef;
  readonly #pids: () => number[];
  readonly #limits: FileLimits;
  readonly #mayAsk: (uid: number) => boolean;
  readonly #cursor = new Map<number, number>();
  /** Folders in which something was written lately: looked at again after the file was closed or rotated. */
  readonly #folders = new Set<string>(['/tmp', '/dev/shm']);
  #fincoreMissing: string | null = null;

  constructor(options: {
    readonly roots: Roots;
    readonly process: ProcessRef;
    readonly pids: () => number[];
    readonly limits?: Partial<FileLimits>;
  }) {
    this.#roots = options.roots;
    this.#process = options.process;
    this.#pids = options.pids;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#mayAsk = mayAsk(options.roots);
  }

  /** One look at `nowMs`. Files that can be seen, by resident bytes, then size; at most `limits.rows`. */
  async look(
    _nowMs: number,
    _hint?: { readonly fileBytes: number | null; readonly shmemBytes: number | null },
  ): Promise<FileReading[]> {
    const found = new Map<string, Candidate>();
    for (const pid of this.#pids().slice(0, this.#limits.pids)) this.#addOpen(found, pid);
    for (const folder of [...this.#folders].slice(-this.#limits.folders)) this.#addFolder(found, folder);
    const all = [...found.values()].sort(byWeight).slice(0, this.#limits.rows);
    return (await this.#measure(all)).sort(
      (a, b) => (b.residentBytes ?? -1) - (a.residentBytes ?? -1) || (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0),
    );
  }

  close(): void {
    this.#cursor.clear();
    this.#folders.clear();
  }

  #addOpen(found: Map<string, Candidate>, pid: number): void {
    const { files, next } = openFiles(this.#roots.proc, pid, this.#cursor.get(pid) ?? 0, this.#limits.descriptorsPerPid);
    this.#cursor.set(pid, next);
    for (const file of files) this.#addOpenFile(found, file);
  }

  #addOpenFile(found: Map<string, Candidate>, file: OpenFile): void {
    const key = `${file.stat.dev}:${file.stat.ino}`;
    const open = { pid: file.pid, fd: file.fd, mode: file.mode };
    const known = found.get(key);
    if (known !== undefined) known.openBy.push(open);
    else
      found.set(key, {
        path: file.path,
        stat: file.stat,
        deleted: file.deleted,
        openBy: [open],
        via: { kind: 'fd', pid: file.pid, fd: file.fd },
      });
    if (file.mode !== 'r') this.#remember(dirname(file.path));
  }

  /** Newest last; the folders of a container that writes everywhere push out the oldest. */
  #remember(folder: string): void {
    this.#folders.delete(folder);
    this.#folders.add(folder);
    if (this.#folders.size > this.#limits.folders * 2) this.#folders.delete(this.#folders.values().next().value!);
  }

  #addFolder(found: Map<string, Candidate>, folder: string): void {
    const { pid } = this.#process;
    const root = join(this.#roots.proc, String(pid), 'root');
    let dir: number;
    try {
      dir = openDirUnder(root, folder);
    } catch (error) {
      if (isSkippable(error)) return;
      throw error;
    }
    try {
      for (const name of readdirSync(`/proc/self/fd/${dir}`).slice(0, this.#limits.namesPerFolder))
        this.#addNamed(found, dir, folder, name, pid);
    } catch (error) {
      if (!isSkippable(error)) throw error;
    } finally {
      closeSync(dir);
    }
  }

  #addNamed(found: Map<string, Candidate>, dir: number, folder: string, name: string, pid: number): void {
    try {
      const { fd, stat } = openFileAt(dir, name);
      closeSync(fd);
      const key = `${stat.dev}:${stat.ino}`;
      if (!found.has(key) && stat.size >= LEAST_BYTES)
        found.set(key, { path: join(folder, name), stat, deleted: false, openBy: [], via: { kind: 'path', pid } });
    } catch (error) {
      if (!isSkippable(error)) throw error;
    }
  }

  async #measure(candidates: readonly Candidate[]): Promise<FileReading[]> {
    const opened: { readonly index: number; readonly fd: number }[] = [];
    const rows = candidates.map((c, index): FileReading => {
      const base = reading(c);
      if (!this.#mayAsk(c.stat.uid))
        return { ...base, method: `unknown: the file belongs to uid ${c.stat.uid}, asked by uid ${process.geteuid?.() ?? -1}` };
      const fd = this.#open(c);
      if (fd === null) return { ...base, method: 'unknown: it may not be opened for reading' };
      const fileSystem = fileSystemOf(fd);
      const known = { ...base, fileSystem };
      // Every page of a tmpfs file that has a block is in memory (or in swap).
      if (fileSystem?.kind === 'tmpfs' || opened.length >= this.#limits.asked) {
        closeSync(fd);
        return fileSystem?.kind === 'tmpfs'
          ? { ...known, residentBytes: base.allocatedBytes, method: 'tmpfs' }
          : { ...known, method: 'unknown: more files than are asked in one look' };
      }
      opened.push({ index, fd });
      return known;
    });
    try {
      const answer =
        this.#fincoreMissing === null
          ? await fincore(opened.map((o) => o.fd))
          : { state: 'absent' as const, why: this.#fincoreMissing };
      if (answer.state === 'absent') this.#fincoreMissing = answer.why;
      opened.forEach(({ index }, i) => {
        const row = rows[index]!;
        if (answer.state === 'absent') rows[index] = { ...row, method: `unknown: ${answer.why}` };
        else {
          const bytes = answer.bytes[i] ?? null;
          // A file of 0 bytes cannot be mapped, so fincore says nothing of it: nothing is resident.
          rows[index] =
            row.sizeBytes === 0
              ? { ...row, residentBytes: 0, method: 'fincore' }
              : { ...row, residentBytes: bytes, method: bytes === null ? 'unknown: fincore gave no answer' : 'fincore' };
        }
      });
    } finally {
      for (const { fd } of opened) closeSync(fd);
    }
    return rows;
  }

  /** A descriptor of the very file that was seen; null where it may not be opened or is another by now. */
  #open(c: Candidate): number | null {
    try {
      // O_NONBLOCK: should the descriptor have become a FIFO since, the open must not wait.
      const fd =
        c.via.kind === 'fd'
          ? openSync(join(this.#roots.proc, String(c.via.pid), 'fd', String(c.via.fd)), constants.O_RDONLY | constants.O_NONBLOCK)
          : openFileUnder(join(this.#roots.proc, String(c.via.pid), 'root'), c.path).fd;
      const stat = fstatSync(fd);
      if (stat.isFile() && stat.ino === c.stat.ino && stat.dev === c.stat.dev) return fd;
      closeSync(fd);
      return null;
    } catch (error) {
      if (isSkippable(error)) return null;
      throw error;
    }
  }
}

const reading = (c: Candidate): FileReading => ({
  path: c.path,
  dev: c.stat.dev,
  ino: c.stat.ino,
  sizeBytes: c.stat.size,
  // st_blocks counts units of 512 bytes, whatever the block size (stat(2)).
  allocatedBytes: c.stat.blocks * 512,
  mtimeMs: c.stat.mtimeMs,
  residentBytes: null,
  dirtyBytes: null,
  method: 'unknown',
  openBy: c.openBy,
  deleted: c.deleted,
  fileSystem: null,
});

function fileSystemOf(fd: number): FileReading['fileSystem'] {
  try {
    const s = statfsSync(`/proc/self/fd/${fd}`);
    return { kind: s.type === TMPFS_MAGIC ? 'tmpfs' : 'disk', freeBytes: s.bavail * s.bsize, totalBytes: s.blocks * s.bsize };
  } catch (error) {
    if (isSkippable(error)) return null;
    throw error;
  }
}

/** Written ones first, then the largest. */
const byWeight = (a: Candidate, b: Candidate): number => Number(isWritten(b)) - Number(isWritten(a)) || b.stat.size - a.stat.size;
const isWritten = (c: Candidate): boolean => c.openBy.some((o) => o.mode !== 'r');

/** Gone by now, not ours, a planted link or FIFO: that file has no row, and the look goes on. */
const isSkippable = (error: unknown): boolean =>
  isAbsence(error) ||
  isDenied(error) ||
  ['ELOOP', 'ENOTREGULAR', 'ENXIO', 'ENAMETOOLONG', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '');
