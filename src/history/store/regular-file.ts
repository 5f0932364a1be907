import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { MIB } from '../../units.ts';

const { O_RDONLY, O_NONBLOCK } = constants;
/** A segment has some 100 KiB. */
const MAX_BYTES = 64 * MIB;

/** A descriptor of one of the files of a history; the caller closes it. A FIFO in its place would wait for a writer. @throws Error, or as open(2) */
export function openRegularFile(path: string): number {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size <= MAX_BYTES) return fd;
  closeSync(fd);
  throw new Error(
    stat.isFile() ? `${path}: expected at most ${MAX_BYTES} bytes, found ${stat.size}` : `${path}: expected a regular file`,
  );
}

/** @throws Error, or as open(2) */
export function readRegularFile(path: string): Buffer {
  const fd = openRegularFile(path);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A socket, a link that leads to itself, and no file at all: this will not be different at the next look. */
const WRONG_KIND: ReadonlySet<string> = new Set(['ENXIO', 'ELOOP', 'ENOENT']);

/**
 * Whether the kernel did not let the file be read (too few descriptors, a disk or a volume with an error, no permission), which may pass. Otherwise
 * its content is at fault, or there is no such file.
 */
export function isReadFailure(error: unknown): boolean {
  const { errno, code } = error as NodeJS.ErrnoException;
  return errno !== undefined && !WRONG_KIND.has(code ?? '');
}
