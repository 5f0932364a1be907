import type { Writable } from 'node:stream';

/** Writes lines as fast as they are read: without pauses all would wait in memory. It ends early where the reader has left, as `head` does. */
export async function writeLines(stream: Writable, lines: Iterable<string>): Promise<void> {
  // Each write to a closed pipe is an error, also one that is reported after the last line.
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  for (const line of lines) {
    if (stream.errored !== null) return;
    if (!stream.write(`${line}\n`)) await untilRead(stream);
  }
}

const ignore = (): void => {};

async function untilRead(stream: Writable): Promise<void> {
  if (stream.errored !== null || !stream.writableNeedDrain) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('error', settle);
      resolve();
    };
    stream.on('drain', settle).on('error', settle);
  });
}
