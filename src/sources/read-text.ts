import { closeSync, openSync, readSync } from 'node:fs';

/** memory.stat is some 2 KiB, /proc/PID/status 1.5 KiB, mountinfo of a busy node some 100 KiB; more than this is none of them. */
const MOST_BYTES = 1 << 20;

let shared = Buffer.allocUnsafe(16 * 1024);

/** Reads a descriptor from its beginning into one shared buffer: kernel files give a new text at each read from 0. At most `MOST_BYTES`. */
export function readFd(fd: number): string {
  let length = 0;
  for (;;) {
    if (length === shared.length) {
      if (length >= MOST_BYTES) return shared.toString('latin1', 0, length);
      const larger = Buffer.allocUnsafe(Math.min(MOST_BYTES, length * 4));
      shared.copy(larger, 0, 0, length);
      shared = larger;
    }
    const n = readSync(fd, shared, length, shared.length - length, length);
    if (n === 0) return shared.toString('latin1', 0, length);
    length += n;
  }
}

/**
 * The text of a kernel file, or null where it is not there: ENOENT (no such process or file), ESRCH (the process ended between
 * open and read), ENODEV (the cgroup was removed while its file was open), ENOTDIR. Every other failure is thrown.
 */
export function readText(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
  try {
    return readFd(fd);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  } finally {
    closeSync(fd);
  }
}

const ABSENCE = new Set(['ENOENT', 'ESRCH', 'ENODEV', 'ENOTDIR']);

export const isAbsence = (error: unknown): boolean => ABSENCE.has((error as NodeJS.ErrnoException).code ?? '');
export const isDenied = (error: unknown): boolean => ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
