import { closeSync, openSync, readSync } from 'node:fs';

/** A table of /proc/PID/net, at most so many bytes of it; empty where this kernel has none: without IPv6, or none of /proc. */
export function readTable(path: string, mostBytes: number): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length < mostBytes; ) {
      const piece = Buffer.allocUnsafe(65_536);
      const read = readSync(fd, piece, 0, piece.length, null);
      if (read === 0) break;
      pieces.push(piece.subarray(0, read));
      length += read;
    }
    return Buffer.concat(pieces).toString('latin1');
  } finally {
    closeSync(fd);
  }
}
