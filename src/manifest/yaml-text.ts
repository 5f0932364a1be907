import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

export { type Document, isAlias, isMap, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq };

/** A problem of a manifest, in one sentence for its author. */
export class ManifestError extends Error {}

/** One edit: `text` replaces the text between two offsets. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Edits must not overlap. Edits at the same offset keep their order. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  const sorted = edits.map((edit, i) => ({ edit, i })).sort((a, b) => a.edit.from - b.edit.from || a.i - b.i);
  let out = '';
  let at = 0;
  for (const { edit } of sorted) {
    out += source.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return out + source.slice(at);
}

/** A value, or a whole line, that begins with two braces: a Helm template. */
const TEMPLATE = /^[ \t-]*(?:[\w./][\w./-]*:[ \t]*)?\{\{.*$/m;

/** All documents of a YAML or JSON text (JSON is YAML in flow style), as Kubernetes reads them. @throws ManifestError with line and column */
export function parseManifest(source: string): Document.Parsed[] {
  const template = TEMPLATE.exec(source);
  if (template !== null)
    throw new ManifestError(
      `line ${source.slice(0, template.index).split('\n').length}: ${JSON.stringify(template[0].trim().slice(0, 60))} looks like a template: render it first (helm template), then inject`,
    );
  const documents = parseAllDocuments(source, {
    version: '1.1',
    merge: true,
    uniqueKeys: true,
    logLevel: 'silent',
  }) as Document.Parsed[];
  for (const document of documents) {
    const [error] = document.errors;
    if (error === undefined) continue;
    const where = error.linePos?.[0];
    throw new ManifestError(
      `line ${where?.line ?? '?'}, column ${where?.col ?? '?'}: ${error.message.split('\n')[0]!.replace(/ at line \d+.*$/, '')}`,
    );
  }
  return documents;
}

/** The value of a key, aliases followed; undefined: there is none. */
export function get(map: YAMLMap, key: string): Node | null | undefined {
  const pair = pairOf(map, key);
  return pair === undefined ? undefined : (pair.value as Node | null);
}

export const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

/** The node's value as plain data. */
export function plain(node: Node | Document, document: Document): unknown {
  const most = { maxAliasCount: 100 };
  try {
    return node === document ? document.toJS(most) : (node as Node).toJS(document, most);
  } catch (error) {
    // An alias without its anchor, or so many that the text would become gigabytes.
    if (error instanceof ReferenceError) throw new ManifestError(`an alias cannot be followed: ${error.message}`);
    throw error;
  }
}

/** End of a node's text, without comments and blank lines after it. */
function contentEnd(node: Node | null, otherwise: number): number {
  if (node === null || node.range == null) return otherwise;
  if ((isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0) {
    const last = node.items[node.items.length - 1]!;
    return isMap(node) ? pairEnd(last as Pair) : contentEnd(last as Node | null, node.range[1]);
  }
  return node.range[1];
}

/** End of a pair. An empty value has an empty range after the colon. */
function pairEnd(pair: Pair): number {
  const key = pair.key as Node;
  return contentEnd(pair.value as Node | null, key.range![1] + 1);
}

/** Start of the line after the one with `offset`; the end of the text if there is none. */
function lineAfter(source: string, offset: number): number {
  if (offset > 0 && source[offset - 1] === '\n') return offset;
  const at = source.indexOf('\n', offset);
  return at < 0 ? source.length : at + 1;
}

const lineStart = (source: string, offset: number): number => source.lastIndexOf('\n', offset - 1) + 1;

const newlineOf = (source: string): string => (/\r\n/.test(source) ? '\r\n' : '\n');

const columnOf = (source: string, offset: number): number => offset - lineStart(source, offset);

/** Offset after comments that are indented further than `column`. They belong to the text before them. */
function afterComments(source: string, offset: number, column: number): number {
  let at = offset;
  for (;;) {
    const end = lineAfter(source, at + 1);
    const comment = /^([ \t]*)#/.exec(source.slice(at, end));
    if (comment === null || comment[1]!.length <= column) return at;
    at = end;
  }
}

/** Inserts lines, indented to this column, after the line that ends at `offset`. The text need not end with a newline. */
function insertLines(source: string, offset: number, lines: string[], column: number): Edit {
  const nl = newlineOf(source);
  const at = afterComments(source, lineAfter(source, offset), column);
  const body = lines.join(nl);
  const open = at === source.length && at > 0 && source[at - 1] !== '\n';
  return { from: at, to: at, text: open ? nl + body : body + nl };
}

/** Removes whole lines. */
const removeLines = (source: string, from: number, offset: number): Edit => ({
  from: lineStart(source, from),
  to: lineAfter(source, offset),
  text: '',
});

const yamlLines = (value: unknown, indent: number): string[] =>
  stringify(value, { lineWidth: 0, version: '1.2', defaultStringType: 'PLAIN' })
    .trimEnd()
    .split('\n')
    .map((line) => ' '.repeat(indent) + line);

/** JSON in flow style: on one line, or on several lines if the existing text uses several. */
function flowText(source: string, value: unknown, at: { readonly first: number | null }, name: string | null): string {
  const head = name === null ? '' : `${JSON.stringify(name)}: `;
  const spread = at.first !== null && /^\s*$/.test(source.slice(lineStart(source, at.first), at.first));
  if (!spread) return head + JSON.stringify(value);
  const column = columnOf(source, at.first!);
  const nl = newlineOf(source);
  return (
    head +
    JSON.stringify(value, null, 2)
      .split('\n')
      .join(nl + ' '.repeat(column))
  );
}

/** Adds a value at the end of a list. */
export function appendItem(source: string, seq: YAMLSeq, value: unknown): Edit {
  const last = seq.items[seq.items.length - 1] as Node | undefined;
  if (seq.flow === true)
    return appendFlow(source, seq, last?.range ?? null, (seq.items[0] as Node | undefined)?.range?.[0] ?? null, value, null);
  const column = columnOf(source, seq.range![0]);
  return insertLines(source, contentEnd(seq, seq.range![1]), yamlLines([value], column), column);
}

/** Adds a key at the end of a map. */
export function appendKey(source: string, map: YAMLMap, key: string, value: unknown): Edit {
  const last = map.items[map.items.length - 1];
  const first = (map.items[0]?.key as Node | undefined)?.range?.[0] ?? null;
  if (map.flow === true) {
    const range = last === undefined ? null : ([(last.key as Node).range![0], pairEnd(last), 0] as const);
    return appendFlow(source, map, range, first, value, key);
  }
  const column = columnOf(source, map.range![0]);
  return insertLines(source, contentEnd(map, map.range![1]), yamlLines({ [key]: value }, column), column);
}

function appendFlow(
  source: string,
  node: YAMLMap | YAMLSeq,
  last: readonly [number, number, number] | null,
  first: number | null,
  value: unknown,
  name: string | null,
): Edit {
  const text = flowText(source, value, { first }, name);
  if (last === null) {
    const open = node.range![0] + 1;
    return { from: open, to: open, text };
  }
  const spread = text.includes('\n') || (first !== null && /^\s*$/.test(source.slice(lineStart(source, first), first)));
  const between = spread ? `,${newlineOf(source)}${' '.repeat(columnOf(source, first!))}` : ', ';
  return { from: last[1], to: last[1], text: between + text };
}

/** Replaces an empty value (`volumes:` with nothing after it) by a list or map. */
export function fillEmpty(source: string, pair: Pair, value: unknown): Edit {
  const column = columnOf(source, (pair.key as Node).range![0]) + (Array.isArray(value) ? 0 : 2);
  return insertLines(source, pairEnd(pair), yamlLines(value, column), column);
}

/** Removes one item from a list. */
export function removeItem(source: string, seq: YAMLSeq, index: number): Edit {
  const item = seq.items[index] as Node;
  if (seq.flow === true) return removeFlow(source, seq, index, (i) => (seq.items[i] as Node).range!);
  const dash = source.lastIndexOf('-', item.range![0] - 1);
  return removeLines(source, dash, contentEnd(item, item.range![1]));
}

/** Removes one key from a map, with its value. */
export function removeKey(source: string, map: YAMLMap, key: string): Edit {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
  const pair = map.items[index]!;
  if (map.flow === true)
    return removeFlow(source, map, index, (i) => [(map.items[i]!.key as Node).range![0], pairEnd(map.items[i]!)]);
  return removeLines(source, (pair.key as Node).range![0], pairEnd(pair));
}

function removeFlow(
  source: string,
  node: YAMLMap | YAMLSeq,
  index: number,
  range: (i: number) => readonly [number, number, ...number[]],
): Edit {
  const [start, end] = range(index);
  if (index > 0) return { from: range(index - 1)[1], to: end, text: '' };
  if (node.items.length > 1) return { from: start, to: range(1)[0], text: '' };
  const close = source.lastIndexOf(isMap(node) ? '}' : ']', node.range![1] - 1);
  return { from: node.range![0] + 1, to: Math.max(end, close), text: '' };
}
