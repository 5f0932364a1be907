import { createHash } from 'node:crypto';
import type { Resources } from './sidecar.ts';

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
  readonly requests: Resources;
  readonly limits: Resources;
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
    ...option('requests', listOf(record.requests)),
    ...option('limits', listOf(record.limits)),
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
    requests: mapOf(one('requests')),
    limits: mapOf(one('limits')),
    hash: one('hash'),
  };
}

const listOf = (resources: Resources): string | null =>
  Object.entries(resources)
    .map((pair) => pair.join('='))
    .join(',') || null;

const mapOf = (text: string | null): Resources =>
  Object.fromEntries((text ?? '').split(',').flatMap((pair) => (pair.includes('=') ? [pair.split('=')] : [])));

function decode(value: string): string {
  try {
    return decodeURI(value);
  } catch (error) {
    // A person may have edited the annotation.
    if (error instanceof URIError) return value;
    throw error;
  }
}

/** What the API adds to a container that it stores. A manifest that was read from a cluster has these, and no hand has changed it. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  imagePullPolicy: ['IfNotPresent', 'Always'],
  protocol: ['TCP'],
  scheme: ['HTTP'],
  successThreshold: [1],
  divisor: ['0'],
};
const isDefault = (key: string, value: unknown): boolean => DEFAULTS[key]?.includes(value) === true;

/** Hash of a container as data; the order of its keys and the API's defaults do not count. */
export function hashOf(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(
          Object.entries(v)
            .filter(([key, of]) => !isDefault(key, of))
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : v,
  );
  return createHash('sha256').update(sorted).digest('hex').slice(0, 12);
}
