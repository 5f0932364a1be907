import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

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
