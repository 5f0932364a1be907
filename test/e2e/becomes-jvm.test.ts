import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCgroup } from '../support/cgroup.ts';
import { compile } from '../support/java.ts';
import { watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { start } from '../support/process.ts';

test('a container that is a shell when memhound starts is watched as the JVM that replaces the shell', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 120_000,
}, async (t) => {
  const cgroup = makeCgroup(256 * 1024 * 1024);
  const classes = await compile('scenarios/Healthy.java');
  // An entry point as in many images: it prepares, and then becomes java, with the pid that it had.
  const entryPoint = `echo prepared; read go; exec java -Xmx64m -XX:+UseSerialGC -cp ${classes} Healthy 8 1`;
  const program = start(cgroup.join('/bin/sh', ['-c', entryPoint]));
  t.after(async () => {
    await program.stop('SIGKILL');
    await cgroup.remove();
  });
  await program.line((line) => line === 'prepared');
  const hound = await watch(['--pid', String(program.pid), '--every', '1s']);
  t.after(() => hound.stop('SIGKILL'));
  const live = hound.live();
  t.after(() => live.close());
  await live.until(({ type }) => type === 'sample', 20_000);
  const jvm = async () => (await hound.get<{ readonly jvm: { readonly collector: string } | null }>('/api/v1/jvm')).body.jvm;
  assert.equal(await jvm(), null, 'a shell is no JVM');

  program.child.stdin?.write('go\n');
  await live.until((message) => message.type === 'sample' && (message.values.heap_used ?? 0) > 0, 60_000);
  assert.equal((await jvm())?.collector, 'Serial');
  const targets = await hound.get<readonly unknown[]>('/api/v1/targets');
  assert.equal(targets.body.length, 1, 'and the shell is watched no more');
});
