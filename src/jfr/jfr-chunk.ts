import { MIB, SECOND_MS } from '../units.ts';
import { JfrBytes, JfrError } from './jfr-bytes.ts';
import { type JfrClass, readClasses } from './jfr-types.ts';
import { type JfrReference, type JfrStruct, type JfrValue, ValueReader } from './jfr-values.ts';
import { ReadBudget } from './read-budget.ts';

/*
 * Chunks of a JFR file, format 1 and 2 (JDK 8u262 to 25). There is no specification; the sources are jdk.jfr.internal.consumer.ChunkHeader,
 * ChunkParser and ConstantMap of the JDK.
 */

/** Largest recording that is read. What memhound asks for is smaller. */
export const MAX_RECORDING_BYTES = 32 * MIB;

const MAGIC = 0x464c5200; // "FLR\0"
const HEADER_BYTES = 68;
const [METADATA_TYPE, CHECKPOINT_TYPE] = [0, 1];
const NANOS_PER_MS = 1e6;
const COMPRESSED_INTEGERS = 1;
/** Entries of the pools of one chunk: their places in a chunk of 16 MiB take a similar amount of memory. */
const MAX_POOLED = 500_000;
/** Events of other types that are passed over before other work should run. */
const SKIPPED_A_TURN = 50_000;

/** An event, with the values of pools read when they are asked for. */
export interface JfrEvent {
  readonly type: string;
  readonly values: JfrStruct;
  readonly chunk: JfrChunk;
}

/**
 * The events of these types, of all chunks of a recording, one by one. null after each few milliseconds of work: the caller lets other work
 * run. Throws JfrError.
 */
export function* eachEvent(recording: Buffer, types: ReadonlySet<string>): Generator<JfrEvent | null, void, undefined> {
  refuseOddLength(recording);
  const budget = new ReadBudget();
  for (let from = 0; from < recording.length; ) {
    const chunk = new JfrChunk(recording, from, budget);
    yield* chunk.events(types);
    yield null;
    from = chunk.endsAt;
  }
}

function refuseOddLength({ length }: Buffer): void {
  if (length > MAX_RECORDING_BYTES)
    throw new JfrError(`expected a recording of at most ${MAX_RECORDING_BYTES} bytes, found ${length}`);
  // A disk that is full leaves such a file. It is not a recording without events.
  if (length === 0) throw new JfrError('expected a recording, found an empty file');
}

/** Whether a JVM that wrote this recording knows one of these types of events. Throws JfrError. */
export function knowsTypes(recording: Buffer, types: readonly string[]): boolean {
  refuseOddLength(recording);
  return new JfrChunk(recording, 0, new ReadBudget()).knows(types);
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
  readonly #budget: ReadBudget;
  readonly #msAt: (ticks: number) => number;

  constructor(recording: Buffer, startsAt: number, budget: ReadBudget) {
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
    const startNanos = header.int64();
    header.int64(); // its duration
    const startTicks = header.int64();
    const ticksPerMs = header.int64() / SECOND_MS;
    this.#msAt = (ticks) => startNanos / NANOS_PER_MS + (ticks - startTicks) / ticksPerMs;
    if ((header.int32() & COMPRESSED_INTEGERS) === 0) throw new JfrError('expected compressed integers, found plain ones');
    this.#classes = readClasses(this.#event(metadataAt, METADATA_TYPE));
    this.#budget = budget;
    this.#values = new ValueReader(this.#classes, budget);
  }

  /** The events of these types, in the order of the file, and null where other work should run. */
  *events(types: ReadonlySet<string>): Generator<JfrEvent | null, void, undefined> {
    const wanted = new Map([...this.#classes.values()].filter(({ name }) => types.has(name)).map((type) => [type.id, type]));
    const heads = new JfrBytes(this.#recording, this.#startsAt + HEADER_BYTES, this.endsAt);
    let skipped = 0;
    while (heads.left > 0) {
      const end = this.#endOf(heads);
      const type = wanted.get(heads.varint());
      if (type !== undefined) {
        if (this.#pools === null) yield* this.#readPools();
        this.#budget.beginEvent();
        const bytes = new JfrBytes(this.#recording, heads.at, end);
        yield { type: type.name, values: this.#values.read(bytes, type.id) as JfrStruct, chunk: this };
        if (this.#budget.takesTurn()) yield null;
      } else if (++skipped % SKIPPED_A_TURN === 0) yield null;
      heads.at = end;
    }
  }

  knows(types: readonly string[]): boolean {
    return [...this.#classes.values()].some(({ name }) => types.includes(name));
  }

  /** When an event began, in milliseconds since 1970; null: it has no time. */
  msOf({ values }: JfrEvent): number | null {
    const ticks = values.get('startTime');
    const ms = typeof ticks === 'number' ? this.#msAt(ticks) : Number.NaN;
    return Number.isFinite(ms) ? ms : null;
  }

  /** What a value is: one of a pool is looked up. null: the pool has no such key. */
  resolve(value: JfrValue | undefined): Exclude<JfrValue, JfrReference> | null {
    if (typeof value !== 'object' || value === null || value instanceof Map || Array.isArray(value)) return value ?? null;
    if ('poolKey' in value) return this.#pooled({ classId: this.#classIdOf('java.lang.String'), key: value.poolKey });
    return 'classId' in value ? this.#pooled(value) : null;
  }

  #pooled({ classId, key }: JfrReference): Exclude<JfrValue, JfrReference> | null {
    const at = this.#pools?.get(classId)?.get(key);
    if (at === undefined) return null;
    return this.resolve(this.#values.read(new JfrBytes(this.#recording, at, this.endsAt), classId));
  }

  /** Checkpoints are a list that begins with the last one; each has the distance to the one before it. */
  *#readPools(): Generator<null, void, undefined> {
    const pools = new Map<number, Map<number, number>>();
    this.#pools = pools;
    let entries = 0;
    let [at, before] = [this.#checkpointAt, this.endsAt];
    for (;;) {
      const bytes = this.#event(at, CHECKPOINT_TYPE);
      // Those that overlap would make much out of few bytes.
      if (bytes.end > before)
        throw new JfrError(`expected a checkpoint that ends before byte ${before}, found one to ${bytes.end}`);
      for (const _ of ['start', 'duration']) bytes.varint();
      const toBefore = bytes.varint();
      bytes.byte(); // kind of checkpoint
      for (let count = bytes.count(); count > 0; count--) {
        const classId = bytes.varint();
        const pool = pools.get(classId) ?? new Map<number, number>();
        pools.set(classId, pool);
        for (let values = bytes.count(); values > 0; values--) {
          if (++entries > MAX_POOLED)
            throw new JfrError(`expected at most ${MAX_POOLED} entries in the pools of a chunk, found more`);
          const key = bytes.varint();
          if (!pool.has(key)) pool.set(key, bytes.at);
          this.#budget.beginEvent();
          this.#values.read(bytes, classId);
          if (this.#budget.takesTurn()) yield null;
        }
      }
      if (toBefore === 0) return;
      [at, before] = [at + toBefore, at];
    }
  }

  #event(at: number, type: number): JfrBytes {
    if (at < this.#startsAt || at >= this.endsAt) throw new JfrError(`expected an event within its chunk, found byte ${at}`);
    const head = new JfrBytes(this.#recording, at, this.endsAt);
    const bytes = new JfrBytes(this.#recording, head.at, this.#endOf(head));
    bytes.varint(); // size
    const found = bytes.varint();
    if (found !== type) throw new JfrError(`expected an event of type ${type} at byte ${at}, found type ${found}`);
    return bytes;
  }

  /** Reads the size of an event, which is from where it begins to its end. */
  #endOf(head: JfrBytes): number {
    const { at } = head;
    const size = head.varint();
    if (size <= 0 || at + size > this.endsAt)
      throw new JfrError(`expected an event that ends by byte ${this.endsAt} at byte ${at}, found a size of ${size}`);
    return at + size;
  }

  #classIdOf(name: string): number {
    for (const type of this.#classes.values()) if (type.name === name) return type.id;
    return -1;
  }
}
