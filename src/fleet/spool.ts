import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

/** The place of a line in a spool, in bytes. */
export interface SpoolPlace {
  readonly offset: number;
  readonly length: number;
}

/** Lines of text in a file: the rows of a large fleet do not fit into memory, and their order is known only at the end. */
export class Spool {
  readonly #fd: number;
  #end: number;

  private constructor(fd: number, end: number) {
    this.#fd = fd;
    this.#end = end;
  }

  /** A new file. @throws if it exists */
  static create(path: string): Spool {
    return new Spool(openSync(path, 'wx+', 0o600), 0);
  }

  /** Continues a file, and gives its complete lines to `onLine`. What follows the last newline was cut off, and is replaced. */
  static resume(path: string, onLine: (text: string, place: SpoolPlace) => void): Spool {
    const bytes = readFileSync(path);
    let offset = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, offset)) {
      onLine(bytes.subarray(offset, end).toString(), { offset, length: end - offset });
      offset = end + 1;
    }
    return new Spool(openSync(path, 'r+'), offset);
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
    const bytes = Buffer.alloc(length);
    for (let read = 0; read < length; ) {
      const n = readSync(this.#fd, bytes, read, length - read, offset + read);
      if (n === 0) throw new Error(`the spool ends at byte ${offset + read}, expected ${length} bytes from ${offset}`);
      read += n;
    }
    return bytes.toString();
  }

  close(): void {
    closeSync(this.#fd);
  }
}
