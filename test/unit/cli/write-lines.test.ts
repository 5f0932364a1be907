import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { writeLines } from '../../../src/cli/write-lines.ts';

const LINE = 'x'.repeat(1000);
const lines = (n: number): string[] => Array.from({ length: n }, () => LINE);

test('lines wait for a slow reader, so that no more than a buffer of them is in memory', async () => {
  let [most, bytes] = [0, 0];
  const slow = new Writable({
    highWaterMark: 4000,
    write(piece: Buffer, _, done) {
      most = Math.max(most, slow.writableLength);
      bytes += piece.length;
      setImmediate(done);
    },
  });
  await writeLines(slow, lines(500));
  slow.end();
  await new Promise((resolve) => slow.on('finish', resolve));
  assert.equal(bytes, 500 * 1001);
  assert.ok(most <= 6000, `${most} bytes wait`);
});

test('a reader that has left ends the writing, and is no error', async () => {
  let asked = 0;
  function* counted(): Iterable<string> {
    for (const line of lines(500)) {
      asked++;
      yield line;
    }
  }
  const closed = new Writable({
    highWaterMark: 100,
    write: (_piece, _, done) => setImmediate(done, Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  await writeLines(closed, counted());
  await writeLines(closed, counted());
  assert.ok(asked < 10, `${asked} lines were made for nobody`);
});
