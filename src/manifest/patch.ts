import { isDeepStrictEqual } from 'node:util';

/** One operation of a JSON Patch (RFC 6902). */
export interface Operation {
  readonly op: 'test' | 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

type Data = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The patch that makes one object of the API the other; empty if they are equal. Lists are replaced whole, so it holds only for the version that was read. */
export function patchOf(before: Data, after: Data): Operation[] {
  const { resourceVersion } = (before.metadata ?? {}) as { readonly resourceVersion?: string };
  const read: Operation[] =
    resourceVersion === undefined ? [] : [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }];
  const operations = changes(before, after, '');
  return operations.length === 0 ? [] : [...read, ...operations];
}

function changes(before: Data, after: Data, path: string): Operation[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): Operation[] => {
    const [old, now] = [before[key], after[key]];
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (isDeepStrictEqual(old, now)) return [];
    if (now === undefined) return [{ op: 'remove', path: at }];
    // `add` on a key that is there replaces its value.
    return isMap(old) && isMap(now) ? changes(old, now, at) : [{ op: 'add', path: at, value: now }];
  });
}
