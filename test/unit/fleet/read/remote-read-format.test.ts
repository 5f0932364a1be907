import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { readFrame, readRequest } from '../../../../src/fleet/read/remote-read-format.ts';
import { snappyLiterals } from '../../../../src/fleet/read/snappy-literals.ts';

/** ChunkedReadResponse of prometheus/prometheus, prompb/remote.proto. */
function frame(labels: Readonly<Record<string, string>>, chunks: readonly { type: number; data: Uint8Array }[]): Uint8Array {
  const writer = new PbfWriter();
  writer.writeMessage(
    1,
    (_: null, series) => {
      for (const label of Object.entries(labels))
        series.writeMessage(
          1,
          ([name, value], pbf) => {
            pbf.writeStringField(1, name);
            pbf.writeStringField(2, value);
          },
          label,
        );
      for (const chunk of chunks)
        series.writeMessage(
          2,
          ({ type, data }, pbf) => {
            pbf.writeVarintField(1, 1_770_000_000_000);
            pbf.writeVarintField(2, 1_770_000_060_000);
            pbf.writeVarintField(3, type);
            pbf.writeBytesField(4, data);
          },
          chunk,
        );
    },
    null,
  );
  return writer.finish();
}

function heard(bytes: Uint8Array): unknown[] {
  const events: unknown[] = [];
  readFrame(bytes, {
    onSeries: (labels) => events.push(labels),
    onChunk: (data) => events.push([...data]),
    onOther: (encoding) => events.push(encoding),
  });
  return events;
}

test('a frame has series with their labels and chunks, and other encodings are distinguished', () => {
  const labels = { __name__: 'container_memory_rss', pod: 'shop-0' };
  const bytes = frame(labels, [
    { type: 1, data: Uint8Array.of(0, 1, 2) },
    { type: 2, data: Uint8Array.of(9) },
  ]);
  assert.deepEqual(heard(bytes), [labels, [0, 1, 2], 2]);
});

test('damaged frames end in an error of their own, never in one that looks like a mistake of the program', () => {
  const whole = frame({ a: 'b' }, [{ type: 1, data: Uint8Array.of(0, 1, 2, 3, 4) }]);
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.map((b, i) => (i === at ? byte : b))),
    fc.nat(whole.length).map((n) => whole.subarray(0, n)),
  );
  fc.assert(
    fc.property(damaged, (bytes) => {
      try {
        heard(bytes);
      } catch (error) {
        assert.ok(!(error instanceof TypeError) && !(error instanceof ReferenceError), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a request says range and matchers in the numbers of the protocol, as Snappy of literals', () => {
  const request = readRequest([{ name: 'pod', operator: '=~', value: 'a|b' }], { from: 1, to: 2 });
  const text = Buffer.from(request).toString('hex');
  // query { start 1000, end 2000, matcher { type 2 (RE), name, value } }, accepted type 1 (STREAMED_XOR_CHUNKS)
  assert.equal(text, '0a14' + '08e807' + '10d00f' + '1a0c' + '0802' + '1203706f64' + '1a03617c62' + '1001');
  const snappy = Buffer.from(snappyLiterals(request));
  assert.equal(snappy[0], request.length);
  assert.deepEqual([...snappy.subarray(1, 4)], [61 << 2, request.length - 1, 0]);
  assert.deepEqual([...snappy.subarray(4)], [...request]);
});
