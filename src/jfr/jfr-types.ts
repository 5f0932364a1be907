import { type JfrBytes, JfrError } from './jfr-bytes.ts';

/** The types of a chunk, as its metadata event describes them. */
export interface JfrClass {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly JfrField[];
}

export interface JfrField {
  readonly name: string;
  readonly classId: number;
  /** The value is a key of the class's pool. */
  readonly isPooled: boolean;
  readonly isArray: boolean;
}

/** A recording of the JDK has some 250 classes and 4,000 elements, with 4,000 texts and 15,000 attributes. */
const MAX_ELEMENTS = 100_000;
const MAX_DEPTH = 32;

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
}

/** The classes in a metadata event, whose header (size and type) has been read. Source: jdk.jfr.internal.MetadataReader. */
export function readClasses(bytes: JfrBytes): Map<number, JfrClass> {
  for (const _ of ['start', 'duration', 'metadata id']) bytes.varint();
  const length = bytes.count();
  if (length > MAX_ELEMENTS) throw tooMany();
  const texts = Array.from({ length }, () => {
    const text = bytes.text();
    return typeof text === 'string' ? text : '';
  });
  let elements = 0;
  const readElement = (depth: number): Element => {
    if (++elements > MAX_ELEMENTS || depth > MAX_DEPTH) throw tooMany();
    const name = texts[bytes.varint()] ?? '';
    const count = bytes.count();
    elements += count;
    if (elements > MAX_ELEMENTS) throw tooMany();
    const attributes = new Map<string, string>();
    for (let n = count; n > 0; n--) attributes.set(texts[bytes.varint()] ?? '', texts[bytes.varint()] ?? '');
    const children: Element[] = [];
    for (let n = bytes.count(); n > 0; n--) children.push(readElement(depth + 1));
    return { name, attributes, children };
  };
  const metadata = readElement(0).children.find(({ name }) => name === 'metadata');
  const classes = (metadata?.children ?? []).filter(({ name }) => name === 'class').map(classOf);
  return new Map(classes.map((one) => [one.id, one]));
}

const tooMany = (): JfrError =>
  new JfrError(`metadata: expected at most ${MAX_ELEMENTS} texts, elements and attributes in ${MAX_DEPTH} levels, found more`);

const classOf = ({ attributes, children }: Element): JfrClass => ({
  id: Number(attributes.get('id')),
  name: attributes.get('name') ?? '',
  fields: children
    .filter(({ name }) => name === 'field')
    .map(({ attributes: of }) => ({
      name: of.get('name') ?? '',
      classId: Number(of.get('class')),
      isPooled: of.get('constantPool') === 'true',
      isArray: Number(of.get('dimension') ?? 0) > 0,
    })),
});
