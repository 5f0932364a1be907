import { createHash } from 'node:crypto';

/** The annotation that records what was added, so that --remove removes only that. */
export const ANNOTATION = 'memhound.dev/injected';

/** What stood at a key before inject: a value, nothing (no such key), or an empty value or null in this spelling. */
export type Before =
  | { readonly state: 'value' }
  | { readonly state: 'absent' }
  | { readonly state: 'null'; readonly spelling: string };

/** What inject has added to one workload, and with which options. */
export interface InjectionRecord {
  readonly version: string;
  /** Keys of the pod spec that got an item or a value, and the key `annotations`. */
  readonly places: ReadonlyMap<string, Before>;
  /** Options that were given, for the next inject. null: not given. */
  readonly container: string | null;
  readonly image: string | null;
  readonly runAs: string | null;
  readonly args: readonly string[];
  /** Hash of the container that was written; a version that did not record it: null. */
  readonly hash: string | null;
}

/** Words with blanks between: the version, the places (`volumes` had items, `volumes+` did not exist, `volumes=null` was null), then options. */
export function writeRecord(record: InjectionRecord): string {
  const places = [...record.places].map(([key, before]) => {
    if (before.state === 'value') return key;
    return before.state === 'absent' ? `${key}+` : `${key}=${before.spelling}`;
  });
  const option = (name: string, value: string | null): string[] => (value === null ? [] : [`--${name}=${encodeURI(value)}`]);
  return [
    record.version,
    ...places,
    ...option('container', record.container),
    ...option('image', record.image),
    ...option('run-as', record.runAs),
    ...record.args.flatMap((a) => option('arg', a)),
    ...option('hash', record.hash),
  ].join(' ');
}

/** null: the text is no record. */
export function readRecord(text: unknown): InjectionRecord | null {
  if (typeof text !== 'string') return null;
  const [version = '', ...words] = text.split(' ');
  const places = new Map<string, Before>();
  const options = new Map<string, string[]>();
  for (const word of words) {
    const [, name, value] = /^(?:--)?([\w-]+)(?:=(.*))?/.exec(word) ?? [];
    if (name === undefined) continue;
    if (word.startsWith('--')) options.set(name, [...(options.get(name) ?? []), decode(value ?? '')]);
    else if (value !== undefined) places.set(name, { state: 'null', spelling: value });
    else places.set(name, { state: word.endsWith('+') ? 'absent' : 'value' });
  }
  const one = (name: string): string | null => options.get(name)?.[0] ?? null;
  return {
    version,
    places,
    container: one('container'),
    image: one('image'),
    runAs: one('run-as'),
    args: options.get('arg') ?? [],
    hash: one('hash'),
  };
}

function decode(value: string): string {
  try {
    return decodeURI(value);
  } catch (error) {
    // A person may have edited the annotation.
    if (error instanceof URIError) return value;
    throw error;
  }
}

/** Hash of a container as data; the order of its keys does not count. */
export function hashOf(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
  return createHash('sha256').update(sorted).digest('hex').slice(0, 12);
}
