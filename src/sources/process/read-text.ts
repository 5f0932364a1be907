import { closeSync, constants, openSync, readSync } from 'node:fs';
import { KIB, MIB } from '../../units.ts';

const { O_RDONLY, O_NONBLOCK } = constants;

/** memory.stat has about 2 KiB, /proc/PID/status 1.5 KiB, mountinfo of a busy node about 100 KiB. No kernel file read here is larger than this. */
const MAX_BYTES = MIB;

let shared = Buffer.allocUnsafe(16 * KIB);

/** Reads a descriptor from its start into one shared buffer, at most `most` bytes. The kernel generates a new text at each read from 0. */
export function readFd(fd: number, most = MAX_BYTES): string {
  let length = 0;
  for (;;) {
    if (length >= most) return shared.toString('latin1', 0, length);
    if (length === shared.length) {
      const larger = Buffer.allocUnsafe(Math.min(MAX_BYTES, length * 4));
      shared.copy(larger, 0, 0, length);
      shared = larger;
    }
    const n = readSync(fd, shared, length, Math.min(shared.length, most) - length, length);
    if (n === 0) return shared.toString('latin1', 0, length);
    length += n;
  }
}

/**
 * Like `readFd`, for a file that the kernel writes in one piece: one value or one record (seq_file's single_open), such as files of a cgroup,
 * /proc/PID/status and stat. If the text fits, it is complete, so the second read to check this is saved. Not for lists (maps, cgroup.procs).
 */
export function readRecord(fd: number): string {
  const n = readSync(fd, shared, 0, shared.length, 0);
  return n < shared.length ? shared.toString('latin1', 0, n) : readFd(fd);
}

/** With O_NONBLOCK the open of a FIFO does not wait for a writer. */
const openToRead = (path: string): number => openSync(path, O_RDONLY | O_NONBLOCK);

/**
 * The text of a kernel file; null: it does not exist. That is ENOENT (no such process or file), ESRCH (the process ended between open and
 * read), ENODEV (the cgroup was removed while its file was open) or ENOTDIR. @throws every other error
 */
export function readText(path: string, read = readFd, open = openToRead): string | null {
  let fd: number;
  try {
    fd = open(path);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
  try {
    return read(fd);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  } finally {
    closeSync(fd);
  }
}

const ABSENCE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENODEV', 'ENOTDIR']);

const DENIAL: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

const codeIn = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

export const isAbsenceCode = (code: string): boolean => ABSENCE.has(code);
export const isDenialCode = (code: string): boolean => DENIAL.has(code);
export const isAbsence = (error: unknown): boolean => isAbsenceCode(codeIn(error));
export const isDenied = (error: unknown): boolean => isDenialCode(codeIn(error));
