import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { KIB, MIB } from '../units.ts';

/** The place of a line in a spool, in bytes. */
export interface SpoolPlace {
  readonly offset: number;
  readonly length: number;
}

/** A row has some 100 KiB. */
const LONGEST_LINE = 64 * MIB;

/** What was found in place of lines. */
export class SpoolError extends Error {
  override name = 'SpoolError';
}

/** Lines of text in a file: the rows of a large fleet do not fit into memory, and their order is known only at the end. */
export class Spool {
  readonly #fd: number;
  #end: number;
  /** One for all that is read: each row would leave one to the garbage collector, which sees little of what it weighs. */
  #bytes = Buffer.alloc(64 * KIB);

  private constructor(fd: number, end: number) {
    this.#fd = fd;
    this.#end = end;
  }

  /** A new file. @throws if it exists */
  static create(path: string): Spool {
    return new Spool(openSync(path, 'wx+', 0o600), 0);
  }

  /**
   * Continues a file, and gives its complete lines to `onLine`. What follows the last newline was cut off, and is replaced. @throws SpoolError if it is
   * no file of lines: a device has no end, and what is no file of memhound may have no newline
   */
  static resume(path: string, onLine: (text: string, place: SpoolPlace) => void): Spool {
    const spool = new Spool(openSync(path, constants.O_RDWR | constants.O_NONBLOCK), 0);
    if (!fstatSync(spool.#fd).isFile()) throw new SpoolError('a pipe or a device');
    // The file of a large fleet is larger than the memory that a run takes.
    let piece = Buffer.alloc(MIB);
    for (let held = 0; ; ) {
      if (held === LONGEST_LINE) throw new SpoolError(`a line of more than ${LONGEST_LINE / MIB} MiB`);
      if (held === piece.length) piece = Buffer.concat([piece, Buffer.alloc(piece.length)]);
      const n = readSync(spool.#fd, piece, held, piece.length - held, spool.#end + held);
      if (n === 0) return spool;
      held += n;
      let from = 0;
      for (let end = piece.indexOf(10); end >= 0 && end < held; end = piece.indexOf(10, from)) {
        onLine(piece.toString('utf8', from, end), { offset: spool.#end + from, length: end - from });
        from = end + 1;
      }
      piece.copyWithin(0, from, held);
      held -= from;
      spool.#end += from;
    }
  }

  append(line: string): SpoolPlace {
    const bytes = Buffer.from(`${line}\n`);
    for (let written = 0; written < bytes.length; )
      written += writeSync(this.#fd, bytes, written, bytes.length - written, this.#end + written);
    const place = { offset: this.#end, length: bytes.length - 1 };
    this.#end += bytes.length;
    return place;
  }

  read({ offset, length }: SpoolPlace): string {
    if (this.#bytes.length < length) this.#bytes = Buffer.alloc(2 * length);
    const bytes = this.#bytes;
    for (let read = 0; read < length; ) {
      const n = readSync(this.#fd, bytes, read, length - read, offset + read);
      if (n === 0) throw new Error(`the spool ends at byte ${offset + read}, expected ${length} bytes from ${offset}`);
      read += n;
    }
    return bytes.toString('utf8', 0, length);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
