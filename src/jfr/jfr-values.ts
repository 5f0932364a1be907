import { type JfrBytes, JfrError, type JfrText } from './jfr-bytes.ts';
import type { JfrClass, JfrField } from './jfr-types.ts';
import type { ReadBudget } from './read-budget.ts';

/** A key of a pool. The pool's values may refer to each other in circles, so they are read when they are asked for. */
export interface JfrReference {
  readonly classId: number;
  readonly key: number;
}

export type JfrValue = number | boolean | JfrText | JfrReference | JfrStruct | readonly JfrValue[];
export type JfrStruct = ReadonlyMap<string, JfrValue>;

/** Values within one: each takes up to 200 bytes of memory, also where it takes one byte of the recording or none. A stack of 2,048 frames has 10,241. */
const MAX_WITHIN = 16_384;
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
  readonly #budget: ReadBudget;
  #within = 0;

  constructor(classes: ReadonlyMap<number, JfrClass>, budget: ReadBudget) {
    this.#classes = classes;
    this.#budget = budget;
  }

  /** One value with all that is within it. @throws JfrError */
  read(bytes: JfrBytes, classId: number): JfrValue {
    this.#within = 0;
    return this.#read(bytes, classId, 0);
  }

  #read(bytes: JfrBytes, classId: number, depth: number): JfrValue {
    if (++this.#within > MAX_WITHIN || depth > MAX_DEPTH) throw tooMany();
    const type = this.#classes.get(classId);
    if (type === undefined) throw new JfrError(`expected a type that the metadata describes, found type ${classId}`);
    const primitive = PRIMITIVES[type.name];
    if (primitive === undefined) {
      this.#budget.take(0);
      return new Map(type.fields.map((field) => [field.name, this.#field(bytes, field, depth)]));
    }
    const from = bytes.at;
    const value = primitive(bytes);
    this.#budget.take(bytes.at - from);
    return value;
  }

  #field(bytes: JfrBytes, field: JfrField, depth: number): JfrValue {
    if (!field.isArray) return this.#one(bytes, field, depth);
    const length = bytes.count();
    if (this.#within + length > MAX_WITHIN) throw tooMany();
    return Array.from({ length }, () => this.#one(bytes, field, depth));
  }

  #one(bytes: JfrBytes, { classId, isPooled }: JfrField, depth: number): JfrValue {
    if (!isPooled) return this.#read(bytes, classId, depth + 1);
    this.#within++;
    this.#budget.take(0);
    return { classId, key: bytes.varint() };
  }
}

const tooMany = (): JfrError => new JfrError(`expected at most ${MAX_WITHIN} values in ${MAX_DEPTH} levels, found more`);
