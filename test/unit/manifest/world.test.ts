import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments, stringify } from 'yaml';
import { readImageConfig } from '../../../src/manifest/image-config.ts';
import { type InjectOptions, inject, NO_OPTIONS } from '../../../src/manifest/inject.ts';
import { quantity } from '../../../src/manifest/quantity.ts';
import { decodeManifest, ManifestError } from '../../../src/manifest/yaml-text.ts';

const add = (source: string, options: Partial<InjectOptions> = {}) =>
  inject(source, { ...NO_OPTIONS, version: '1.0.0', ...options });
const take = (source: string): string => add(source, { remove: true }).text;
// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data here
const data = (source: string): any[] => parseAllDocuments(source, { version: '1.1', merge: true }).map((d) => d.toJS());

/** A Pod with these lines in its spec, and in its metadata. */
const pod = (spec: string, meta = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: mill\n${meta.replace(/^(?=.)/gm, '  ')}spec:\n${spec.replace(/^(?=.)/gm, '  ')}\n`;
const IDS = 'securityContext: {runAsUser: 1200, runAsGroup: 1300}';
const APP = `containers:\n- name: grind\n  image: registry.test/temurin:21\n  ${IDS}`;
const withApp = (lines: string): string => `${APP}\n${lines.replace(/^(?=.)/gm, '  ')}`;
const workload = (name: string, containers: string, extra = ''): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}${extra}}\nspec:\n  selector: {matchLabels: {app: ${name}}}\n  template:\n    metadata: {labels: {app: ${name}}}\n    spec:\n      containers:\n${containers.replace(/^(?=.)/gm, '      ')}\n`;
const JVM = '- {name: server, image: "mill/api:3", env: [{name: JAVA_OPTS, value: -Xmx300m}]}';
const OTHER = '- {name: server, image: "valkey:8"}';

/** Manifests that take the sidecar. */
const SHAPES: Readonly<Record<string, string>> = {
  'volumes: null': pod(`volumes: null\n${APP}`),
  'volumes: ~': pod(`volumes: ~\n${APP}`),
  'volumes: Null with a comment': pod(`volumes: Null # none yet\n${APP}`),
  'a null on the line below': pod(`volumes:\n  null\n${APP}`),
  'a null as the last value': pod(`${APP}\nvolumes: null`),
  'a null as the last value without a newline': pod(`${APP}\nvolumes: null`).trimEnd(),
  'an empty key with a comment': pod(`volumes: # later\n${APP}`),
  'an empty key as the last line': pod(`${APP}\nvolumes:`),
  'an empty list': pod(`volumes: []\n${APP}`),
  'an empty list on the line below': pod(`volumes:\n  []\n${APP}`),
  'an empty list with blanks': pod(`volumes: [ ]\n${APP}`),
  'initContainers: null': pod(`initContainers: null\n${APP}`),
  'initContainers and volumes null': pod(`initContainers: null\nvolumes: null\n${APP}`),
  'annotations: null': pod(APP, 'annotations: null\n'),
  'annotations: ~ before labels': pod(APP, 'annotations: ~\nlabels: {app: mill}\n'),
  'annotations with null on the line below': pod(APP, 'annotations:\n  null\n'),
  'annotations with nothing': pod(APP, 'annotations:\n'),
  'annotations in flow style': pod(APP, 'annotations: {a: b, c: "d"}\n'),
  'annotations in flow style over lines': pod(APP, 'annotations: {\n  a: b,\n  c: d\n}\n'),
  'annotations with a block text': pod(APP, 'annotations:\n  note: |\n    first\n    second\n'),
  'annotations with a folded text that keeps its end': pod(APP, 'annotations:\n  note: >+\n    first\n\n'),
  'an empty shareProcessNamespace': pod(`shareProcessNamespace:\n${APP}`),
  'an empty shareProcessNamespace with a comment': pod(`shareProcessNamespace: # decide\n${APP}`),
  'a shareProcessNamespace of null': pod(`shareProcessNamespace: null\n${APP}`),
  'a shareProcessNamespace of ~ at the end': pod(`${APP}\nshareProcessNamespace: ~`),
  'braces in a block text of another document': `${pod(APP)}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: letters}\ndata:\n  hello.tmpl: |\n    {{ range .Names }}\n    {{ . }}\n    {{ end }}\n`,
  'braces in an annotation': pod(
    APP,
    'annotations:\n  agent.test/template: |\n    {{- with secret "mill/key" -}}\n    k={{ .Data.key }}\n    {{- end }}\n',
  ),
  'braces in quotes': pod(withApp('args: ["{{ not a template }}"]')),
  'braces at the start of a quoted value': pod(APP, "annotations:\n  a: '{{ x }}'\n"),
  'JSON with nulls': `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mill', annotations: null }, spec: { volumes: null, shareProcessNamespace: null, containers: [{ name: 'grind', image: 'jdk:21' }] } })}\n`,
  'JSON with nulls over lines': `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mill', annotations: null }, spec: { containers: [{ name: 'grind', image: 'jdk:21' }], volumes: null } }, null, 2)}\n`,
  'JSON with empty lists and maps':
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"mill","annotations":{}},"spec":{"volumes":[],"containers":[{"name":"grind","image":"jdk:21"}]}}',
  'flow style with an empty value':
    '{apiVersion: v1, kind: Pod, metadata: {name: mill, annotations: }, spec: {volumes: , containers: [{name: grind, image: "jdk:21"}]}}\n',
  'flow style with an empty value before the end':
    '{apiVersion: v1, kind: Pod, metadata: {name: mill}, spec: {containers: [{name: grind, image: "jdk:21"}], volumes: }}\n',
  'quoted keys': pod(`"volumes": null\n'containers':\n- "name": grind\n  image: jdk:21`),
  'a byte order mark': `\uFEFF${pod(APP)}`,
  'a comment as the last line': `${pod(APP)}# the end`,
  'a comment after the spec at its own column': `${pod(APP)}  # more of the spec\n# of the file\n`,
  'document ends': `---\n${pod(APP)}...\n---\n${pod(APP)}...\n`,
  'a document of comments first': `# Source: mill/templates/pod.yaml\n---\n# Source: mill/templates/pod.yaml\n${pod(APP)}`,
  'an empty document between': `${pod(APP)}---\n\n---\n${pod(APP)}`,
  'blanks at the ends of lines': pod(APP)
    .replace(/image: \S+/, '$&   ')
    .replace(/kind: Pod/, 'kind: Pod  '),
  'blank lines between keys': pod(APP).replaceAll('\n  ', '\n\n  '),
  'blank lines at the end': `${pod(APP)}\n\n\n`,
  'Windows line ends with a null': pod(`volumes: null\n${APP}`).replaceAll('\n', '\r\n'),
  'an anchor on a container that nothing uses': pod(APP.replace('- name', '- &one\n  name')),
  'an anchor on resources and its alias': pod(
    'containers:\n- name: grind\n  image: jdk:21\n  resources: &r {limits: {memory: 1Gi}}\n- name: web\n  image: nginx:1\n  resources: *r',
  ),
  'a merge key in a container': pod(
    'containers:\n- &base\n  name: grind\n  image: jdk:21\n- <<: *base\n  name: web\n  image: nginx:1',
  ),
  'a merge key that does not hold what is added': `x: &common {restartPolicy: Always}\n${pod(`<<: *common\n${APP}`)}`,
  'tags of YAML': pod(withApp('args: [!!str 1, !!str true]')),
  'a text in quotes over lines': pod(withApp('args:\n- "one\n    two"')),
  'a key with a question mark': pod(`${APP}\n? hostname\n: mill`),
  'a list that starts deeper': pod(APP.replace(/^(?=- | {2})/gm, '      ')),
  'a Job of batch/v1': `apiVersion: batch/v1\nkind: Job\nmetadata: {name: mill}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      initContainers:\n      - {name: fetch, image: "curl:8"}\n      containers:\n      - {name: grind, image: "jdk:21"}\n`,
  'a Pod that ends by itself': pod(`restartPolicy: OnFailure\n${APP}`),
  'a DeploymentList': `apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- ${workload('mill', JVM).trimEnd().replaceAll('\n', '\n  ')}\n`,
  'a List with null items': `apiVersion: v1\nkind: List\nitems:\n- null\n- ${pod(APP).trimEnd().replaceAll('\n', '\n  ')}\n`,
  'a Deployment of an old group': workload('mill', JVM).replace('apps/v1', 'extensions/v1beta1'),
  'a name that YAML reads as a boolean': pod('containers:\n- {name: "on", image: "jdk:21"}'),
  'a name that YAML reads as a number': pod('containers:\n- {name: "1e3", image: "jdk:21"}'),
  'environment with dates and numbers': pod(withApp('env:\n- {name: SINCE, value: 2020-01-01}\n- {name: N, value: 0x10}')),
  'a selector, probes and a volume': pod(
    `${withApp('livenessProbe: {httpGet: {path: /h, port: web}}\nvolumeMounts: [{name: tmp, mountPath: /tmp}]')}\nvolumes:\n- name: tmp\n  emptyDir: {}`,
  ),
  'a block text without a newline of its own as the end': pod(withApp('args:\n- |-\n  java')).trimEnd(),
  'a ReplicationController': workload('mill', JVM)
    .replace('apps/v1', 'v1')
    .replace('kind: Deployment', 'kind: ReplicationController'),
  'a Rollout of Argo': workload('mill', JVM)
    .replace('apps/v1', 'argoproj.io/v1alpha1')
    .replace('kind: Deployment', 'kind: Rollout'),
  'a DeploymentConfig of OpenShift': workload('mill', JVM)
    .replace('apps/v1', 'apps.openshift.io/v1')
    .replace('kind: Deployment', 'kind: DeploymentConfig'),
  'a DeploymentList whose items have no kind': `apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- ${workload('mill', JVM)
    .replace('apiVersion: apps/v1\nkind: Deployment\n', '')
    .trimEnd()
    .replaceAll('\n', '\n  ')}\n`,
  'letters beyond ASCII': pod(APP, 'annotations: {note: "Mühle — 粉"}\n'),
};

for (const [name, source] of Object.entries(SHAPES))
  for (const native of [false, true])
    test(`${name}${native ? ', native' : ''}: takes the sidecar once, and --remove gives the text back byte for byte`, () => {
      const { text } = add(source, { native });
      assert.ok(data(text).some((d) => JSON.stringify(d ?? '').includes('"mountPath":"/data"')));
      assert.equal(add(text, { native }).text, text);
      assert.equal(take(text), source);
    });

/** What is refused: name, manifest, the error. */
const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  [
    'volumes of a merge key',
    `x: &c {volumes: [{name: a, emptyDir: {}}]}\n${pod(`<<: *c\n${APP}`)}`,
    /volumes comes from a merge key \(<<\).*write it out/,
  ],
  ['annotations of a merge key', `x: &c {annotations: {a: b}}\n${pod(APP, '<<: *c\n')}`, /annotations come from a merge key/],
  [
    'volumes that are an alias',
    `x: &v [{name: a, emptyDir: {}}]\n${pod(`volumes: *v\n${APP}`)}`,
    /expected volumes to be a list, found an alias; write it out/,
  ],
  [
    'a pod spec that another merges',
    `${pod(APP).replace('spec:', 'spec: &s')}x: {<<: *s}\n`,
    /would alter more than memhound's parts, at 0\.x/,
  ],
  [
    'ports that are a map',
    pod(withApp('ports: {containerPort: 1}')),
    /line 10, column 12: expected containers\[0\]\.ports to be a list, found a map/,
  ],
  [
    'a value of env whose toString is none',
    pod(withApp('env: [{name: A, value: {toString: 0}}]')),
    /containers\[0\]\.env\[0\]\.value to be a text, found a map/,
  ],
  [
    'a limit whose toString is none',
    pod(withApp('resources: {limits: {memory: {toString: 0}}}')),
    /containers\[0\]\.resources\.limits\.memory to be a text, found a map/,
  ],
  ['env that is a map', pod(withApp('env: {A: b}')), /containers\[0\]\.env to be a list, found a map/],
  [
    'a command that is a text',
    pod(withApp('command: java -jar mill.jar')),
    /containers\[0\]\.command to be a list, found "java -jar mill\.jar"/,
  ],
  ['a null among the containers', pod(`${APP}\n- null`), /expected containers\[1\] to be a map, found null/],
  [
    'a null among the init containers',
    pod(`initContainers: [null]\n${APP}`),
    /expected initContainers\[0\] to be a map, found null/,
  ],
  ['a null in env', pod(withApp('env: [null]')), /containers\[0\]\.env\[0\] to be a map, found null/],
  [
    'added capabilities that are a text',
    pod('containers:\n- name: a\n  image: jdk:1\n  securityContext: {capabilities: {add: NET_RAW}}'),
    /capabilities\.add to be a list/,
  ],
  [
    'a container without a name',
    pod('containers:\n- image: jdk:21'),
    /line 7, column 5: expected containers\[0\] to have a name that is a text, found nothing/,
  ],
  ['containers that are a map', pod('containers: {name: a}'), /expected containers to be a list, found a map/],
  [
    'a template in a value',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: mill}\nspec: {{ .Values.spec }}\n',
    /line 4: "spec: \{\{ \.Values\.spec \}\}" looks like a template/,
  ],
  [
    'a template in a line of its own',
    `${pod(APP)}{{- if .Values.on }}\nx: 1\n{{- end }}\n`,
    /looks like a template: render it first/,
  ],
  ["s6's /init", pod(withApp('command: [/init]')), /s6's \/init, which ends where it is not process 1/],
  [
    'a privileged app of root',
    pod('containers:\n- {name: a, image: "jdk:1", securityContext: {privileged: true, runAsUser: 0}}'),
    /is privileged and may be root/,
  ],
  ['volumes that are a null with a tag', pod(`volumes: !!null null\n${APP}`), /found a null with a tag or an anchor; write null/],
  [
    'a shareProcessNamespace that is an anchor alone',
    pod(`shareProcessNamespace: &a\n${APP}`),
    /shareProcessNamespace to be true or false, found a null with a tag or an anchor/,
  ],
  [
    'volumes without a colon, in flow style',
    '{apiVersion: v1, kind: Pod, metadata: {name: mill}, spec: {containers: [{name: a, image: "jdk:1"}], volumes}}\n',
    /expected volumes to be a list, found a key without a colon; write the colon/,
  ],
  [
    'a block text at the end without a newline, which parsers read differently',
    pod(withApp('args:\n- |\n  java')).trimEnd(),
    /expected a newline at the end, found the end within a block text/,
  ],
  [
    'a shareProcessNamespace that is a text',
    pod(`${APP}\nshareProcessNamespace: "yes"`),
    /line 10, column 26: expected shareProcessNamespace to be true or false, found "yes"/,
  ],
  [
    'a uid that is a text',
    pod('containers:\n- {name: a, image: "jdk:1", securityContext: {runAsUser: "7"}}'),
    /line 7, column 60: expected containers\[0\]\.securityContext\.runAsUser to be a whole number, 0 or more, found "7"/,
  ],
  [
    'an alias within its own anchor',
    `${pod(APP)}---\nkind: Other\nx: &a {y: [*a]}\n`,
    /line 12, column 12: the alias \*a is within its own anchor/,
  ],
  ['lists nested 5,000 deep', `${pod(APP)}---\nx:\n  ${'- '.repeat(5000)}y\n`, /found them nested too deeply/],
  ['maps nested 5,000 deep', `${pod(APP)}---\nx: ${'{a: '.repeat(5000)}y${'}'.repeat(5000)}\n`, /found them nested too deeply/],
  ["a shell that starts s6's /init", pod(withApp('command: [sh, -c, "exec /init"]')), /starts with s6's \/init/],
  ["a variable of s6's", pod(withApp('env: [{name: S6_KEEP_ENV, value: "1"}]')), /s6's \/init \(it sets S6_KEEP_ENV\)/],
  ['systemd', pod(withApp('command: [/sbin/init]')), /starts with \/sbin\/init, which ends where it is not process 1/],
  [
    "a volume of the user's with memhound's name",
    pod(`${APP}\nvolumes: [{name: memhound-data, emptyDir: {}}]`),
    /volume memhound-data of its own.*rename/,
  ],
];
for (const [name, source, message] of REFUSED)
  test(`${name}: refused in a sentence`, () => {
    assert.throws(
      () => add(source),
      (error) => error instanceof ManifestError && message.test(error.message),
    );
  });

test('inject, then --remove, is the identity for any pod that is accepted', () => {
  const key = fc.constantFrom('volumes', 'initContainers', 'shareProcessNamespace', 'hostname', 'restartPolicy', 'nodeSelector');
  const value: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    volumes: fc.constantFrom(null, [], [{ name: 'tmp', emptyDir: {} }]),
    initContainers: fc.constantFrom(null, [], [{ name: 'fetch', image: 'curl' }]),
    shareProcessNamespace: fc.constantFrom(null, true),
    hostname: fc.constantFrom('on', '1e3', 'mill', 'a: b', 'two\nlines\n', ''),
    restartPolicy: fc.constantFrom('Always', 'Never', 'OnFailure'),
    nodeSelector: fc.constantFrom(null, {}, { disk: 'fast' }),
  };
  const spec = fc
    .uniqueArray(key, { maxLength: 6 })
    .chain((keys) => fc.tuple(...keys.map((k) => value[k]!.map((v) => [k, v] as const))));
  const annotations = fc.constantFrom(undefined, null, {}, { a: 'b' }, { a: 'on', note: 'x\ny\n' });
  const style = fc.record({
    indentSeq: fc.boolean(),
    indent: fc.constantFrom(2, 4),
    nullStr: fc.constantFrom('null', '~', ''),
    collectionStyle: fc.constantFrom('any' as const, 'flow' as const),
    json: fc.boolean(),
  });
  const tail = fc.constantFrom('', '\n', '# end', '\n\n# end\n', '---\n');
  const at = fc.nat(6);
  const crlf = fc.boolean();
  fc.assert(
    fc.property(
      spec,
      annotations,
      style,
      tail,
      at,
      crlf,
      fc.boolean(),
      (entries, notes, { json, ...options }, end, where, windows, native) => {
        const all: (readonly [string, unknown])[] = [...entries];
        all.splice(where, 0, ['containers', [{ name: 'grind', image: 'jdk:21' }]]);
        const made = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'mill', ...(notes === undefined ? {} : { annotations: notes }) },
          spec: Object.fromEntries(all),
        };
        const body = json
          ? JSON.stringify(made, null, options.indent)
          : stringify(made, { version: '1.1', ...options }).trimEnd();
        const text = `${body}${end === '' ? '' : `\n${end}`}`;
        const source = windows ? text.replaceAll('\n', '\r\n') : text;
        // Parsers differ on the value of a block text that ends with the file, so that such a file is refused.
        fc.pre(!(end === '' && /(?:lines|y)$/.test(body)));
        const out = add(source, { native }).text;
        assert.notEqual(out, source);
        assert.equal(take(out), source);
      },
    ),
    { numRuns: 150 },
  );
});

test('a second inject for another container keeps the first, and says so', () => {
  const both = `${workload('oats', '- {name: oats, image: "mill/oats:1"}')}---\n${workload('rye', '- {name: rye, image: "mill/rye:1"}')}`;
  const first = add(both, { containers: ['oats'] }).text;
  const second = add(first, { containers: ['rye'] });
  assert.equal(second.text, add(both, { containers: ['oats', 'rye'] }).text);
  assert.ok(second.notes.includes('Deployment oats: it keeps memhound, which watches container oats; it was not changed'));
  assert.equal(add(second.text).text, second.text);
  assert.equal(take(second.text), both);
  assert.throws(() => add(both, { containers: ['barley'] }), /none of 2 workloads.*it has no container barley/);
});

test('in a file with several workloads those with a JVM get memhound, and each other is named with the reason', () => {
  const queue = workload('queue', '- {name: queue, image: "rabbitmq:4"}\n- {name: exporter, image: "queue-exporter:1"}');
  const node = workload('agent', JVM).replace('      containers', '      hostPID: true\n      containers');
  const source = [workload('api', JVM), workload('cache', OTHER), queue, node].join('---\n');
  const { text, notes } = add(source);
  assert.deepEqual(
    data(text).map((d) => d.spec.template.spec.containers.length),
    [2, 1, 2, 1],
  );
  for (const [name, why] of [
    ['cache', /nothing in it says that it runs a JVM/],
    ['queue', /none of its containers looks like a JVM \(queue, exporter\)/],
    ['agent', /hostPID/],
  ] as const)
    assert.ok(notes.some((n) => n.startsWith(`Deployment ${name}: `) && why.test(n) && n.endsWith('it was not changed')));
  assert.equal(take(text), source);
});

test('--all, --workload, --selector and the annotations choose the workloads', () => {
  const source = [
    workload('api', JVM),
    workload('cache', OTHER),
    workload('quiet', JVM, ', annotations: {memhound.dev/inject: "false"}'),
    workload('odd', OTHER, ', annotations: {memhound.dev/inject: "true"}'),
  ].join('---\n');
  const chosen = (options: Partial<InjectOptions>): string[] =>
    data(add(source, options).text)
      .filter((d) => d.spec.template.spec.containers.length === 2)
      .map((d) => d.metadata.name);
  assert.deepEqual(chosen({}), ['api', 'odd']);
  assert.deepEqual(chosen({ all: true }), ['api', 'cache', 'odd']);
  assert.deepEqual(chosen({ workloads: ['Deployment/cache'] }), ['cache']);
  assert.deepEqual(chosen({ selector: { app: 'api' } }), ['api']);
  assert.throws(() => add(source, { workloads: ['Deployment/none'] }), /no --workload names it/);
});

test('a single container without a sign of a JVM is taken, and a sentence says so', () => {
  assert.ok(
    add(pod('containers:\n- {name: a, image: "mill/api:3"}')).notes.some((n) =>
      /nothing in the manifest says that it runs a JVM/.test(n),
    ),
  );
});

test('a kind of another API group does not change; where it has a pod template, a note names it', () => {
  const other = 'apiVersion: batch.example.test/v1\nkind: Job\nmetadata: {name: grind}\nspec: {tasks: []}\n';
  assert.ok(add(`${other}---\n${pod(APP)}`).text.startsWith(`${other}---\n`));
  const service = workload('mill', JVM).replace('apps/v1', 'serving.knative.dev/v1').replace('kind: Deployment', 'kind: Service');
  const { text, notes } = add(service);
  assert.equal(text, service);
  assert.deepEqual(notes, [
    'Service (serving.knative.dev/v1) mill: inject does not know this kind, which has a pod template; it was not changed',
  ]);
});

const sidecarOf = (source: string, options: Partial<InjectOptions> = {}) =>
  data(add(source, options).text)[0].spec.containers.find((c: { name: string }) => c.name === 'memhound');

test('--run-as gives memhound its ids, the next inject keeps them, and the note on ids is gone', () => {
  const source = pod('containers:\n- {name: a, image: "jdk:21"}');
  const first = add(source, { runAs: '1200:1300' });
  const { runAsUser, runAsGroup } = sidecarOf(source, { runAs: '1200:1300' }).securityContext;
  assert.deepEqual([runAsUser, runAsGroup], [1200, 1300]);
  assert.ok(!first.notes.some((n) => /decides the/.test(n)));
  assert.equal(add(first.text).text, first.text);
  assert.ok(add(source).notes.some((n) => /kubectl exec POD -c a -- id.*docker inspect jdk:21/.test(n)));
});

test("ids come from the image's config where the manifest has none; a name, or the config of another image, gives none", () => {
  const source = pod('containers:\n- {name: a, image: "mill/jdk:21"}');
  const ids = (config: unknown): unknown[] => {
    const { runAsUser, runAsGroup } = sidecarOf(source, { userOf: readImageConfig(JSON.stringify(config)) }).securityContext;
    return [runAsUser, runAsGroup];
  };
  assert.deepEqual(ids([{ RepoTags: ['mill/jdk:21'], Config: { User: '1200:1300' } }]), [1200, 1300]);
  assert.deepEqual(ids({ config: { User: '1200' } }), [1200, undefined]);
  assert.deepEqual(ids([{ RepoTags: ['mill/jdk:21'], Config: { User: '' } }]), [0, 0]);
  assert.deepEqual(ids([{ RepoTags: ['mill/jdk:21'], Config: { User: 'miller' } }]), [undefined, undefined]);
  assert.deepEqual(ids([{ RepoTags: ['mill/jdk:17'], Config: { User: '1:1' } }]), [undefined, undefined]);
  assert.throws(() => readImageConfig('{}'), /found neither Config nor config/);
});

test('options of an inject stay at the next one, and a container that was changed by hand is kept and named', () => {
  const first = add(pod(APP), { args: ['--every=5s'], image: 'mirror.test/memhound:9' }).text;
  assert.match(first, /--every=5s\n/);
  assert.equal(add(first).text, first);
  const edited = first.replace('memory: 128Mi', 'memory: 200Mi');
  const again = add(edited);
  assert.equal(again.text, edited);
  assert.ok(again.notes.some((n) => /memhound was changed by hand and stays as it is/.test(n)));
  assert.equal(take(edited), pod(APP));
});

test("--requests and --limits replace memhound's own, stay at the next inject, and never make a pair that the API refuses", () => {
  const first = add(pod(APP), { limits: { memory: '256Mi', cpu: '1' } });
  const resources = (text: string) => data(text)[0].spec.containers[1].resources;
  assert.deepEqual(resources(first.text), {
    requests: { cpu: '10m', memory: '64Mi' },
    limits: { memory: '256Mi', cpu: '1' },
  });
  assert.equal(add(first.text).text, first.text);
  assert.equal(take(first.text), pod(APP));
  assert.deepEqual(resources(add(pod(APP), { limits: { memory: '32Mi' } }).text).requests.memory, '32Mi');
  assert.deepEqual(resources(add(pod(APP), { requests: { memory: '1Gi' } }).text).limits.memory, '1Gi');
  const guaranteed = pod(withApp('resources: {limits: {cpu: 1, memory: 1Gi}}'));
  const more = add(guaranteed, { limits: { memory: '256Mi' } });
  assert.deepEqual(resources(more.text).requests, { cpu: '50m', memory: '256Mi' });
  assert.ok(more.notes.some((n) => /stays Guaranteed/.test(n)));
  const both = add(guaranteed, { requests: { memory: '64Mi' }, limits: { memory: '256Mi' } });
  assert.ok(both.notes.some((n) => /becomes Burstable/.test(n)));
});

test("a manifest that was read from a cluster, with the API's defaults, is not taken for one that was changed by hand", () => {
  const { text } = add(pod(APP), { image: 'mirror.test/memhound:9' });
  const stored = text
    .replace(
      /^( +)image: mirror.*$/m,
      '$&\n$1imagePullPolicy: IfNotPresent\n$1terminationMessagePath: /dev/termination-log\n$1terminationMessagePolicy: File',
    )
    .replace(/^( +)path: \/healthz$/m, '$&\n$1scheme: HTTP')
    .replace(/^( +)containerPort: 8801$/m, '$&\n$1protocol: TCP');
  assert.notEqual(stored, text);
  assert.ok(add(stored).notes.some((n) => /memhound watches container grind/.test(n)));
  assert.equal(take(stored), pod(APP));
});

test('a quantity is a number whatever its spelling', () => {
  for (const [a, b] of [
    ['500m', 0.5],
    ['1Gi', '1024Mi'],
    ['1e3', '1k'],
    ['100m', '0.1'],
    ['1M', 1e6],
  ])
    assert.equal(quantity(a), quantity(b), String(a));
  for (const none of ['', 'x', '1ki', '1 Gi b', null]) assert.equal(quantity(none), null);
});

test('memhound has a limit or request of each resource that a quota may count because the app has it', () => {
  const resources = (lines: string) => sidecarOf(pod(withApp(lines))).resources;
  assert.deepEqual(
    resources(
      'resources: {requests: {cpu: 100m, ephemeral-storage: 1Gi}, limits: {cpu: 1, memory: 1Gi, ephemeral-storage: 1Gi}}',
    ),
    {
      requests: { cpu: '10m', memory: '64Mi', 'ephemeral-storage': '128Mi' },
      limits: { cpu: '200m', memory: '128Mi', 'ephemeral-storage': '128Mi' },
    },
  );
  assert.equal(resources('resources: {limits: {memory: 1Gi}}').limits.cpu, undefined);
  const same = resources('resources: {requests: {cpu: 0.5, memory: 1024Mi}, limits: {cpu: 500m, memory: 1Gi}}');
  assert.deepEqual(same.requests, same.limits);
});

test('ports of probes, of the environment and of the command line are not used', () => {
  for (const lines of [
    'livenessProbe: {httpGet: {path: /h, port: 8801}}',
    'env: [{name: SERVER_PORT, value: "8800"}]',
    'args: [java, -jar, mill.jar, --server.port=8800]',
    'env: [{name: JAVA_OPTS, value: "-Dserver.port=8801"}]',
    'env: [{name: LISTEN, value: "0.0.0.0:8800"}]',
    'args: [--listen, ":8801"]',
    'lifecycle: {preStop: {httpGet: {path: /, port: 8800}}}',
  ])
    assert.deepEqual(sidecarOf(pod(withApp(lines))).args.slice(3), ['--port', '8810', '--ops-port', '8811'], lines);
});

test("on the node's network memhound binds its ports to loopback and lists none", () => {
  const source = pod(`hostNetwork: true\n${APP}`);
  const { args, ports, livenessProbe, env } = sidecarOf(source);
  assert.deepEqual([args.slice(3), ports], [['--ops-host', '127.0.0.1'], undefined]);
  assert.deepEqual(env.at(-1), { name: 'MEMHOUND_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } });
  assert.deepEqual(livenessProbe.httpGet, { path: '/healthz', host: '127.0.0.1', port: 8801 });
  assert.ok(add(source).notes.some((n) => /hostNetwork: true/.test(n)));
});

test('a Pod that ends by itself gets a native sidecar, and none before Kubernetes 1.29', () => {
  for (const policy of ['Never', 'OnFailure']) {
    const source = pod(`restartPolicy: ${policy}\n${APP}`);
    assert.equal(data(add(source).text)[0].spec.initContainers[0].restartPolicy, 'Always');
    assert.throws(() => add(source, { kubeMinor: 28 }), /a Pod with restartPolicy: \w+ needs a native sidecar/);
  }
});

const NOTES: readonly (readonly [string, string, RegExp])[] = [
  ['a hook that kills process 1, as words', 'lifecycle: {preStop: {exec: {command: [kill, -TERM, "1"]}}}', /count on process 1/],
  ['kill -s', 'startupProbe: {exec: {command: [sh, -c, "kill -s CONT 1"]}}', /count on process 1/],
  ['jcmd 1', 'livenessProbe: {exec: {command: [sh, -c, "jcmd 1 VM.uptime"]}}', /count on process 1/],
  ['jstack 1', 'livenessProbe: {exec: {command: [jstack, "1"]}}', /count on process 1/],
  ['kill in a substitution', 'command: [sh, -c, "x=$(kill -0 1)"]', /count on process 1/],
  ['kill -n', 'livenessProbe: {exec: {command: [sh, -c, "kill -n 15 1"]}}', /count on process 1/],
  ['kill of several', 'livenessProbe: {exec: {command: [sh, -c, "kill 17 \'1\'"]}}', /count on process 1/],
  ['tini', 'command: [/sbin/tini, --, java, -jar, mill.jar]', /tini.*give it -s/],
  ['no perf data', 'args: [java, "-XX:-UsePerfData"]', /-XX:-UsePerfData: the JVM publishes no counters/],
  ['shared perf data off', 'env: [{name: JAVA_TOOL_OPTIONS, value: "-XX:+PerfDisableSharedMem"}]', /publishes no counters/],
];
for (const [name, lines, note] of NOTES)
  test(`a note warns of ${name}`, () => {
    assert.ok(add(pod(withApp(lines))).notes.some((n) => note.test(n)));
  });

test('no note on process 1 for a kill of another process, and for a tini that reaps', () => {
  for (const lines of [
    'livenessProbe: {exec: {command: [sh, -c, "kill -0 17; sleep 1"]}}',
    'livenessProbe: {exec: {command: [sh, -c, "kill 1.pid; cat /proc/17/status"]}}',
    'command: [tini, -gs, --, java]',
    'command: [tini, --, java]\nenv: [{name: TINI_SUBREAPER, value: ""}]',
  ])
    assert.ok(!add(pod(withApp(lines))).notes.some((n) => /process 1/.test(n)), lines);
});

test('a native sidecar of the pod that counts on process 1 is named', () => {
  const mesh = '{name: mesh, image: envoy, restartPolicy: Always, lifecycle: {preStop: {exec: {command: [kill, "1"]}}}}';
  assert.ok(add(pod(`initContainers: [${mesh}]\n${APP}`)).notes.some((n) => /mesh's command, probes or hooks count on/.test(n)));
});

test('a command of thousands of options is read in no time', () => {
  const words = Array.from({ length: 20_000 }, () => '--a').join(' ');
  assert.ok(add(pod(withApp(`command: [sh, -c, "kill ${words} x"]`))).text.includes('name: memhound'));
});

test("notes name an AppArmor annotation, and resources of the pod's own", () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/grind';
  assert.ok(add(pod(APP, `annotations: {${key}: localhost/mill}\n`)).notes.some((n) => n.includes(`the annotation ${key}`)));
  assert.ok(add(pod(`resources: {limits: {memory: 1Gi}}\n${APP}`)).notes.some((n) => /spec\.resources/.test(n)));
});

test('where the pod forbids root and the app is excepted, memhound is too, since it is root like the app', () => {
  const root = 'securityContext: {runAsUser: 0, runAsGroup: 0, runAsNonRoot: false}';
  const source = pod(`securityContext: {runAsNonRoot: true}\ncontainers:\n- {name: a, image: "jdk:21", ${root}}`);
  assert.equal(sidecarOf(source).securityContext.runAsNonRoot, false);
});

test('an autoscaler in a List is seen', () => {
  const hpa =
    '{kind: HorizontalPodAutoscaler, metadata: {name: mill}, spec: {scaleTargetRef: {kind: Pod, name: mill}, metrics: [{type: Resource}]}}';
  const source = `kind: List\nitems:\n- ${pod(APP).trimEnd().replaceAll('\n', '\n  ')}\n- ${hpa}\n`;
  assert.ok(add(source).notes.some((n) => /ContainerResource/.test(n)));
});

test('a read-only root filesystem without a volume at /tmp gets a note, with one it gets none', () => {
  const read = 'containers:\n- name: a\n  image: jdk:21\n  securityContext: {readOnlyRootFilesystem: true}';
  const noted = (source: string): boolean => add(source).notes.some((n) => /no volume at \/tmp/.test(n));
  assert.equal(noted(pod(read)), true);
  assert.equal(
    noted(pod(`${read}\n  volumeMounts: [{name: tmp, mountPath: /tmp}]\nvolumes: [{name: tmp, emptyDir: {}}]`)),
    false,
  );
});

test('a root app with SYS_ADMIN: the API refuses it together with allowPrivilegeEscalation: false, which is not written', () => {
  const { securityContext } = sidecarOf(
    pod(
      'containers:\n- {name: a, image: "jdk:21", securityContext: {runAsUser: 0, runAsGroup: 0, capabilities: {add: [SYS_ADMIN]}}}',
    ),
  );
  assert.deepEqual(securityContext.capabilities, { add: ['SYS_ADMIN'] });
  assert.equal('allowPrivilegeEscalation' in securityContext, false);
});

test("SELinux and AppArmor fields of the app's container are memhound's too", () => {
  const context = 'seLinuxOptions: {level: "s0:c1,c2"}, appArmorProfile: {type: Unconfined}';
  const { securityContext } = sidecarOf(pod(`containers:\n- {name: a, image: "jdk:21", securityContext: {${context}}}`));
  assert.deepEqual(securityContext.seLinuxOptions, { level: 's0:c1,c2' });
  assert.deepEqual(securityContext.appArmorProfile, { type: 'Unconfined' });
});

test('images and variables of JVM servers are signs of a JVM, exporters are none', () => {
  const taken = (container: string): boolean =>
    data(add(`${workload('api', JVM)}---\n${workload('it', container)}`).text)[1].spec.template.spec.containers.length === 2;
  const images = [
    'amazoncorretto:21',
    'eclipse-temurin:21',
    'solr:9',
    'neo4j:5',
    'opensearchproject/opensearch:2',
    'zookeeper:3',
    'flink:1',
    'apache/spark:3',
    'logstash:8',
    'sonarqube:lts',
    'apache/activemq-artemis:2',
    'trinodb/trino:450',
    'confluentinc/cp-schema-registry:7',
    'spring-boot-app:1',
    'gcr.io/distroless/java21-debian12',
  ];
  for (const image of images) assert.ok(taken(`- {name: a, image: "${image}"}`), image);
  for (const name of ['ES_JAVA_OPTS', 'JAVA_TOOL_OPTIONS', 'KAFKA_HEAP_OPTS', 'SOLR_HEAP', 'SOLR_JAVA_MEM', 'MAX_HEAP_SIZE'])
    assert.ok(taken(`- {name: a, image: "x:1", env: [{name: ${name}, value: a}]}`), name);
  for (const image of [
    'danielqsj/kafka-exporter:1',
    'elasticsearch-exporter:1',
    'opensearch-dashboards:2',
    'redis:7',
    'javascript-app:1',
    'sparkpost/mailer:1',
  ])
    assert.ok(!taken(`- {name: a, image: "${image}"}`), image);
});

test('files that are not UTF-8 are refused, a byte order mark of UTF-8 is kept', () => {
  assert.throws(() => decodeManifest(Buffer.from('\uFEFFkind: Pod\n', 'utf16le')), /expected UTF-8, found UTF-16/);
  assert.throws(() => decodeManifest(Buffer.from('name: M\xFChle\n', 'latin1')), /found bytes that are not UTF-8/);
  assert.equal(decodeManifest(Buffer.from('\uFEFFkind: Pod\n')), '\uFEFFkind: Pod\n');
});

test('an autoscaler whose metrics have another form does not stop inject', () => {
  for (const metrics of ['{type: Resource}', 'Resource', '[null]', 'null']) {
    const hpa = `kind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {kind: Pod, name: mill}, metrics: ${metrics}}\n`;
    const { text, notes } = add(`${pod(APP)}---\n${hpa}`);
    assert.ok(text.endsWith(`---\n${hpa}`));
    assert.ok(!notes.some((n) => /ContainerResource/.test(n)));
  }
});

test('several hundred uses of one anchor are read', () => {
  const uses = Array.from({ length: 300 }, (_, i) => `  a${i}: *l`).join('\n');
  const source = `${pod(APP)}---\nkind: Other\nx: &l {a: b}\ny:\n${uses}\n`;
  assert.equal(take(add(source).text), source);
});
