import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkError, XorDecoder } from '../../../../src/fleet/read/xor-chunk.ts';
import { XorChunkWriter } from '../../../../synthetic/fleet/xor-chunk-writer.ts';
import { encodeXorChunk } from '../../../support/xor-encoder.ts';

type Sample = readonly [number, number];

function decoded(data: Uint8Array): Sample[] {
  const samples: Sample[] = [];
  new XorDecoder().decode(data, { append: (t, v) => void samples.push([t, v]) });
  return samples;
}

const value = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 2 ** 40 }), fc.constant(0));
const chunk = fc
  .tuple(
    fc.integer({ min: 0, max: 2 ** 41 }),
    fc.array(fc.tuple(fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 2 ** 33 })), value), { maxLength: 60 }),
  )
  .map(([start, steps]): Sample[] => {
    let t = start;
    return steps.map(([step, v]) => {
      t += step;
      return [t, v];
    });
  });

test('any samples survive encoding and decoding, to the last bit', () => {
  fc.assert(
    fc.property(chunk, (samples) => {
      assert.deepEqual(decoded(encodeXorChunk(samples)), samples);
    }),
  );
});

test('the quick writer of synthetic fleets encodes as the slow one does, bit by bit', () => {
  const writer = new XorChunkWriter();
  fc.assert(
    fc.property(chunk, (samples) => {
      const [t, v] = [samples.map(([at]) => at), samples.map(([, one]) => one)];
      assert.deepEqual([...writer.encode(t, v, 0, samples.length)], [...encodeXorChunk(samples)]);
    }),
  );
});

test('damaged bytes give samples or a ChunkError, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        decoded(bytes);
      } catch (error) {
        assert.ok(error instanceof ChunkError, String(error));
      }
    }),
  );
});

test('a chunk that was cut off is an error, not fewer samples', () => {
  const whole = encodeXorChunk([
    [0, 1],
    [15_000, 2],
    [30_000, 3.3],
  ]);
  assert.throws(() => decoded(whole.subarray(0, whole.length - 3)), ChunkError);
});
