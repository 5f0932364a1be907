import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseAllDocuments, stringify } from 'yaml';
import { inject, NO_OPTIONS } from '../../../src/manifest/inject.ts';

const KINDS = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'ConfigMap', 'Service'] as const;
type Kind = (typeof KINDS)[number];
const GROUP: Partial<Record<Kind, string>> = { Pod: 'v1', Job: 'batch/v1', CronJob: 'batch/v1', ConfigMap: 'v1', Service: 'v1' };

const nothing = fc.constantFrom(null, undefined);
const SPEC = fc.record({
  volumes: fc.oneof(nothing, fc.constantFrom([], [{ name: 'tmp', emptyDir: {} }])),
  initContainers: fc.oneof(nothing, fc.constantFrom([], [{ name: 'fetch', image: 'curl:8', command: ['sh', '-c', 'a\nb\n'] }])),
  shareProcessNamespace: fc.constantFrom(null, undefined, true),
  securityContext: fc.constantFrom(null, undefined, { runAsUser: 12 }),
  nodeSelector: fc.oneof(nothing, fc.constantFrom({ disk: 'on' })),
  hostNetwork: fc.constantFrom(undefined, true),
});
const CONTAINER = fc.record({
  resources: fc.constantFrom(null, undefined, {}, { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: 0.5 } }),
  args: fc.constantFrom(null, undefined, [], ['- x', 'a: b', '#', '', 'two\nlines', '{{ x }}', '8800', 'yes']),
  env: fc.constantFrom(null, undefined, [{ name: 'A', value: '~' }]),
  ports: fc.constantFrom(null, undefined, [{ containerPort: 8801 }]),
});
const DOCUMENT = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    name: fc.constantFrom('mill', 'on', '1e3', '007'),
    annotations: fc.constantFrom(null, undefined, {}, { a: 'b' }, { note: 'x\n\ny\n', 'a/b': 'true' }),
    spec: SPEC,
    containers: fc.array(CONTAINER, { minLength: 1, maxLength: 2 }),
    last: fc.boolean(),
  })
  .map(({ kind, name, annotations, spec, containers, last }) => {
    const list = containers.map((c, i) => ({ name: `c${i}`, image: i === 0 ? 'jdk:21' : 'nginx:1', ...c }));
    const pod = last ? { ...spec, containers: list } : { containers: list, ...spec };
    const template = { template: { metadata: { labels: { app: name } }, spec: pod } };
    const body: Partial<Record<Kind, unknown>> = {
      Pod: { spec: pod },
      CronJob: { spec: { schedule: '* * * * *', jobTemplate: { spec: template } } },
      ConfigMap: { data: { text: '---\nkind: Pod\n...\n{{ x }}\n' } },
      Service: { spec: { ports: null } },
    };
    const apiVersion = GROUP[kind] ?? 'apps/v1';
    return { apiVersion, kind, metadata: { name, annotations }, ...((body[kind] as object) ?? { spec: template }) };
  });

/** The data of a text; of one that is not YAML the number of errors. */
const data = (text: string): unknown[] =>
  parseAllDocuments(text, { version: '1.1', merge: true }).map((d) => (d.errors.length > 0 ? d.errors.length : d.toJS()));

/** The text of a document in one of many styles. Comments and blank lines stand between lines in block style, where a text cannot hold them. */
const STYLE = fc.record({
  indentSeq: fc.boolean(),
  indent: fc.constantFrom(2, 3, 8),
  nullStr: fc.constantFrom('null', '~', 'Null', ''),
  flow: fc.constantFrom('block', 'flow', 'json', 'json over lines'),
  defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
  comments: fc.array(fc.tuple(fc.nat(60), fc.constantFrom('# c', '      # deep', '', '# volumes: []')), { maxLength: 6 }),
});
type Style = typeof STYLE extends fc.Arbitrary<infer T> ? T : never;

function textOf(document: unknown, { flow, comments, ...options }: Style): string {
  if (flow === 'json') return JSON.stringify(document);
  if (flow === 'json over lines') return JSON.stringify(document, null, options.indent);
  const collectionStyle = flow === 'flow' ? 'flow' : 'any';
  const text = stringify(document, { version: '1.1', collectionStyle, lineWidth: 0, ...options }).trimEnd();
  if (flow === 'flow') return text;
  const lines = text.split('\n');
  for (const [at, comment] of comments) if (at < lines.length) lines.splice(at, 0, comment);
  const spread = lines.join('\n');
  // Within a text over several lines a comment is part of the text.
  return isDeepStrictEqual(data(spread), data(text)) ? spread : text;
}

const FILE = fc
  .record({
    documents: fc.array(fc.tuple(DOCUMENT, STYLE), { minLength: 1, maxLength: 4 }),
    between: fc.constantFrom('---\n', '...\n---\n', '--- # next\n', '---\n# only a comment\n---\n'),
    start: fc.constantFrom('', '---\n', '\uFEFF', '# top\n\n', '%YAML 1.1\n---\n'),
    end: fc.constantFrom('\n', '', '\n...\n', '\n---\n', '\n\n\n# end'),
    windows: fc.boolean(),
  })
  .map(({ documents, between, start, end, windows }) => {
    const text = `${start}${documents.map(([d, s]) => textOf(d, s)).join(`\n${between}`)}${end}`;
    return windows ? text.replaceAll('\n', '\r\n') : text;
  });

/** The data without memhound's parts, and without the empty keys that they may have filled. */
const bare = (text: string): string =>
  JSON.stringify(data(text), (key, value: unknown) => {
    if (key === 'memhound.dev/injected' || key === 'shareProcessNamespace') return undefined;
    if (['volumes', 'initContainers', 'annotations'].includes(key)) {
      const rest = (Array.isArray(value) ? value : Object.keys(value ?? {})).filter(
        (v: unknown) => !/memhound/.test(JSON.stringify(v)),
      );
      if (rest.length === 0) return undefined;
    }
    if (!Array.isArray(value)) return value;
    return value.filter((v: { name?: unknown } | null) => !/^memhound/.test(String(v?.name)));
  });

test('inject changes nothing but its own parts, is done once, and --remove is its inverse, for manifests of any style', () => {
  let changed = 0;
  fc.assert(
    fc.property(FILE, fc.boolean(), (source, native) => {
      const options = { ...NO_OPTIONS, version: '1.0.0', native };
      const { text } = inject(source, options);
      if (text !== source) changed++;
      assert.equal(bare(text), bare(source));
      assert.equal(inject(text, options).text, text);
      assert.equal(inject(text, { ...options, remove: true }).text, source);
    }),
    { numRuns: 100, seed: 19 },
  );
  assert.ok(changed > 60, `only ${changed} of 100 manifests took the sidecar`);
});

test('two calls for two containers give the file of one call for both, in either order', () => {
  const pair = fc
    .tuple(DOCUMENT, DOCUMENT, STYLE, STYLE)
    .filter(([a, b]) => ![a.kind, b.kind].some((k) => /Config|Serv/.test(k)));
  fc.assert(
    fc.property(pair, ([a, b, first, second]) => {
      const other = JSON.parse(JSON.stringify(b).replaceAll('"c0"', '"other"')) as unknown;
      const source = `${textOf(a, first)}\n---\n${textOf(other, second)}\n`;
      const add = (text: string, ...containers: string[]): string =>
        inject(text, { ...NO_OPTIONS, version: '1.0.0', containers }).text;
      const both = add(source, 'c0', 'other');
      assert.equal(add(add(source, 'c0'), 'other'), both);
      assert.equal(add(add(source, 'other'), 'c0'), both);
    }),
    { numRuns: 20, seed: 19 },
  );
});
