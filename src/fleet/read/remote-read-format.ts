import { PbfReader, PbfWriter } from 'pbf';
import type { Labels } from '../../inputs/prometheus/labelled-series.ts';
import { SECOND_MS } from '../../units.ts';
import type { TimeRange } from '../http/prometheus-api.ts';
import type { Matcher } from './matchers.ts';

/** Messages of remote read. The numbers are those of prometheus/prometheus, prompb/remote.proto and types.proto. */
const OPERATORS: Readonly<Record<Matcher['operator'], number>> = { '=': 0, '!=': 1, '=~': 2, '!~': 3 };
const STREAMED_XOR_CHUNKS = 1;
const XOR = 1;

/** ReadRequest with one query, which accepts streamed chunks only. */
export function readRequest(matchers: readonly Matcher[], { from, to }: TimeRange): Uint8Array {
  const request = new PbfWriter();
  request.writeMessage(
    1,
    (_: null, query) => {
      query.writeVarintField(1, Math.floor(from * SECOND_MS));
      query.writeVarintField(2, Math.ceil(to * SECOND_MS));
      for (const { name, operator, value } of matchers) {
        query.writeMessage(
          3,
          (_2: null, matcher) => {
            matcher.writeVarintField(1, OPERATORS[operator]);
            matcher.writeStringField(2, name);
            matcher.writeStringField(3, value);
          },
          null,
        );
      }
    },
    null,
  );
  request.writeVarintField(2, STREAMED_XOR_CHUNKS);
  return request.finish();
}

export interface ChunkHandler {
  readonly onSeries: (labels: Labels) => void;
  /** The data is valid until the handler returns. */
  readonly onChunk: (data: Uint8Array) => void;
  /** A chunk of an encoding other than XOR: a native histogram. */
  readonly onOther: (encoding: number) => void;
}

/** Reads one frame, a ChunkedReadResponse: series, each with its labels before its chunks. */
export function readFrame(frame: Uint8Array, handler: ChunkHandler): void {
  new PbfReader(frame).readFields((tag, _, reader) => {
    if (tag === 1) readSeries(reader, handler);
  }, null);
}

function readSeries(reader: PbfReader, handler: ChunkHandler): void {
  const labels: Record<string, string> = {};
  const chunks: Chunk[] = [];
  reader.readMessage((tag, _, fields) => {
    if (tag === 1) {
      const { name, value } = fields.readMessage(readLabel, { name: '', value: '' });
      labels[name] = value;
    } else if (tag === 2) chunks.push(fields.readMessage(readChunk, { encoding: 0, data: new Uint8Array(0) }));
  }, null);
  handler.onSeries(labels);
  for (const { encoding, data } of chunks) {
    if (encoding === XOR) handler.onChunk(data);
    else handler.onOther(encoding);
  }
}

interface Chunk {
  encoding: number;
  data: Uint8Array;
}

function readLabel(tag: number, label: { name: string; value: string }, reader: PbfReader): void {
  if (tag === 1) label.name = reader.readString();
  else if (tag === 2) label.value = reader.readString();
}

function readChunk(tag: number, chunk: Chunk, reader: PbfReader): void {
  if (tag === 3) chunk.encoding = reader.readVarint();
  else if (tag === 4) chunk.data = reader.readBytes();
}
