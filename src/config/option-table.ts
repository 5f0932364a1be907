/**
 * Parser of the option tables of all commands. Parsing, help text and docs come from one row an option. A row's `parse` returns the value, or
 * what was expected instead. All wrong options of a call are reported together.
 */
import { parseArgs } from 'node:util';

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

export interface OptionRow<T> {
  readonly flag: string;
  /** Placeholder of the value in help; null: the option takes no value. */
  readonly value: string | null;
  /** A value that an option without one may have all the same, after an equals sign; absent: none. */
  readonly orValue?: string;
  readonly parse: (text: string) => Parsed<T>;
  readonly otherwise: T;
  readonly otherwiseText?: string;
  readonly help: string;
  /** The option may be repeated; its values are collected. */
  readonly repeats?: boolean;
}

export type Table = Readonly<Record<string, OptionRow<unknown>>>;
type ValueOf<R> = R extends OptionRow<infer T> ? T : never;
/** The options of a command: one value a row. */
export type OptionsOf<C extends Command> = { readonly [K in keyof C['rows']]: ValueOf<C['rows'][K]> };

export type Outcome<C extends Command> =
  | { readonly state: 'ok'; readonly options: OptionsOf<C>; readonly files: readonly string[] }
  | { readonly state: 'help'; readonly text: string }
  | { readonly state: 'bad'; readonly problems: readonly string[] };

export interface Command {
  readonly name: string;
  readonly about: string;
  /** Operands after the options; null: none. */
  readonly operands: string | null;
  readonly rows: Table;
}

/** A row of a table: the type of its value is in sight there. */
export const row = <T>(r: OptionRow<T>): OptionRow<T> => r;

const envName = (flag: string): string => `MEMHOUND_${flag.toUpperCase().replace(/-/g, '_')}`;

/** Parses a command's options. A flag wins over MEMHOUND_* of the environment, and that over the default. */
export function parseOptions<C extends Command>(command: C, argv: readonly string[], env: NodeJS.ProcessEnv): Outcome<C> {
  if (argv.includes('--help') || argv.includes('-h')) return { state: 'help', text: helpText(command) };
  const rows = Object.entries(command.rows);
  const byFlag = new Map(rows.map(([key, row]) => [row.flag, { key, row }]));
  const problems: string[] = [];
  const given = new Map<string, string[]>();
  const files: string[] = [];
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      rows.map(([, row]) => [row.flag, { type: row.value === null ? ('boolean' as const) : ('string' as const) }]),
    ),
  });
  let unknownAt = -2;
  for (const token of tokens ?? []) {
    // The word after an unknown option is probably its value. Report one mistake, not two.
    if (token.kind === 'positional' && token.index !== unknownAt + 1) files.push(token.value);
    if (token.kind !== 'option') continue;
    const known = byFlag.get(token.name);
    if (known === undefined) {
      unknownAt = token.value === undefined ? token.index : -2;
      problems.push(`${token.rawName}: unknown option${nearest(token.name, [...byFlag.keys()])}`);
    } else if (known.row.value === null && token.value !== undefined && token.value !== known.row.orValue)
      problems.push(
        `--${token.name} takes no value${known.row.orValue === undefined ? '' : ` or ${known.row.orValue}`}, found ${JSON.stringify(token.value)}`,
      );
    else if (known.row.value !== null && token.value === undefined)
      problems.push(`--${token.name} takes a value: ${known.row.value}`);
    else {
      const values = given.get(token.name) ?? [];
      values.push(token.value ?? 'true');
      given.set(token.name, values);
    }
  }
  if (command.operands === null && files.length > 0)
    problems.push(`${JSON.stringify(files[0])}: memhound ${command.name} takes options only`);
  const options: Record<string, unknown> = {};
  for (const [key, row] of rows) {
    const texts = given.get(row.flag) ?? fromEnv(row, env);
    const source = given.has(row.flag) ? `--${row.flag}` : envName(row.flag);
    if (texts.length > 1 && row.repeats !== true) problems.push(`--${row.flag} was given ${texts.length} times, expected once`);
    options[key] = row.otherwise;
    const values: unknown[] = [];
    for (const text of texts) {
      const parsed = row.parse(text);
      if (parsed.ok) values.push(parsed.value);
      else problems.push(`${source} ${JSON.stringify(withoutCredentials(text))}: expected ${parsed.expected}`);
    }
    if (values.length > 0) options[key] = row.repeats === true ? values.flat() : values[0];
  }
  return problems.length > 0
    ? { state: 'bad', problems }
    : { state: 'ok', options: Object.freeze(options) as OptionsOf<C>, files };
}

/** A wrong URL may hold a password. The sentence about it is printed, and often logged. */
const withoutCredentials = (text: string): string => text.replace(/\/\/[^/]*@/, '//***@');

/** For a Service named "memhound", Kubernetes sets MEMHOUND_PORT=tcp://10.0.0.7:8800 in every container. That is not an option. */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\/\S+:\d+$/;

function fromEnv(row: OptionRow<unknown>, env: NodeJS.ProcessEnv): string[] {
  const text = env[envName(row.flag)];
  if (text === undefined || text === '' || SERVICE_LINK.test(text)) return [];
  if (row.repeats === true) return text.split(',');
  return row.value === null && ['0', 'false', 'no'].includes(text.toLowerCase()) ? [] : [text];
}

function helpText({ name, about, operands, rows }: Command): string {
  const lines = Object.values(rows).map((row) => {
    const orValue = row.orValue === undefined ? '' : `[=${row.orValue}]`;
    const left = `  --${row.flag}${row.value === null ? orValue : ` ${row.value}`}`;
    const otherwise = row.otherwiseText === undefined ? '' : ` (default ${row.otherwiseText})`;
    return `${left.padEnd(26)} ${row.help}${otherwise}`;
  });
  const example = Object.values(rows)[0]?.flag;
  const environment =
    example === undefined ? '' : `\nEach option can also be set in the environment: --${example} is ${envName(example)}.\n`;
  const after = operands === null ? '' : ` ${operands}`;
  return `memhound ${name}: ${about}\n\nusage: memhound ${name} [options]${after}\n\n${lines.join('\n')}\n${environment}`;
}

const MOST_WRONG_LETTERS = 2;

/** "; did you mean --port?" if a known name differs by one or two letters. */
function nearest(name: string, known: readonly string[]): string {
  // A name that is three letters longer or shorter differs by three at least.
  const near = known.filter((k) => Math.abs(k.length - name.length) <= MOST_WRONG_LETTERS);
  const best = near.map((k) => ({ k, d: distance(name, k) })).sort((a, b) => a.d - b.d)[0];
  return best !== undefined && best.d <= MOST_WRONG_LETTERS ? `; did you mean --${best.k}?` : '; --help lists them';
}

/** Levenshtein distance of two names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
