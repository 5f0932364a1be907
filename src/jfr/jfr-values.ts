import { type JfrBytes, JfrError, type JfrText } from './jfr-bytes.ts';
import type { JfrClass, JfrField } from './jfr-types.ts';

/** A key of a pool. The pool's values may refer to each other in circles, so they are read when they are asked for. */
export interface JfrReference {
  readonly classId: number;
  readonly key: number;
}

export type JfrValue = number | boolean | JfrText | JfrReference | JfrStruct | readonly JfrValue[];
export type JfrStruct = ReadonlyMap<string, JfrValue>;

/** Values that one chunk may have read or passed over. A pool of 16 MiB has some millions; invented types of no bytes would have no end. */
const MAX_VALUES = 50_000_000;
const MAX_DEPTH = 16;

const PRIMITIVES: Readonly<Record<string, (bytes: JfrBytes) => JfrValue>> = {
  boolean: (bytes) => bytes.byte() !== 0,
  byte: (bytes) => bytes.byte(),
  char: (bytes) => bytes.varint(),
  short: (bytes) => bytes.varint() | 0,
  int: (bytes) => bytes.varint() | 0,
  long: (bytes) => bytes.varint(),
  float: (bytes) => bytes.float(),
  double: (bytes) => bytes.double(),
  'java.lang.String': (bytes) => bytes.text(),
};

/** Reads values by the types of a chunk. */
export class ValueReader {
  readonly #classes: ReadonlyMap<number, JfrClass>;
  #values = 0;

  constructor(classes: ReadonlyMap<number, JfrClass>) {
    this.#classes = classes;
  }

  read(bytes: JfrBytes, classId: number, depth = 0): JfrValue {
    if (++this.#values > MAX_VALUES || depth > MAX_DEPTH)
      throw new JfrError(`expected at most ${MAX_VALUES} values in ${MAX_DEPTH} levels, found more`);
    const type = this.#classes.get(classId);
    if (type === undefined) throw new JfrError(`expected a type that the metadata describes, found type ${classId}`);
    const primitive = PRIMITIVES[type.name];
    if (primitive !== undefined) return primitive(bytes);
    return new Map(type.fields.map((field) => [field.name, this.#field(bytes, field, depth)]));
  }

  #field(bytes: JfrBytes, field: JfrField, depth: number): JfrValue {
    if (!field.isArray) return this.#one(bytes, field, depth);
    return Array.from({ length: bytes.count() }, () => this.#one(bytes, field, depth));
  }

  #one(bytes: JfrBytes, { classId, isPooled }: JfrField, depth: number): JfrValue {
    return isPooled ? { classId, key: bytes.varint() } : this.read(bytes, classId, depth + 1);
  }
}
