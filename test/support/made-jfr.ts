/** Chunks of a JFR file, made: a type with primitives, an event, and the types of an old object sample, as JDK 17 describes them. */

type Bytes = readonly number[];

export const varint = (value: number | bigint): number[] => {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (let i = 0; i < 8; i++) {
    const low = Number(left & 127n);
    left >>= 7n;
    if (left === 0n) return [...bytes, low];
    bytes.push(low | 128);
  }
  return [...bytes, Number(left & 255n)];
};

export const utf8 = (text: string): number[] => {
  const bytes = Buffer.from(text, 'utf8');
  return [3, ...varint(bytes.length), ...bytes];
};

const int64 = (value: number): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return [...bytes];
};

export interface MadeClass {
  readonly id: number;
  readonly name: string;
  /** name, id of its class, and whether it is `pooled` or an `array`. */
  readonly fields?: readonly (readonly [string, number, ('pooled' | 'array')?])[];
}

export interface MadeChunk {
  readonly classes: readonly MadeClass[];
  /** Each event: the id of its type, and the bytes of its fields. */
  readonly events: readonly (readonly [number, Bytes])[];
  /** Each checkpoint, the oldest first: by the class of a pool, its keys and the bytes of their values. */
  readonly checkpoints?: readonly ReadonlyMap<number, ReadonlyMap<number, Bytes>>[];
}

/** An event's size includes its own bytes; as in the JDK it has four of them, whatever its value. */
const sized = (body: Bytes): number[] => {
  const size = body.length + 4;
  return [(size & 127) | 128, ((size >> 7) & 127) | 128, ((size >> 14) & 127) | 128, (size >> 21) & 127, ...body];
};

export function madeChunk({ classes, events, checkpoints = [new Map()] }: MadeChunk): Buffer {
  const body: number[] = [];
  const at = () => HEADER + body.length;
  for (const [type, fields] of events) body.push(...sized([...varint(type), ...fields]));
  let before: number | null = null;
  for (const pools of checkpoints) {
    const here = at();
    body.push(...sized(checkpoint(pools, before === null ? 0 : before - here)));
    before = here;
  }
  const metadataAt = at();
  body.push(...sized(metadata(classes)));
  const header = [
    ...[0x46, 0x4c, 0x52, 0, 0, 2, 0, 1],
    ...int64(HEADER + body.length),
    ...int64(before ?? 0),
    ...int64(metadataAt),
    ...int64(1_767_607_200_000_000_000), // 2026-01-05T10:00:00Z
    ...int64(60_000_000_000),
    ...int64(1_000_000),
    ...int64(1_000_000_000),
    ...[0, 0, 0, 1],
  ];
  return Buffer.from([...header, ...body]);
}

const HEADER = 68;

function checkpoint(pools: ReadonlyMap<number, ReadonlyMap<number, Bytes>>, toBefore: number): number[] {
  const bytes = [...varint(1), ...varint(0), ...varint(0), ...varint(toBefore), 0, ...varint(pools.size)];
  for (const [classId, values] of pools) {
    bytes.push(...varint(classId), ...varint(values.size));
    for (const [key, value] of values) bytes.push(...varint(key), ...value);
  }
  return bytes;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}

function metadata(classes: readonly MadeClass[]): number[] {
  const root: Element = {
    name: 'root',
    attributes: {},
    children: [{ name: 'metadata', attributes: {}, children: classes.map(classElement) }],
  };
  const texts: string[] = [];
  const index = (text: string): number[] => {
    if (!texts.includes(text)) texts.push(text);
    return varint(texts.indexOf(text));
  };
  const element = ({ name, attributes, children }: Element): number[] => [
    ...index(name),
    ...varint(Object.keys(attributes).length),
    ...Object.entries(attributes).flatMap(([key, value]) => [...index(key), ...index(value)]),
    ...varint(children.length),
    ...children.flatMap(element),
  ];
  const tree = element(root);
  return [...varint(0), ...varint(0), ...varint(0), ...varint(1), ...varint(texts.length), ...texts.flatMap(utf8), ...tree];
}

const classElement = ({ id, name, fields = [] }: MadeClass): Element => ({
  name: 'class',
  attributes: { id: String(id), name },
  children: fields.map(([field, classId, kind]) => ({
    name: 'field',
    attributes: {
      name: field,
      class: String(classId),
      ...(kind === 'pooled' ? { constantPool: 'true' } : {}),
      ...(kind === 'array' ? { dimension: '1' } : {}),
    },
    children: [],
  })),
});
