// The answers of a Prometheus server, which memhound fleet reads. A server that was replaced, or a proxy, may write anything.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { HttpError } from '../../src/fleet/http/http-error.ts';
import { crc32c } from '../../src/fleet/read/crc32c.ts';
import { joinPieces, parseExportLine } from '../../src/fleet/read/export.ts';
import { parseSelector, selectorText } from '../../src/fleet/read/matchers.ts';
import { decodeFrame, frames } from '../../src/fleet/read/remote-read.ts';
import { SeriesCollector } from '../../src/fleet/read/series-collector.ts';
import { snappyLiterals } from '../../src/fleet/read/snappy-literals.ts';
import { ChunkError, XorDecoder } from '../../src/fleet/read/xor-chunk.ts';
import { containerSeries } from '../../src/inputs/prometheus/container-series.ts';
import type { LabelledSeries } from '../../src/inputs/prometheus/labelled-series.ts';
import { openAnswer, parseMatrix } from '../../src/inputs/prometheus-json.ts';
import { InputError } from '../../src/inputs/series-file.ts';
import { fuzz, isJson, json, near, oddKey } from '../support/fuzz.ts';
import { encodeXorChunk } from '../support/xor-encoder.ts';

const METRIC = {
  __name__: 'container_memory_rss',
  namespace: 'shop',
  pod: 'web-0',
  container: 'web',
};
const MATRIX = {
  resultType: 'matrix',
  result: [
    {
      metric: METRIC,
      values: [
        [0, '1'],
        [15, '2'],
        [30, '3'],
      ],
    },
  ],
};
const asJson = (value: unknown) =>
  near(JSON.stringify(value))
    .filter(isJson)
    .map((text): unknown => JSON.parse(text));

/** What is read is also made into containers, as a run does. */
function containersOf(rows: readonly LabelledSeries[]): unknown {
  return [...containerSeries(rows)].map(({ key, series }) => {
    for (let i = 1; i < series.t.length; i++) assert.ok(series.t[i]! > series.t[i - 1]!, 'times rise');
    for (const column of series.fields.values())
      assert.ok(column.every((value) => Number.isNaN(value) || (value >= 0 && value <= 2 ** 53)));
    return { key, intervalS: series.intervalS, limit: series.limitBytes, heap: series.heapMaxBytes };
  });
}

fuzz(
  'a range of Prometheus',
  fc.oneof(
    asJson({ status: 'success', data: MATRIX }),
    json.map((values) => ({ status: '', data: { ...MATRIX, result: [{ metric: METRIC, values: [values, values] }] } })),
    fc.tuple(json, json).map(([metric, data]) => ({ status: '', data: { ...MATRIX, result: [{ metric, values: [] }, data] } })),
    fc.tuple(json, json, json).map(([error, warnings, data]) => ({ error, warnings, data })),
  ),
  (answer) => containersOf(parseMatrix(openAnswer(answer).data)),
  InputError,
);

const LINE = { metric: METRIC, values: [1, null, 3], timestamps: [1000, 2000, 3000] };
fuzz(
  'a line of an export',
  fc.oneof(
    near(JSON.stringify(LINE)),
    fc.tuple(json, json, json).map(([metric, values, timestamps]) => JSON.stringify({ metric, values, timestamps })),
    fc
      .array(fc.tuple(fc.double(), fc.double()), { maxLength: 20 })
      .map((rows) => JSON.stringify({ ...LINE, values: rows.map(([value]) => value), timestamps: rows.map(([, t]) => t) })),
  ),
  (text) => containersOf([joinPieces([parseExportLine(text, { from: 0, to: 4e9 })])]),
  HttpError,
);

const times = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 33 }), fc.double()), { minLength: 1, maxLength: 12 });
const chunk = fc.tuple(fc.integer({ min: 0, max: 2 ** 41 }), times).map(([start, steps]) => {
  let t = start;
  const samples = steps.map(([step, value]): [number, number] => {
    t += step;
    return [t, value];
  });
  return encodeXorChunk(samples);
});
/** Bytes of which some are others, some are missing, and some are more. */
const damaged = (bytes: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(
      bytes,
      fc.oneof(fc.constant([]), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })),
      fc.nat(),
      fc.uint8Array({ maxLength: 8 }),
    )
    .map(([whole, edits, cut, more]) => {
      const out = Uint8Array.from(whole);
      for (const [at, value] of edits) if (out.length > 0) out[at % out.length] = value;
      return cut % 4 === 0 ? Buffer.concat([out.subarray(0, cut % (out.length + 1)), more]) : out;
    });

fuzz(
  'a chunk of samples',
  fc.oneof(damaged(chunk), fc.uint8Array({ maxLength: 200 })),
  (bytes) => {
    let samples = 0;
    new XorDecoder().decode(bytes, { append: () => void samples++ });
    assert.ok(samples < 65_536);
  },
  ChunkError,
);

const message = fc
  .tuple(fc.array(fc.tuple(oddKey, oddKey), { maxLength: 4 }), chunk, fc.nat(3))
  .map(([labels, data, encoding]) => {
    const writer = new PbfWriter();
    writer.writeMessage(
      1,
      (_: null, series) => {
        for (const [name, value] of labels)
          series.writeMessage(
            1,
            (_2: null, label) => {
              label.writeStringField(1, name);
              label.writeStringField(2, value);
            },
            null,
          );
        series.writeMessage(
          2,
          (_2: null, one) => {
            one.writeVarintField(3, encoding);
            one.writeBytesField(4, data);
          },
          null,
        );
      },
      null,
    );
    return writer.finish();
  });
fuzz(
  'a message of remote read',
  fc.oneof(damaged(message), fc.uint8Array({ maxLength: 100 })),
  (bytes) => {
    const collector = new SeriesCollector({ from: 0, to: 4e9 });
    decodeFrame(bytes, collector, new XorDecoder());
    return containersOf(collector.series());
  },
  HttpError,
);

const framed = (bytes: Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = bytes.length & 127;
  head.writeUInt32BE(crc32c(bytes), 1);
  return Buffer.concat([head, bytes]);
};
fuzz(
  'a stream of remote read',
  fc.tuple(
    damaged(fc.uint8Array({ maxLength: 100 }).map(framed)),
    damaged(fc.uint8Array({ maxLength: 60 }).map(framed)),
    fc.integer({ min: 1, max: 50 }),
  ),
  async ([first, second, size]) => {
    const bytes = Buffer.concat([first, second]);
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    let length = 0;
    for await (const one of frames(pieces())) length += one.length;
    assert.ok(length <= bytes.length);
  },
  HttpError,
);

const SELECTOR = '{namespace="prod",pod=~"shop-.*",a!=\'b\'}';
fuzz(
  'a selector',
  fc.oneof(
    near(SELECTOR),
    fc.string().map((text) => `{a=${JSON.stringify(text)}}`),
  ),
  (text) => {
    const matchers = parseSelector(text);
    assert.deepEqual(parseSelector(selectorText(matchers)), matchers, 'written and read again it is the same');
  },
  InputError,
);

/** Reads Snappy's block format, of literals alone: the way that a server reads a request. Source: google/snappy, format_description.txt. */
function fromSnappy(bytes: Uint8Array): Uint8Array {
  let [at, length, shift] = [0, 0, 0];
  do {
    length |= (bytes[at]! & 127) << shift;
    shift += 7;
  } while (bytes[at++]! >= 128);
  const out: Uint8Array[] = [];
  while (at < bytes.length) {
    assert.equal(bytes[at], 61 << 2, 'a literal whose length has two bytes');
    const size = (bytes[at + 1]! | (bytes[at + 2]! << 8)) + 1;
    out.push(bytes.subarray(at + 3, at + 3 + size));
    at += 3 + size;
  }
  const whole = Buffer.concat(out);
  assert.equal(whole.length, length);
  return whole;
}
fuzz(
  'a request in Snappy',
  fc.oneof({ weight: 9, arbitrary: fc.uint8Array() }, { weight: 1, arbitrary: fc.nat(140_000).map((n) => new Uint8Array(n)) }),
  (bytes) => assert.ok(Buffer.from(bytes).equals(fromSnappy(snappyLiterals(bytes)))),
);
