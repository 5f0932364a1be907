import { InputError } from '../../inputs/series-file.ts';

/** One condition on a label, as PromQL has them. */
export interface Matcher {
  readonly name: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A selector of PromQL. JSON escapes are a part of those of PromQL. */
export const selectorText = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`).join(',')}}`;

/** A matcher for any of some values. Prometheus looks alternatives of plain texts up in its index, without trying each label. */
export const anyOf = (name: string, values: readonly string[]): Matcher =>
  values.length === 1
    ? { name, operator: '=', value: values[0]! }
    : { name, operator: '=~', value: values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|') };

const MATCHER = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*(,|$)/y;

/** The matchers of a selector such as `{namespace="prod",pod=~"shop-.*"}`. @throws InputError */
export function parseSelector(text: string): Matcher[] {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (inner === undefined)
    throw new InputError(`expected a selector in braces, such as {namespace="prod"}, found ${JSON.stringify(text)}`);
  const matchers: Matcher[] = [];
  MATCHER.lastIndex = 0;
  for (let at = 0; at < inner.length && inner.slice(at).trim() !== ''; at = MATCHER.lastIndex) {
    MATCHER.lastIndex = at;
    const match = MATCHER.exec(inner);
    if (match === null)
      throw new InputError(
        `expected LABEL="VALUE" (or !=, =~, !~) in the selector, found ${JSON.stringify(inner.slice(at).trim())}`,
      );
    const [, name, operator, quoted] = match as unknown as [string, string, Matcher['operator'], string];
    if (name === '__name__') throw new InputError('__name__ cannot be selected: memhound selects the metrics itself');
    matchers.push({ name, operator, value: unquote(quoted) });
  }
  return matchers;
}

/** Those of PromQL, which are Go's: Prometheus, "String literals". */
const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))/gs;

const unquote = (quoted: string): string =>
  quoted.startsWith('`')
    ? quoted.slice(1, -1)
    : quoted.slice(1, -1).replace(ESCAPE, (_, unit?: string, byte?: string, octal?: string, c = '') => {
        const hex = unit ?? byte;
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        return octal === undefined ? (ESCAPES[c] ?? c) : String.fromCharCode(Number.parseInt(octal, 8));
      });
