import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { MIB } from '../units.ts';

/** There is more to read than a command takes. */
export class TooLongError extends Error {}

/**
 * Reads a file that a person names, which may be a pipe: `<(kubectl get -o yaml)`. A pipe has no size, a device no end, and a file of /proc says that it has
 * no bytes. Synchronous, because nothing else is waiting. @throws TooLongError, or as open(2) and read(2)
 */
export function readBounded(file: string, most: number): Buffer {
  const fd = openSync(file, 'r');
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.size > most) throw new TooLongError();
    if (stat.isFile() && stat.size > 0) return readFileSync(fd);
    const pieces: Buffer[] = [];
    for (let total = 0; ; ) {
      const piece = Buffer.allocUnsafe(MIB);
      let filled = 0;
      for (let length = -1; length !== 0 && filled < piece.length; filled += length)
        length = readSync(fd, piece, filled, piece.length - filled, null);
      total += filled;
      if (total > most) throw new TooLongError();
      pieces.push(piece.subarray(0, filled));
      if (filled < piece.length) return Buffer.concat(pieces, total);
    }
  } finally {
    closeSync(fd);
  }
}

/** @throws TooLongError */
export async function readStandardInput(most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    total += piece.length;
    if (total > most) throw new TooLongError();
    pieces.push(piece);
  }
  return Buffer.concat(pieces, total);
}
