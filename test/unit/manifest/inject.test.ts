import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type InjectOptions, inject, NO_OPTIONS } from '../../../src/manifest/inject.ts';
import { ManifestError } from '../../../src/manifest/yaml-text.ts';

const OPTIONS: InjectOptions = { ...NO_OPTIONS, image: 'memhound:test', version: '1.0.0' };
const add = (source: string, options: Partial<InjectOptions> = {}) => inject(source, { ...OPTIONS, ...options });
const take = (source: string): string => inject(source, { ...OPTIONS, remove: true }).text;
// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data here
const data = (source: string): any[] => parseAllDocuments(source).map((d) => d.toJS());

const APP = `# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop   # its name
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      securityContext: {runAsUser: 1000, runAsGroup: 3000}
      containers:
      - name: shop
        image: eclipse-temurin:17
        args: ["-jar", "/app.jar"]   # what runs
        # about the shop
      # about the list
`;
const job = (kind: 'Job' | 'CronJob'): string => {
  const spec =
    'spec:\n  template:\n    spec:\n      containers:\n        - name: batch\n          image: jdk:17\n      restartPolicy: Never\n';
  const head = `apiVersion: batch/v1\nkind: ${kind}\nmetadata:\n  name: nightly\n`;
  const deep = spec
    .replace(/^spec:\n/, '')
    .replace(/^/gm, '    ')
    .trimEnd();
  return kind === 'Job' ? head + spec : `${head}spec:\n  schedule: "0 3 * * *"\n  jobTemplate:\n    spec:\n${deep}\n`;
};
const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n${spec.replace(/^/gm, '  ')}\n`;
const ONE = 'containers:\n- name: app\n  image: jdk:17';

const SHAPES: Readonly<Record<string, string>> = {
  'a Deployment with comments': APP,
  'a text without a newline at its end': APP.trimEnd(),
  'Windows line ends': APP.replaceAll('\n', '\r\n'),
  'lists that are indented': APP.replace(/^ {6}- name: shop/m, '        - name: shop').replace(
    /^ {8}(image|args|# about)/gm,
    '          $1',
  ),
  'several documents': `---\n${APP}---\napiVersion: v1\nkind: Service\nmetadata: {name: shop}\n---\n${pod(ONE)}`,
  'volumes that are there': APP.replace(
    '      containers:',
    '      volumes:\n      - name: tmp\n        emptyDir: {}\n      containers:',
  ),
  'volumes last': `${APP.replace(/ {6}# about the list\n/, '')}      volumes:\n      - name: tmp\n        emptyDir: {}\n`,
  'an empty list and an empty key': APP.replace(
    '      containers:',
    '      volumes: []\n      initContainers:\n      containers:',
  ),
  'annotations that are there': APP.replace('spec:\n', '  annotations:\n    a: b # c\nspec:\n'),
  'an empty map of annotations': APP.replace('spec:\n', '  annotations: {}\nspec:\n'),
  'a process namespace that is shared already': APP.replace(
    '      containers:',
    '      shareProcessNamespace: true\n      containers:',
  ),
  'a block scalar at the end': APP.replace(
    /args:.*\n.*\n/,
    'command: [sh, -c]\n        args:\n        - |\n          java -jar a.jar\n\n',
  ),
  'a Job': job('Job'),
  'a CronJob': job('CronJob'),
  'flow style throughout':
    '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: app, image: "jdk:17"}]}}\n',
  'JSON on one line': `${JSON.stringify(data(APP)[0])}\n`,
  'JSON over many lines': `${JSON.stringify(data(APP)[0], null, 2)}\n`,
  'JSON with tabs': JSON.stringify(data(APP)[0], null, '\t'),
  'a List': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [data(APP)[0], data(pod(ONE))[0]] }, null, 2),
  'anchors and merge keys elsewhere': APP.replace(
    '  template:',
    '  selector: &s\n    matchLabels: &l {app: shop}\n  x-copy:\n    <<: *s\n  template:',
  ),
};

for (const [name, source] of Object.entries(SHAPES)) {
  for (const native of [false, true]) {
    test(`${name}${native ? ', native' : ''}: a second inject changes nothing, all data is kept, and --remove restores the text byte for byte`, () => {
      const { text } = add(source, { native });
      assert.equal(add(text, { native }).text, text);
      assert.equal(take(text), source);
      const strip = (value: unknown): unknown =>
        JSON.parse(
          JSON.stringify(value, (key, v) =>
            key === 'memhound.dev/injected' || key === 'shareProcessNamespace'
              ? undefined
              : Array.isArray(v)
                ? v.filter((x) => !/^memhound/.test(x?.name ?? '')).map((x) => x)
                : v,
          ),
        );
      const bare = (value: unknown): string =>
        JSON.stringify(strip(value))
          .replace(/,?"(?:annotations":(?:\{\}|null)|(?:volumes|initContainers)":(?:\[\]|null))/g, '')
          .replaceAll('{,', '{');
      assert.equal(bare(data(text)), bare(data(source)));
      assert.ok(data(text).some((d) => JSON.stringify(d).includes('"image":"memhound:test"')));
    });
  }
}

test('every line is kept in its order, comments too', () => {
  const lines = add(APP).text.split('\n');
  let at = -1;
  for (const line of APP.trimEnd().split('\n')) {
    at = lines.indexOf(line, at + 1);
    assert.ok(at >= 0, line);
  }
});

test('the sidecar has the uid and gid of the app, none of its other rights, and the downward API values of the app', () => {
  const { containers, shareProcessNamespace } = data(add(APP).text)[0].spec.template.spec;
  const { securityContext, env } = containers[1];
  assert.equal(shareProcessNamespace, true);
  assert.deepEqual([securityContext.runAsUser, securityContext.runAsGroup, securityContext.runAsNonRoot], [1000, 3000, true]);
  assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
  assert.equal(env[0].valueFrom.resourceFieldRef.containerName, 'shop');
});

test('a newer version updates what an older one added', () => {
  const updated = add(add(APP).text, { version: '2.0.0', image: 'memhound:2' }).text;
  assert.match(updated, /memhound:2/);
  assert.doesNotMatch(updated, /memhound:test/);
  assert.equal(take(updated), APP);
});

test('--remove keeps what the user has added', () => {
  const text = add(APP).text.replace('      volumes:\n', '      volumes:\n        - name: mine\n          emptyDir: {}\n');
  const { volumes, containers } = data(take(text))[0].spec.template.spec;
  assert.deepEqual([volumes, containers.length], [[{ name: 'mine', emptyDir: {} }], 1]);
});

test('Jobs and CronJobs get a native sidecar, and none before Kubernetes 1.29', () => {
  const { containers, initContainers } = data(add(job('Job')).text)[0].spec.template.spec;
  assert.deepEqual([containers.length, initContainers[0].restartPolicy], [1, 'Always']);
  assert.throws(() => add(job('CronJob'), { kubeMinor: 28 }), /would never complete.*--kube says 1\.28/);
  assert.throws(() => add(APP, { native: true, kubeMinor: 28 }), /--native needs Kubernetes 1\.29/);
});

test('a Guaranteed pod remains Guaranteed', () => {
  const limits = 'resources: {limits: {cpu: 1, memory: 1Gi}}';
  const { resources } = data(add(pod(`${ONE}\n  ${limits}`)).text)[0].spec.containers[1];
  assert.deepEqual(resources.requests, resources.limits);
  assert.ok(resources.limits.cpu);
});

test('ports of other containers are not used, and a note says which port to forward', () => {
  const added = add(pod(`${ONE}\n  ports: [{containerPort: 8800}]`));
  const sidecar = data(added.text)[0].spec.containers[1];
  assert.ok(added.notes.some((note) => note.includes('kubectl port-forward POD 8810')));
  assert.ok(!add(pod(ONE)).notes.some((note) => note.includes('port-forward')));
  assert.deepEqual(sidecar.args.slice(3), ['--port', '8810', '--ops-port', '8811']);
  assert.equal(sidecar.ports[0].containerPort, 8811);
});

test('if the app is root, memhound is root with the same capabilities, and a note says what "restricted" forbids', () => {
  const { text, notes } = add(pod(`${ONE}\n  securityContext: {runAsUser: 0, runAsGroup: 0}`));
  const { securityContext } = data(text)[0].spec.containers[1];
  assert.deepEqual(
    [securityContext.runAsUser, securityContext.capabilities, securityContext.runAsNonRoot],
    [0, undefined, undefined],
  );
  assert.ok(notes.some((n) => /"restricted"/.test(n)));
});

test('a note names what only the image defines, and what to set', () => {
  assert.ok(add(pod(ONE)).notes.some((n) => /image of app decides the uid.*set runAsUser/.test(n)));
  const half = add(pod(`${ONE}\n  securityContext: {runAsUser: 7}`));
  assert.ok(half.notes.some((n) => /decides the gid.*set runAsGroup/.test(n)));
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['hostPID', pod(`hostPID: true\n${ONE}`), /hostPID: true excludes shareProcessNamespace/],
  ['Windows', pod(`os: {name: windows}\n${ONE}`), /Windows nodes/],
  ['Windows by node', pod(`nodeSelector: {kubernetes.io/os: windows}\n${ONE}`), /Windows nodes/],
  ['user namespaces', pod(`hostUsers: false\n${ONE}`), /hostUsers: false/],
  ['a namespace that is not shared', pod(`shareProcessNamespace: false\n${ONE}`), /shareProcessNamespace is false/],
  [
    'two JVMs',
    pod('containers:\n- {name: a, image: "jdk:17"}\n- {name: b, image: "jre:21"}'),
    /several containers look like a JVM \(a, b\).*--container/,
  ],
  [
    'no JVM among several',
    pod('containers:\n- {name: a, image: nginx}\n- {name: b, image: redis}'),
    /none of its containers looks like a JVM \(a, b\)/,
  ],
  ['no containers', pod('restartPolicy: Never'), /expected a list of containers/],
  ['a duplicated key', `${APP}kind: Pod\n`, /line 17.*unique/i],
  ['a template', 'kind: {{ .Values.kind }}\nmetadata: {{ x }}\n', /looks like a template: render it first/],
  [
    'a merge key whose value is no map',
    'kind: Pod\nmetadata: {name: p, <<: [{a: b}, 5]}\nspec: {containers: [{name: a, image: b}]}\n',
    /expected the value of a merge key \(<<\) to be a map/,
  ],
  ['a pod spec that is an alias', 'a: &x {containers: []}\nkind: Pod\nmetadata: {name: p}\nspec: *x\n', /is an alias/],
];
for (const [name, source, message] of REFUSED)
  test(`${name} is refused with a reason`, () => {
    assert.throws(
      () => add(source),
      (error) => error instanceof ManifestError && message.test(error.message),
    );
  });

test('the container that looks like a JVM is chosen and named', () => {
  const { notes } = add(
    pod('containers:\n- {name: proxy, image: envoy}\n- {name: web, image: x, env: [{name: JAVA_TOOL_OPTIONS, value: -Xmx1g}]}'),
  );
  assert.ok(notes.some((n) => /watches container web \(it sets JAVA_TOOL_OPTIONS\)/.test(n)));
});

test('with --container a document without such a container is not changed, and a note names it', () => {
  const { text, notes } = add(`${APP}---\n${pod(ONE)}`, { containers: ['app'] });
  assert.ok(text.startsWith(APP));
  assert.ok(notes.some((n) => n === 'Deployment shop: it has no container app; it was not changed'));
});

test('a note warns of a command, probe or hook that relies on process 1, and of an autoscaler by averages', () => {
  const probe = `${ONE}\n  livenessProbe: {exec: {command: [sh, -c, "kill -0 1"]}}`;
  assert.ok(add(pod(probe)).notes.some((n) => /count on process 1/.test(n)));
  const hpa =
    'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: shop}\nspec:\n  scaleTargetRef: {kind: Deployment, name: shop}\n  metrics: [{type: Resource}]\n';
  assert.ok(add(`${APP}---\n${hpa}`).notes.some((n) => /ContainerResource/.test(n)));
});

test('other documents and texts without a workload do not change', () => {
  for (const source of ['apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n', '', '# nothing\n', '---\n---\n', '[1, 2]\n'])
    assert.equal(add(source).text, source);
});
