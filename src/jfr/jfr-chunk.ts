import { MIB } from '../units.ts';
import { JfrBytes, JfrError } from './jfr-bytes.ts';
import { type JfrClass, readClasses } from './jfr-types.ts';
import { type JfrReference, type JfrStruct, type JfrValue, ValueReader } from './jfr-values.ts';

/*
 * Chunks of a JFR file, format 1 and 2 (JDK 8u262 to 25). There is no specification; the sources are jdk.jfr.internal.consumer.ChunkHeader,
 * ChunkParser and ConstantMap of the JDK.
 */

/** Largest recording that is read. What memhound asks for is smaller. */
export const MAX_RECORDING_BYTES = 32 * MIB;

const MAGIC = 0x464c5200; // "FLR\0"
const HEADER_BYTES = 68;
/** Start and duration in nanoseconds, start in ticks, ticks a second. */
const TIMES_BYTES = 32;
const [METADATA_TYPE, CHECKPOINT_TYPE] = [0, 1];
const COMPRESSED_INTEGERS = 1;
/** Checkpoints of one chunk. The JDK writes one for each flush. */
const MAX_CHECKPOINTS = 100_000;

/** An event, with the values of pools read when they are asked for. */
export interface JfrEvent {
  readonly type: string;
  readonly values: JfrStruct;
  readonly chunk: JfrChunk;
}

/** The events of these types, of all chunks of a recording. Throws JfrError. */
export const readEvents = (recording: Buffer, types: ReadonlySet<string>): JfrEvent[] => [...eachEvent(recording, types)];

/** The same one by one, for recordings of very many events. */
export function* eachEvent(recording: Buffer, types: ReadonlySet<string>): Generator<JfrEvent, void, undefined> {
  if (recording.length > MAX_RECORDING_BYTES)
    throw new JfrError(`expected a recording of at most ${MAX_RECORDING_BYTES} bytes, found ${recording.length}`);
  // A disk that is full leaves such a file. It is not a recording without events.
  if (recording.length === 0) throw new JfrError('expected a recording, found an empty file');
  for (let from = 0; from < recording.length; ) {
    const chunk = new JfrChunk(recording, from);
    yield* chunk.events(types);
    from = chunk.endsAt;
  }
}

export class JfrChunk {
  readonly endsAt: number;
  readonly #recording: Buffer;
  readonly #startsAt: number;
  readonly #classes: ReadonlyMap<number, JfrClass>;
  readonly #values: ValueReader;
  readonly #checkpointAt: number;
  /** Position of each value, by the class of the pool and the key; null: the checkpoints have not been read. */
  #pools: Map<number, Map<number, number>> | null = null;

  constructor(recording: Buffer, startsAt: number) {
    const header = new JfrBytes(recording, startsAt, startsAt + HEADER_BYTES);
    const magic = header.int32();
    const [major, minor] = [header.int16(), header.int16()];
    if (magic !== MAGIC || major < 1 || major > 2)
      throw new JfrError(
        `expected a chunk of a JFR recording, version 1 or 2, found ${magic.toString(16)}, version ${major}.${minor}`,
      );
    const size = header.int64();
    if (size < HEADER_BYTES || startsAt + size > recording.length)
      throw new JfrError(`expected a finished chunk within ${recording.length} bytes, found one of ${size} bytes at ${startsAt}`);
    this.#recording = recording;
    this.#startsAt = startsAt;
    this.endsAt = startsAt + size;
    this.#checkpointAt = startsAt + header.int64();
    const metadataAt = startsAt + header.int64();
    header.skip(TIMES_BYTES);
    if ((header.int32() & COMPRESSED_INTEGERS) === 0) throw new JfrError('expected compressed integers, found plain ones');
    this.#classes = readClasses(this.#event(metadataAt, METADATA_TYPE));
    this.#values = new ValueReader(this.#classes);
  }

  /** The events of these types, in the order of the file. */
  *events(types: ReadonlySet<string>): Generator<JfrEvent, void, undefined> {
    const wanted = new Map([...this.#classes.values()].filter(({ name }) => types.has(name)).map((type) => [type.id, type]));
    for (let at = this.#startsAt + HEADER_BYTES; at < this.endsAt; ) {
      const bytes = new JfrBytes(this.#recording, at, this.endsAt);
      const size = bytes.varint();
      if (size <= 0) throw new JfrError(`expected an event at byte ${at}, found a size of ${size}`);
      const type = wanted.get(bytes.varint());
      if (type !== undefined) yield { type: type.name, values: this.#values.read(bytes, type.id) as JfrStruct, chunk: this };
      at += size;
    }
  }

  /** What a value is: one of a pool is looked up. null: the pool has no such key. */
  resolve(value: JfrValue | undefined): Exclude<JfrValue, JfrReference> | null {
    if (typeof value !== 'object' || value === null || value instanceof Map || Array.isArray(value)) return value ?? null;
    if ('poolKey' in value) return this.#pooled({ classId: this.#classIdOf('java.lang.String'), key: value.poolKey });
    return 'classId' in value ? this.#pooled(value) : null;
  }

  #pooled({ classId, key }: JfrReference): Exclude<JfrValue, JfrReference> | null {
    this.#pools ??= this.#readPools();
    const at = this.#pools.get(classId)?.get(key);
    if (at === undefined) return null;
    return this.resolve(this.#values.read(new JfrBytes(this.#recording, at, this.endsAt), classId));
  }

  /** Checkpoints are a list that begins with the last one; each has the distance to the one before it. */
  #readPools(): Map<number, Map<number, number>> {
    const pools = new Map<number, Map<number, number>>();
    let at = this.#checkpointAt;
    for (let n = 0; n < MAX_CHECKPOINTS; n++) {
      const bytes = this.#event(at, CHECKPOINT_TYPE);
      for (const _ of ['start', 'duration']) bytes.varint();
      const toBefore = bytes.varint();
      bytes.byte(); // kind of checkpoint
      for (let count = bytes.varint(); count > 0; count--) {
        const classId = bytes.varint();
        const pool = pools.get(classId) ?? new Map<number, number>();
        pools.set(classId, pool);
        for (let values = bytes.count(); values > 0; values--) {
          const key = bytes.varint();
          if (!pool.has(key)) pool.set(key, bytes.at);
          this.#values.read(bytes, classId);
        }
      }
      if (toBefore === 0) return pools;
      at += toBefore;
    }
    throw new JfrError(`expected at most ${MAX_CHECKPOINTS} checkpoints in a chunk, found more`);
  }

  #event(at: number, type: number): JfrBytes {
    if (at < this.#startsAt || at >= this.endsAt) throw new JfrError(`expected an event within its chunk, found byte ${at}`);
    const bytes = new JfrBytes(this.#recording, at, this.endsAt);
    bytes.varint(); // size
    const found = bytes.varint();
    if (found !== type) throw new JfrError(`expected an event of type ${type} at byte ${at}, found type ${found}`);
    return bytes;
  }

  #classIdOf(name: string): number {
    for (const type of this.#classes.values()) if (type.name === name) return type.id;
    return -1;
  }
}
