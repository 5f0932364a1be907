import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Culprit } from '../../../src/culprit/types.ts';
import { startJava } from '../../support/java.ts';
import { MEMHOUND } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';
import { run } from '../../support/process.ts';

const skip = missingRequirements('javac', 'cgroup');

test('culprit names the class that a running JVM accumulates', { skip }, async (t) => {
  const java = await startJava('scenarios/HeapLeak.java', ['4', '150'], {
    flags: ['-XX:+UseSerialGC', '-Xmx200m', '-XX:TieredStopAtLevel=1'],
  });
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  const args = ['culprit', '--json', '--for', '3s', '--pid', String(java.pid)];
  const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as Culprit;
  assert.equal(found.state === 'named' && found.culprit.name, 'byte[]', stdout);
  assert.match(stderr, /two full collections/);
});

test('culprit names the pool of threads that a running JVM accumulates', { skip }, async (t) => {
  const java = await startJava('scenarios/ThreadLeak.java', ['20', '400']);
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  const args = ['culprit', '--json', '--cause', 'threads', '--for', '2s', '--pid', String(java.pid)];
  const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as Culprit;
  assert.ok(found.state === 'named' && found.stand !== null, stdout);
  assert.ok(found.culprit.after > found.culprit.before && found.culprit.share >= 0.5, stdout);
  assert.match(found.stand.frame, /ThreadLeak/);
});
