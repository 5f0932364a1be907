import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from '../../../../src/fleet/http/http-error.ts';
import { crc32c } from '../../../../src/fleet/read/crc32c.ts';
import { frames } from '../../../../src/fleet/read/remote-read.ts';

async function* pieces(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function framed(text: string): Buffer {
  const message = Buffer.from(text);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32c(message));
  return Buffer.concat([Buffer.of(message.length), sum, message]);
}

async function read(bytes: Buffer, size: number): Promise<string[]> {
  const found: string[] = [];
  for await (const message of frames(pieces(bytes, size))) found.push(Buffer.from(message).toString());
  return found;
}

test('CRC-32C gives the known values of RFC 3720', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test('frames are found wherever the network has cut the stream', async () => {
  const stream = Buffer.concat(['one', 'two and more', 'three'].map(framed));
  for (const size of [1, 2, 5, 7, 100]) assert.deepEqual(await read(stream, size), ['one', 'two and more', 'three']);
});

test('a damaged frame, one that is cut off, and one without end are errors that are worth a repetition', async () => {
  const broken = (bytes: Buffer) =>
    assert.rejects(read(bytes, 3), (error) => error instanceof HttpError && error.kind === 'broken' && error.isTransient);
  const damaged = framed('text');
  damaged[6]! ^= 1;
  await broken(damaged);
  await broken(framed('text').subarray(0, 7));
  await broken(Buffer.alloc(12, 0xff));
});
