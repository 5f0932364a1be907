import { ManifestError, parseManifest, plain } from './yaml-text.ts';

export type Path = readonly (string | number)[];

/** A change of the manifest's data: the value at a path becomes another. undefined: there is no such key. */
export interface Change {
  readonly path: Path;
  readonly to: (before: unknown) => unknown;
}

/**
 * Throws unless `result` has the data of `source` with these changes and no other. An alias, a merge key or an unusual spelling can make an
 * edit of the text mean something else. @throws ManifestError
 */
export function verify(source: string, result: string, changes: readonly Change[]): void {
  let expected: unknown = dataOf(source);
  for (const { path, to } of changes) expected = changed(expected, path, to);
  let found: unknown;
  try {
    found = dataOf(result);
  } catch (error) {
    if (error instanceof ManifestError)
      throw new ManifestError(`the result would not be valid YAML (${error.message}); ${ADVICE}`);
    throw error;
  }
  const where = difference(expected, found, []);
  if (where !== null)
    throw new ManifestError(`the change would alter more than memhound's parts, at ${where.join('.') || 'the top'}; ${ADVICE}`);
}

const ADVICE = 'nothing was written; write the lists of the pod spec and its annotations out, without aliases and tags';

const dataOf = (text: string): unknown[] => parseManifest(text).map((d) => plain(d, d));

function changed(value: unknown, path: Path, to: (before: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to(value);
  if (Array.isArray(value)) return value.map((v: unknown, i) => (i === key ? changed(v, rest, to) : v));
  const map = (value ?? {}) as Record<string, unknown>;
  return { ...map, [key]: changed(map[key], rest, to) };
}

/** The first path at which two values differ; null: they are equal. A key with the value undefined is absent. */
function difference(a: unknown, b: unknown, path: Path): Path | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path;
  if (a.constructor !== b.constructor) return path;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime() ? null : path;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const where = difference(left[key], right[key], [...path, key]);
    if (where !== null) return where;
  }
  return null;
}
