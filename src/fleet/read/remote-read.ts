import type { LabelledSeries } from '../../inputs/prometheus/labelled-series.ts';
import { MIB } from '../../units.ts';
import type { Answer, HttpClient } from '../http/http-client.ts';
import { HttpError } from '../http/http-error.ts';
import type { TimeRange } from '../http/prometheus-api.ts';
import { crc32c } from './crc32c.ts';
import type { Matcher } from './matchers.ts';
import { readFrame, readRequest } from './remote-read-format.ts';
import { SeriesCollector } from './series-collector.ts';
import type { SeriesReader } from './series-reader.ts';
import { snappyLiterals } from './snappy-literals.ts';
import { sampleCount, XorDecoder } from './xor-chunk.ts';

/** Prometheus sends frames of 1 MiB (`--storage.remote.read-max-bytes-in-frame`) and may exceed that by one series. */
const MAX_FRAME = 64 * MIB;
const STREAMED = /^application\/x-streamed-protobuf/;

/**
 * Streamed remote read: the server sends its compressed chunks as they are, so it neither decodes them nor holds an answer in memory.
 *
 *     length (uvarint) | CRC-32C of the message (4 bytes) | ChunkedReadResponse | length | ...
 *
 * Source: prometheus/prometheus, storage/remote/chunked.go.
 */
export class RemoteReader implements SeriesReader {
  readonly way = 'remote-read';
  readonly mostSamples = 200_000;
  readonly #client: HttpClient;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  /** Whether the server streams chunks. It may refuse, or answer in the older form, which it holds in memory. */
  async isSupported(matchers: readonly Matcher[], range: TimeRange): Promise<boolean> {
    try {
      return await this.#exchange(matchers, range, async ({ contentType }) => STREAMED.test(contentType));
    } catch (error) {
      if (error instanceof HttpError && error.isNotOffered) return false;
      throw error;
    }
  }

  async read(matchers: readonly Matcher[], range: TimeRange): Promise<LabelledSeries[]> {
    return await this.#exchange(matchers, range, async ({ contentType, body }) => {
      if (!STREAMED.test(contentType))
        throw new HttpError('broken', `${this.#client.origin} answers remote read with ${contentType}, expected streamed chunks`);
      const collector = new SeriesCollector(range);
      const decoder = new XorDecoder();
      for await (const frame of frames(body)) decodeFrame(frame, collector, decoder);
      return collector.series();
    });
  }

  #exchange<T>(matchers: readonly Matcher[], range: TimeRange, consume: (answer: Answer) => Promise<T>): Promise<T> {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-read-version': '0.1.0',
    };
    const body = snappyLiterals(readRequest(matchers, range));
    return this.#client.exchange({ method: 'POST', path: 'api/v1/read', headers, body }, consume);
  }
}

/** @throws HttpError if a chunk is damaged: the answer is asked for again */
export function decodeFrame(frame: Uint8Array, collector: SeriesCollector, decoder: XorDecoder): void {
  try {
    readFrame(frame, {
      onSeries: (labels) => collector.begin(labels),
      onChunk: (data) => {
        if (sampleCount(data) > 0) decoder.decode(data, collector);
      },
      onOther: () => {},
    });
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) throw error;
    // pbf throws plain errors and RangeError for what is no message.
    throw new HttpError('broken', `a frame of remote read is damaged: ${(error as Error).message}`);
  }
}

/** The messages of a stream, each checked against its sum. @throws HttpError */
export async function* frames(body: AsyncIterable<Buffer>): AsyncIterable<Uint8Array> {
  // Pieces are joined once a frame is complete: a frame has many.
  let pieces: Buffer[] = [];
  let length = 0;
  let wanted = 1;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length < wanted) continue;
    let rest: Buffer = pieces.length === 1 ? piece : Buffer.concat(pieces);
    let head = frameHead(rest);
    for (; head !== null && rest.length >= head.end; head = frameHead(rest)) {
      const message = rest.subarray(head.start, head.end);
      if (crc32c(message) !== head.sum) throw new HttpError('broken', 'a frame of remote read does not match its checksum');
      yield message;
      rest = rest.subarray(head.end);
    }
    pieces = [rest];
    length = rest.length;
    wanted = head?.end ?? length + 1;
  }
  if (length > 0) throw new HttpError('broken', 'the answer of remote read ends within a frame');
}

/** null: the head has not arrived as a whole. */
function frameHead(bytes: Buffer): { readonly sum: number; readonly start: number; readonly end: number } | null {
  let length = 0;
  for (let i = 0, scale = 1; i < bytes.length; i++, scale *= 128) {
    length += (bytes[i]! & 127) * scale;
    if (length > MAX_FRAME)
      throw new HttpError('broken', `a frame of remote read has ${length} bytes, expected at most ${MAX_FRAME}`);
    if (bytes[i]! < 128) {
      const start = i + 5;
      return bytes.length < start ? null : { sum: bytes.readUInt32BE(i + 1), start, end: start + length };
    }
  }
  return null;
}
