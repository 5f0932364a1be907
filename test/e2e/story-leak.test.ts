import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCgroup } from '../support/cgroup.ts';
import { startJava } from '../support/java.ts';
import { watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import type { Running } from '../support/process.ts';

test('a JVM whose heap leaks: leak true, cause heap, and the time to OutOfMemoryError', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 180_000,
}, async (t) => {
  const cgroup = makeCgroup(512 * 1024 * 1024);
  const flags = ['-XX:+UseSerialGC', '-Xmx256m', '-XX:TieredStopAtLevel=1'];
  const started: Running[] = [];
  t.after(async () => {
    for (const program of started) await program.stop('SIGKILL');
    await cgroup.remove();
  });
  const java = await startJava('scenarios/HeapLeak.java', ['1.5', '400'], { cgroup, flags });
  started.push(java);
  const hound = await watch(['--pid', String(java.pid), '--every', '1s', '--min-history', '20s']);
  t.after(() => hound.stop('SIGKILL'));
  const live = hound.live();
  t.after(() => live.close());
  const verdict = await live.verdict(({ leak, cause }) => leak === true && cause === 'heap', 120_000);
  assert.equal(verdict.trend, 'growing');
  assert.match(verdict.headline, /heap/);
  assert.ok(
    verdict.etas.some((eta) => eta.event === 'heap-exhausted' && eta.seconds > 0),
    JSON.stringify(verdict.etas),
  );
});
