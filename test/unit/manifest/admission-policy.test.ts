import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Environment } from '@marcbachmann/cel-js';
import { parseAllDocuments } from 'yaml';

interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
    readonly variables: readonly { readonly expression: string }[];
    readonly mutations: readonly { readonly jsonPatch: { readonly expression: string } }[];
  };
}
const [policy, binding] = parseAllDocuments(readFileSync('k8s/admission-policy.yaml', 'utf8')).map((d) => d.toJS() as unknown);
const { metadata, spec } = policy as Policy;
const cel = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });

const app = { name: 'app', image: 'eclipse-temurin:21' };
const pod = (more: object = {}, annotations: object = {}) => ({
  metadata: { name: 'shop', annotations },
  spec: { containers: [app, { name: 'web', image: 'nginx:1' }], ...more },
});

test("the admission policy takes a pod with one JVM, and leaves out what inject would leave out or refuse; each condition's name says why", () => {
  const failing = (object: object): string[] =>
    spec.matchConditions.filter(({ expression }) => cel.evaluate(expression, { object }) !== true).map(({ name }) => name);
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [pod(), []],
    [{ metadata: { name: 'bare' }, spec: { containers: [app] } }, []],
    [pod({}, { 'memhound.dev/inject': 'false' }), ['not-opted-out']],
    [pod({ initContainers: [{ name: 'memhound', image: 'x' }] }), ['no-memhound-yet']],
    [pod({ volumes: [{ name: 'memhound-data' }] }), ['no-memhound-yet']],
    [pod({ containers: [app, { ...app, name: 'b' }] }), ['one-jvm']],
    [pod({ containers: [{ name: 'web', image: 'nginx:1' }] }), ['one-jvm']],
    [pod({ containers: [{ name: 'a', image: 'x', env: [{ name: 'JAVA_OPTS', value: '' }] }] }), []],
    [pod({ shareProcessNamespace: false }), ['processes-can-be-shared']],
    [pod({ hostPID: true }), ['processes-can-be-shared']],
    [pod({ os: { name: 'windows' } }), ['processes-can-be-shared']],
    [pod({ securityContext: { runAsUser: 0n } }), ['not-root']],
  ];
  for (const [object, names] of cases) assert.deepEqual(failing(object), names, JSON.stringify(Object.keys(object)));
});

test('the container whose ids memhound takes is the JVM, and its binding names the policy', () => {
  assert.equal((cel.evaluate(spec.variables[0]!.expression, { object: pod() }) as { name: string }).name, 'app');
  assert.equal((binding as { spec: { policyName: string } }).spec.policyName, metadata.name);
});

test('the policy adds the image, the arguments and the volume that inject adds', () => {
  const { expression } = spec.mutations[0]!.jsonPatch;
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  for (const part of [`memhound:${version}"`, '["watch", "--data", "/data"]', 'sizeLimit: "128Mi"', 'mountPath: "/data"'])
    assert.ok(expression.includes(part), part);
});
