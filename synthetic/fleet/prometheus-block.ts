import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../src/fleet/read/crc32c.ts';
import type { StoredSeries } from './installs.ts';
import { MAX_CHUNK_SAMPLES, XorChunkWriter } from './xor-chunk-writer.ts';

/**
 * Writes series as a block of Prometheus (prometheus/prometheus, tsdb/docs/format), ten times as fast as a server takes them by remote write. The
 * block has the whole time in it, so the server has nothing to compact.
 */
const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const MAX_SEGMENT = 500 * 2 ** 20;
const XOR = 1;

interface IndexedSeries {
  readonly labels: readonly (readonly [string, string])[];
  /** Of each chunk its first and its last time, and its reference. */
  readonly chunks: Float64Array;
}

/** Writes the block into the data folder of a server. Times are in ms. */
export function writeBlock(dataFolder: string, all: Iterable<StoredSeries>): void {
  const folder = join(dataFolder, ULID);
  mkdirSync(join(folder, 'chunks'), { recursive: true });
  const chunks = new ChunkFiles(join(folder, 'chunks'));
  const encoder = new XorChunkWriter();
  const series: IndexedSeries[] = [];
  let [samples, chunkCount, from, to] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { labels, tMs, v } of all) {
    const n = tMs.length;
    if (n === 0) continue;
    const metas = new Float64Array(3 * Math.ceil(n / MAX_CHUNK_SAMPLES));
    for (let i = 0, at = 0; i < n; i += MAX_CHUNK_SAMPLES) {
      const end = Math.min(n, i + MAX_CHUNK_SAMPLES);
      metas[at++] = tMs[i]!;
      metas[at++] = tMs[end - 1]!;
      metas[at++] = chunks.append(encoder.encode(tMs, v, i, end));
    }
    series.push({ labels: Object.entries(labels).sort(([a], [b]) => order(a, b)), chunks: metas });
    samples += n;
    chunkCount += metas.length / 3;
    from = Math.min(from, tMs[0]!);
    to = Math.max(to, tMs[n - 1]! + 1);
  }
  chunks.close();
  writeIndex(join(folder, 'index'), series);
  const stats = { numSamples: samples, numSeries: series.length, numChunks: chunkCount };
  const meta = { ulid: ULID, minTime: from, maxTime: to, stats, compaction: { level: 1, sources: [ULID] }, version: 1 };
  writeFileSync(join(folder, 'meta.json'), JSON.stringify(meta));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A file that is written from its begin to its end, in large pieces. */
class Output {
  readonly #fd: number;
  #bytes = Buffer.alloc(2 ** 20);
  #used = 0;
  #written = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
  }

  get position(): number {
    return this.#written + this.#used;
  }

  append(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#bytes.length) this.#flush();
    if (bytes.length > this.#bytes.length) this.#bytes = Buffer.alloc(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  pad(to: number): void {
    this.append(Buffer.alloc((to - (this.position % to)) % to));
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    for (let at = 0; at < this.#used; ) at += writeSync(this.#fd, this.#bytes, at, this.#used - at);
    this.#written += this.#used;
    this.#used = 0;
  }
}

class ChunkFiles {
  readonly #folder: string;
  #number = 0;
  #file: Output;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = this.#next();
  }

  /** The reference of the chunk: the number of its file, from 0, and its place there. */
  append(data: Uint8Array): number {
    if (this.#file.position > MAX_SEGMENT) {
      this.#file.close();
      this.#file = this.#next();
    }
    const at = this.#file.position;
    const body = Buffer.from([XOR, ...data]);
    this.#file.append(Buffer.concat([uvarint(data.length), body, uint32(crc32c(body))]));
    return (this.#number - 1) * 2 ** 32 + at;
  }

  close(): void {
    this.#file.close();
  }

  #next(): Output {
    this.#number++;
    const file = new Output(join(this.#folder, String(this.#number).padStart(6, '0')));
    file.append(Buffer.from([0x85, 0xbd, 0x40, 0xdd, 1, 0, 0, 0]));
    return file;
  }
}

function writeIndex(path: string, series: IndexedSeries[]): void {
  const keyed = series.map((one) => ({ one, key: one.labels.flat().join('\0') }));
  keyed.sort((a, b) => order(a.key, b.key));
  const words = [...new Set(['', ...series.flatMap(({ labels }) => labels.flat())])].sort(order);
  const symbols = new Map(words.map((word, i) => [word, i]));
  const file = new Output(path);
  file.append(Buffer.from([0xba, 0xaa, 0xd7, 0x00, 2]));
  const symbolsAt = file.position;
  appendSection(file, [uint32(words.length), ...words.map(text)]);
  file.pad(16);
  const seriesAt = file.position;
  const postings = new Map<string, number[]>([['\0', []]]);
  for (const { one } of keyed) {
    file.pad(16);
    const reference = file.position / 16;
    postings.get('\0')!.push(reference);
    for (const pair of one.labels) {
      const key = pair.join('\0');
      const list = postings.get(key);
      if (list === undefined) postings.set(key, [reference]);
      else list.push(reference);
    }
    const body = Buffer.concat([
      uvarint(one.labels.length),
      ...one.labels.flatMap(([name, value]) => [uvarint(symbols.get(name)!), uvarint(symbols.get(value)!)]),
      ...chunkList(one.chunks),
    ]);
    file.append(Buffer.concat([uvarint(body.length), body, uint32(crc32c(body))]));
  }
  const places: Buffer[] = [];
  file.pad(4);
  const postingsAt = file.position;
  for (const key of [...postings.keys()].sort(order)) {
    const [name, value] = key.split('\0') as [string, string];
    places.push(Buffer.concat([uvarint(2), text(name), text(value), uvarint(file.position)]));
    const list = postings.get(key)!;
    const body = Buffer.alloc(4 * list.length);
    for (const [i, reference] of list.entries()) body.writeUInt32BE(reference, 4 * i);
    appendSection(file, [uint32(list.length), body]);
  }
  const tableAt = file.position;
  appendSection(file, [uint32(places.length), ...places]);
  const contents = Buffer.alloc(48);
  // Symbols, series, label indices and their table (which nothing reads since version 2), postings and their table.
  for (const [i, at] of [symbolsAt, seriesAt, 0, 0, postingsAt, tableAt].entries()) contents.writeBigUInt64BE(BigInt(at), 8 * i);
  file.append(contents);
  file.append(uint32(crc32c(contents)));
  file.close();
}

function chunkList(chunks: Float64Array): Buffer[] {
  const out = [uvarint(chunks.length / 3)];
  for (let i = 0; i < chunks.length; i += 3) {
    const [first, last, reference] = [chunks[i]!, chunks[i + 1]!, chunks[i + 2]!];
    if (i === 0) out.push(varint(first), uvarint(last - first), uvarint(reference));
    else out.push(uvarint(first - chunks[i - 2]!), uvarint(last - first), varint(reference - chunks[i - 1]!));
  }
  return out;
}

function appendSection(file: Output, parts: readonly Buffer[]): void {
  const body = Buffer.concat(parts);
  file.append(Buffer.concat([uint32(body.length), body, uint32(crc32c(body))]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([uvarint(Buffer.byteLength(value)), Buffer.from(value)]);
const varint = (value: number): Buffer => uvarint(value < 0 ? -2 * value - 1 : 2 * value);

function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
