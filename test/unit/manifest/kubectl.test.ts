import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';

const POD = { containers: [{ name: 'app', image: 'jdk:21' }] };
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', resourceVersion: '7', annotations: { 'a/b': 'c' } },
  spec: { template: { metadata: {}, spec: POD } },
};

/** A cluster with a Deployment and a Pod behind a stand-in of kubectl. */
function clusterOf(t: TestContext, id = 'uid=1200(app) gid=1300(app) groups=1300(app)') {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-kubectl-'));
  t.after(() => rmSync(folder, { recursive: true }));
  copyFileSync('test/support/kubectl-stand-in.mjs', join(folder, 'kubectl'));
  chmodSync(join(folder, 'kubectl'), 0o755);
  const file = join(folder, 'cluster.json');
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop-1', resourceVersion: '3' }, spec: POD };
  writeFileSync(file, JSON.stringify({ id, objects: { 'deploy/shop': DEPLOYMENT, 'pod/shop-1': pod } }));
  return {
    memhound: (...args: string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', 'kubectl', ...args], {
        encoding: 'utf8',
        env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, STAND_IN_CLUSTER: file },
      }),
    // biome-ignore lint/suspicious/noExplicitAny: objects of the API are read as plain data here
    object: (name: string): any => JSON.parse(readFileSync(file, 'utf8')).objects[name],
    calls: (): string[][] =>
      readFileSync(`${file}.calls`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as string[]),
  };
}

test('inject reads the workload, patches it, waits for the rollout, and prints the sentence; --remove gives it back', (t) => {
  const { memhound, object, calls } = clusterOf(t);
  const done = memhound('inject', 'deploy/shop', '-n', 'store', '--run-as', '1200:1300', '--arg=--port=9000');
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.stdout, 'port 9000 says: the heap leaks (/api/v1/verdict)\n');
  const { containers, shareProcessNamespace, volumes } = object('deploy/shop').spec.template.spec;
  assert.deepEqual([containers.length, shareProcessNamespace, volumes.length], [2, true, 1]);
  assert.equal(containers[1].securityContext.runAsUser, 1200);
  assert.deepEqual(
    calls().map((c) => [c[0], c[1]]),
    [
      ['--namespace=store', 'get'],
      ['--namespace=store', 'patch'],
      ['--namespace=store', 'rollout'],
      ['--namespace=store', 'get'],
      ['--namespace=store', 'port-forward'],
    ],
  );
  assert.match(memhound('inject', 'deploy/shop').stdout, /nothing to change/);
  assert.match(memhound('inject', 'deploy/shop', '--remove').stdout, /memhound was removed/);
  assert.deepEqual(object('deploy/shop'), { ...DEPLOYMENT, metadata: { ...DEPLOYMENT.metadata, resourceVersion: '9' } });
});

test('verdict prints the sentence of a workload that has memhound, and says what to do for one that has not', (t) => {
  const { memhound } = clusterOf(t);
  const { status, stderr } = memhound('verdict', 'deploy/shop');
  assert.deepEqual([status, /has no container memhound; add it first: kubectl memhound inject/.test(stderr)], [2, true]);
});

test("debug adds an ephemeral container with the ids of the app's process, and prints the sentence", (t) => {
  const { memhound, object } = clusterOf(t);
  const done = memhound('debug', 'shop-1', '--context', 'east');
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /port 8800 says/);
  const [container] = object('pod/shop-1').spec.ephemeralContainers;
  assert.deepEqual([container.name, container.targetContainerName, container.args], ['memhound', 'app', ['watch']]);
  const { runAsUser, runAsGroup, capabilities } = container.securityContext;
  assert.deepEqual([runAsUser, runAsGroup, capabilities], [1200, 1300, { drop: ['ALL'] }]);
});

test('what cannot be done ends with a sentence: code 2 for bad input, 1 where kubectl fails', (t) => {
  const { memhound } = clusterOf(t, 'sh: id: not found');
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['inject', 'pod/shop-1'], 2, /lets nobody add a container to a Pod that exists.*kubectl memhound debug POD/],
    [['inject', 'deploy/none'], 1, /kubectl get: Error from server \(NotFound\)/],
    [['debug', 'shop-1'], 2, /expected the ids of app from its program id, found "sh: id: not found.*--run-as/],
    [['debug', 'shop-1', '--container', 'web'], 2, /it has no container web/],
    [['verdict', '--all'], 2, /--all: unknown option/],
    [['verdict', '-x'], 2, /unknown option/],
    [['grow', 'deploy/shop'], 2, /expected inject KIND\/NAME, verdict KIND\/NAME or debug POD/],
  ];
  for (const [args, code, why] of cases) {
    const { status, stdout, stderr } = memhound(...args);
    assert.deepEqual([status, stdout], [code, ''], stderr);
    assert.match(stderr, why);
  }
});
