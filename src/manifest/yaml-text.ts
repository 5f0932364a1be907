import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  stringify,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

export { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq };

/** A problem of a manifest, in one sentence for its author. */
export class ManifestError extends Error {}

/** The text of a file. @throws ManifestError if it is not UTF-8, because other bytes could not be written back as they were */
export function decodeManifest(bytes: Uint8Array): string {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  // YAML has no zero bytes; UTF-16 has them beside every letter of ASCII.
  const utf16 = marked || bytes.includes(0);
  try {
    if (!utf16) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new ManifestError(
    `expected UTF-8, found ${utf16 ? 'UTF-16 or zero bytes' : 'bytes that are not UTF-8'}; convert it first: iconv -f ${utf16 ? 'UTF-16' : 'LATIN1'} -t UTF-8`,
  );
}

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

/** All documents of a YAML or JSON text (JSON is YAML in flow style), as Kubernetes reads them. @throws ManifestError with line and column */
export function parseManifest(source: string): Document.Parsed[] {
  const lines = new LineCounter();
  const documents = composed(source, lines);
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      const where = `line ${error.linePos?.[0].line ?? '?'}, column ${error.linePos?.[0].col ?? '?'}`;
      // Only what is no YAML can be a template: a value of valid YAML may hold braces.
      const braces = source.split('\n').find((line) => line.includes('{{'));
      const template = braces === undefined ? '' : `; ${JSON.stringify(braces.trim().slice(0, 60))} ${TEMPLATE}`;
      const said = STACK_OVERFLOW.test(error.message) ? TOO_DEEP : error.message.split('\n')[0]!.replace(/ at line \d+.*$/, '');
      throw new ManifestError(`${where}: ${said}${template}`);
    }
    visit(document, {
      Alias(_key, alias, ancestors) {
        const own = ancestors.some((a) => isNode(a) && !isAlias(a) && a.anchor === alias.source && a === alias.resolve(document));
        if (!own) return;
        const { line, col } = lines.linePos(alias.range![0]);
        throw new ManifestError(`line ${line}, column ${col}: the alias *${alias.source} is within its own anchor; write it out`);
      },
      Pair(_key, { key }) {
        // `{{ .Values.name }}` without quotes is valid YAML: a map that is the key of a map.
        if (!isMap(key)) return;
        const { line } = lines.linePos(key.range![0]);
        const text = source.split('\n', line)[line - 1]!.trim().slice(0, 60);
        throw new ManifestError(`line ${line}: ${JSON.stringify(text)} ${TEMPLATE}`);
      },
    });
  }
  return documents;
}

const STACK_OVERFLOW = /call stack/;
const TOO_DEEP = 'expected lists and maps that a parser can follow, found them nested too deeply';

function composed(source: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    return parseAllDocuments(source, {
      version: '1.1',
      merge: true,
      uniqueKeys: true,
      logLevel: 'silent',
      lineCounter,
    }) as Document.Parsed[];
  } catch (error) {
    throw readable(error);
  }
}

/** What the parser throws for a text that cannot be read, as a sentence; any other error as it is. */
function readable(error: unknown): unknown {
  // An alias without its anchor, or so many that the text would become gigabytes.
  if (error instanceof ReferenceError) return new ManifestError(`an alias cannot be followed: ${error.message}`);
  if (error instanceof Error && error.message.startsWith('Merge source'))
    return new ManifestError('expected the value of a merge key (<<) to be a map or an alias of one, found something else');
  return error instanceof RangeError && STACK_OVERFLOW.test(error.message) ? new ManifestError(TOO_DEEP) : error;
}

const TEMPLATE = 'looks like a template: render it first (helm template), then inject';

/** The value of a key, aliases followed; undefined: there is none. */
export function get(map: YAMLMap, key: string): Node | null | undefined {
  const pair = pairOf(map, key);
  return pair === undefined ? undefined : (pair.value as Node | null);
}

export const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

/** More than a person writes, and far below what could fill the memory. */
const MAX_ALIASES = 10_000;

/** The node's value as plain data. */
export function plain(node: Node | Document, document: Document): unknown {
  const most = { maxAliasCount: MAX_ALIASES };
  try {
    return node === document ? document.toJS(most) : (node as Node).toJS(document, most);
  } catch (error) {
    throw readable(error);
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

/** End of a pair. One with an empty value ends after its colon, whatever blanks or comments come before the place of the value. */
function pairEnd(pair: Pair): number {
  const colon = (pair.key as Node).range![1] + 1;
  const value = pair.value as Node | null;
  return value?.range != null && value.range[0] === value.range[1] ? colon : contentEnd(value, colon);
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
  stringify(value, { lineWidth: 0, version: '1.1', defaultStringType: 'PLAIN' })
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

/** The text of an empty value or a null: `null`, `~`, or nothing. null: the value is another, none is written (`{a}`), or it has a tag or anchor. */
export function nullSpelling(source: string, pair: Pair): string | null {
  const value = pair.value as Node | null;
  if (!isScalar(value) || value.value !== null || value.range == null) return null;
  return value.tag !== undefined || value.anchor !== undefined ? null : source.slice(value.range[0], value.range[1]);
}

/** What a value is instead of a list, a map or a plain null, and what its author can do. */
export function otherForm({ value }: Pair): string {
  if (isAlias(value)) return 'an alias; write it out';
  if (value === null) return 'a key without a colon; write the colon';
  if (isScalar(value) && value.value === null) return 'a null with a tag or an anchor; write null alone';
  return 'something else';
}

/** Whether the text ends within a block text (`|` or `>`) without a newline. Parsers differ on whether its value then has one. */
export function endsInBlockText(source: string, document: Document): boolean {
  let found = false;
  visit(document, {
    Scalar(_key, { type, range }) {
      if ((type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') || range == null || range[1] < source.length) return;
      // `|-` drops the newlines at its end.
      if (!/^[|>]\d?-/.test(source.slice(range[0], range[0] + 3))) found = true;
    },
  });
  return found;
}

/** Whether lines can be put below an empty value (`volumes:` with nothing after it). */
export const takesLines = (map: YAMLMap, spelling: string): boolean => spelling === '' && map.flow !== true;

/** Puts a list or map below a key with an empty value. */
export function fillEmpty(source: string, pair: Pair, value: unknown): Edit {
  const column = columnOf(source, (pair.key as Node).range![0]) + (Array.isArray(value) ? 0 : 2);
  return insertLines(source, pairEnd(pair), yamlLines(value, column), column);
}

/** Replaces an empty value or a null by a value on the same line. */
export function replaceNull(source: string, pair: Pair, value: unknown): Edit {
  const [from, to] = (pair.value as Node).range!;
  if (from !== to) return { from, to, text: JSON.stringify(value) };
  // A comment may stand between the colon and the place of the empty value.
  const at = source.indexOf(':', (pair.key as Node).range![1]) + 1;
  return { from: at, to: at, text: ` ${JSON.stringify(value)}` };
}

/** Undoes `replaceNull`. */
export function restoreNull(pair: Pair, spelling: string): Edit {
  const [from, to] = (pair.value as Node).range!;
  return { from: spelling === '' ? from - 1 : from, to, text: spelling };
}

/** Removes one item from a list. */
export function removeItem(source: string, seq: YAMLSeq, index: number): Edit {
  const item = seq.items[index] as Node;
  if (seq.flow === true) return removeFlow(seq, index, (i) => (seq.items[i] as Node).range!);
  const dash = source.lastIndexOf('-', item.range![0] - 1);
  return removeLines(source, dash, contentEnd(item, item.range![1]));
}

/** Removes one key from a map, with its value. */
export function removeKey(source: string, map: YAMLMap, key: string): Edit {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
  const pair = map.items[index]!;
  if (map.flow === true) return removeFlow(map, index, (i) => [(map.items[i]!.key as Node).range![0], pairEnd(map.items[i]!)]);
  return removeLines(source, (pair.key as Node).range![0], pairEnd(pair));
}

function removeFlow(node: YAMLMap | YAMLSeq, index: number, range: (i: number) => readonly [number, number, ...number[]]): Edit {
  const [start, end] = range(index);
  if (index > 0) return { from: range(index - 1)[1], to: end, text: '' };
  if (node.items.length > 1) return { from: start, to: range(1)[0], text: '' };
  return { from: start, to: end, text: '' };
}
