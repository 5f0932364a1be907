import type { Path } from './verify.ts';
import { isNode, ManifestError, type YAMLMap } from './yaml-text.ts';

/** The form that a value must have. null is always allowed, as for the API: it is an absent key. */
type Form =
  | { readonly is: 'text' }
  | { readonly is: 'truth' }
  /** A user or group. */
  | { readonly is: 'id' }
  | { readonly is: 'list'; readonly of: Form }
  | { readonly is: 'map'; readonly keys: Readonly<Record<string, Form>>; readonly needs?: string };

const TEXT: Form = { is: 'text' };
const TRUTH: Form = { is: 'truth' };
const IDS = { runAsUser: { is: 'id' }, runAsGroup: { is: 'id' } } as const;
const ANY_MAP: Form = { is: 'map', keys: {} };
const QUANTITIES: Form = { is: 'map', keys: { memory: TEXT, cpu: TEXT } };
const list = (of: Form): Form => ({ is: 'list', of });
const map = (keys: Readonly<Record<string, Form>>, needs?: string): Form =>
  needs === undefined ? { is: 'map', keys } : { is: 'map', keys, needs };

const CONTAINER = map(
  {
    name: TEXT,
    image: TEXT,
    command: list(TEXT),
    args: list(TEXT),
    env: list(map({ name: TEXT, value: TEXT })),
    ports: list(ANY_MAP),
    volumeMounts: list(map({ mountPath: TEXT })),
    resources: map({ requests: QUANTITIES, limits: QUANTITIES }),
    securityContext: map({ ...IDS, privileged: TRUTH, capabilities: map({ add: list(TEXT), drop: list(TEXT) }) }),
  },
  'name',
);
const POD = map({
  containers: list(CONTAINER),
  initContainers: list(CONTAINER),
  volumes: list(map({ name: TEXT })),
  securityContext: map(IDS),
  shareProcessNamespace: TRUTH,
  hostPID: TRUTH,
  hostNetwork: TRUTH,
  hostUsers: TRUTH,
  nodeSelector: ANY_MAP,
  os: ANY_MAP,
});

/** Checks the parts of a pod spec that are read. @throws ManifestError with line and column */
export function checkShape(source: string, spec: YAMLMap, pod: unknown): void {
  const problem = problemOf(pod, POD, []);
  if (problem === null) return;
  const { line, column } = positionOf(source, offsetOf(spec, problem.path));
  throw new ManifestError(`line ${line}, column ${column}: ${problem.text}`);
}

interface Problem {
  readonly path: Path;
  readonly text: string;
}

function problemOf(value: unknown, form: Form, path: Path): Problem | null {
  const name = pathText(path);
  const wrong = (expected: string): Problem => ({ path, text: `expected ${name} to be ${expected}, found ${found(value)}` });
  // An item of a list may not be null, a key may.
  if (value === undefined || (value === null && typeof path.at(-1) !== 'number')) return null;
  switch (form.is) {
    case 'text':
      // Numbers, booleans and dates without quotes are the API's to refuse.
      return typeof value === 'object' && !(value instanceof Date) ? wrong('a text') : null;
    case 'truth':
      return typeof value === 'boolean' ? null : wrong('true or false');
    case 'id':
      return Number.isSafeInteger(value) && (value as number) >= 0 ? null : wrong('a whole number, 0 or more');
    case 'list':
      if (!Array.isArray(value)) return wrong('a list');
      return first(value.map((item: unknown, i) => () => problemOf(item, form.of, [...path, i])));
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('a map');
      const entries = value as Record<string, unknown>;
      if (form.needs !== undefined && (typeof entries[form.needs] !== 'string' || entries[form.needs] === ''))
        return { path, text: `expected ${name} to have a ${form.needs} that is a text, found ${found(entries[form.needs])}` };
      return first(
        Object.entries(form.keys).map(
          ([key, of]) =>
            () =>
              problemOf(entries[key], of, [...path, key]),
        ),
      );
    }
    default:
      return form satisfies never;
  }
}

function first(checks: readonly (() => Problem | null)[]): Problem | null {
  for (const check of checks) {
    const problem = check();
    if (problem !== null) return problem;
  }
  return null;
}

const pathText = (path: Path): string =>
  path
    .map((p) => (typeof p === 'number' ? `[${p}]` : `.${p}`))
    .join('')
    .replace(/^\./, '');

function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : JSON.stringify(String(value).slice(0, 40));
}

/** Offset of the node at a path, or of the nearest one above it (an alias has no nodes below it). */
function offsetOf(spec: YAMLMap, path: Path): number {
  for (let n = path.length; n > 0; n--) {
    const node = spec.getIn(path.slice(0, n), true);
    if (isNode(node) && node.range != null) return node.range[0];
  }
  return spec.range![0];
}

function positionOf(source: string, offset: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
