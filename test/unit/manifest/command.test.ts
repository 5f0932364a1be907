import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { joinManifests } from '../../../src/manifest/join.ts';

/** The command as a pipe: Helm runs a post-renderer like this. */
const run = (input: string | Buffer, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', 'inject', ...args], {
    input,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};
const CHART = `---
# Source: mill/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: mill}
spec: {ports: [{port: 80}]}
---
# Source: mill/templates/pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: mill}
spec:
  volumes: null
  containers: [{name: grind, image: "jdk:21"}]
`;

test('as a post-renderer inject reads the rendered chart from standard input and writes only manifests; --check then finds nothing to change', () => {
  const { status, stdout } = run(CHART);
  assert.equal(status, 0);
  assert.ok(stdout.startsWith('---\n# Source: mill/templates/service.yaml\n'));
  assert.match(stdout, /"name":"memhound"/);
  assert.equal(run(CHART, '--check').status, 3);
  const checked = run(stdout, '--check');
  assert.deepEqual([checked.status, checked.stdout], [0, '']);
  assert.equal(run(stdout, '--remove').stdout, CHART);
});

test('where nothing can be done the code is 2, one line says why, and nothing is written', () => {
  const cases: readonly (readonly [string | Buffer, readonly string[], RegExp])[] = [
    [CHART, ['--container', 'sift'], /Pod mill: it has no container sift/],
    [Buffer.from(CHART, 'utf16le'), [], /standard input: expected UTF-8, found UTF-16/],
    ['kind: Pod\nname: {{ .Values.name }}: x\n', [], /render it first/],
    [CHART, ['--run-as', 'miller'], /--run-as "miller": expected UID:GID/],
    [CHART, ['--image-config', 'absent.json'], /absent\.json: cannot be read \(ENOENT\)/],
  ];
  for (const [input, args, why] of cases) {
    const { status, stdout, stderr } = run(input, ...args);
    assert.deepEqual([status, stdout], [2, ''], stderr);
    assert.match(stderr, why);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
});

/** A folder with these files, which is removed after the test. */
function folderOf(t: { after(f: () => void): void }, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-inject-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
const POD = (name: string, image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - {name: app, image: "${image}"}`;

test('a folder is all manifests below it, as one set: those with a JVM get memhound, in one stream; other files are passed over', (t) => {
  const folder = folderOf(t, {
    'a.yaml': POD('grind', 'jdk:21'),
    'b/cache.yml': `---\n${POD('cache', 'valkey:8')}\n`,
    'b/mill.json': '{"kind":"Pod","metadata":{"name":"mill"},"spec":{"containers":[{"name":"app","image":"jre:21"}]}}',
    'values.yaml': 'image: {{ not a manifest\n',
    'notes.txt': 'kind: {{',
    '.git/x.yaml': 'kind: {{',
  });
  const { status, stdout, stderr } = run('', folder);
  assert.equal(status, 0, stderr);
  const pods = parseAllDocuments(stdout).map((d) => d.toJS() as { metadata: { name: string }; spec: { containers: unknown[] } });
  assert.deepEqual(
    pods.map((p) => [p.metadata.name, p.spec.containers.length]),
    [
      ['grind', 2],
      ['cache', 1],
      ['mill', 2],
    ],
  );
  assert.match(stderr, /b\/cache\.yml: Pod cache: nothing in it says that it runs a JVM/);
});

test('--in-place changes the files, with their rights and through links; --check then ends with 0, --remove gives them back', (t) => {
  const folder = folderOf(t, { 'real.yaml': POD('grind', 'jdk:21'), 'other.yaml': 'kind: Service\n' });
  const [file, link] = [join(folder, 'real.yaml'), join(folder, 'link.yaml')];
  symlinkSync('real.yaml', link);
  const { mode } = statSync(file);
  assert.equal(run('', '--check', folder).status, 3);
  const { status, stdout } = run('', '--in-place', link, join(folder, 'other.yaml'));
  assert.deepEqual([status, stdout], [0, '']);
  assert.match(readFileSync(file, 'utf8'), /name: memhound/);
  assert.equal(statSync(file).mode, mode);
  assert.equal(run('', '--check', folder).status, 0);
  assert.equal(run('', '--in-place', '--remove', folder).status, 0);
  assert.equal(readFileSync(file, 'utf8'), POD('grind', 'jdk:21'));
  assert.equal(run(CHART, '--in-place').status, 2);
});

test('--diff prints what would change and nothing else; not on a terminal there are no colours', () => {
  const { status, stdout } = run(CHART, '--diff');
  assert.equal(status, 0);
  assert.match(stdout, /^--- -\n\+\+\+ -\n@@ /);
  assert.match(stdout, /^\+ {2}shareProcessNamespace: true$/m);
  assert.match(stdout, /^ metadata: \{name: mill|^-metadata: \{name: mill/m);
  assert.ok(!stdout.includes('\u001b'));
  assert.equal(run(CHART, '--diff', '--check').status, 3);
  const done = run(CHART).stdout;
  assert.equal(run(done, '--diff').stdout, '');
});

test('one file that cannot be read as YAML refuses the whole call, and no file is changed', (t) => {
  const folder = folderOf(t, { 'a.yaml': POD('grind', 'jdk:21'), 'b.yaml': 'kind: Pod\nname: {{ .x }}: y\n' });
  const { status, stderr } = run('', '--in-place', folder);
  assert.equal(status, 2);
  assert.match(stderr, /b\.yaml: line 2.*render it first/);
  assert.equal(readFileSync(join(folder, 'a.yaml'), 'utf8'), POD('grind', 'jdk:21'));
  const empty = run('', join(folder, 'none'));
  assert.deepEqual([empty.status, /none: cannot be read \(ENOENT\)/.test(empty.stderr)], [2, true]);
});

test('files become one stream: a document begins with ---, after a directive with ...', () => {
  assert.equal(
    joinManifests(['a: 1', 'b: 2\n', '---\nc: 3\n', '%YAML 1.1\n---\nd: 4\n', '\uFEFFe: 5']),
    'a: 1\n---\nb: 2\n---\nc: 3\n...\n%YAML 1.1\n---\nd: 4\n---\ne: 5',
  );
  assert.equal(joinManifests(['\uFEFFa: 1']), '\uFEFFa: 1');
});

test('--image-client asks a local client for the ids of an image, once, and says what it lacks', (t) => {
  const folder = folderOf(t, {
    client: `#!/bin/sh\n[ "$1 $2 $3" = "image inspect --" ] || exit 9\ncase $4 in\njdk:21) echo '[{"RepoTags":["localhost/jdk:21"],"Config":{"User":"1200:1300"}}]';;\njre:21) echo '[{"Config":{"User":"miller"}}]';;\n*) echo "no such image" >&2; exit 1;;\nesac\n`,
  });
  const client = join(folder, 'client');
  chmodSync(client, 0o755);
  const { stdout } = run(POD('grind', 'jdk:21'), '--image-client', client);
  assert.match(stdout, /runAsUser: 1200\n\s+runAsGroup: 1300/);
  assert.match(run(POD('grind', 'jre:21'), '--image-client', client).stderr, /sets the user miller, a name/);
  assert.match(
    run(POD('grind', 'jdk:17'), '--image-client', client).stderr,
    /has no image jdk:17 \(no such image\); get it first/,
  );
  assert.match(run(POD('grind', 'jdk:17'), '--image-client', join(folder, 'none')).stderr, /cannot be run \(ENOENT\)/);
});
