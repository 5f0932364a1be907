import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { diskDir } from '../support/dirs.ts';
import { fincore } from '../support/fincore.ts';
import { startJava } from '../support/java.ts';
import { dataDir, watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import type { Running } from '../support/process.ts';
import { assertStory, namesFile } from '../support/story.ts';

const LIMIT = 768 * 1024 * 1024;

const near = (shown: number | null | undefined, kernel: number) => Math.abs((shown ?? 0) - kernel) <= 0.05 * kernel;

test('a real JVM writes a log in a real cgroup: over HTTP and WebSocket memhound reports growing, no leak, page cache, and names the log', {
  skip: missingRequirements('javac', 'fincore', 'cgroup'),
  timeout: 180_000,
}, async (t) => {
  const cgroup = makeCgroup(LIMIT);
  const dir = diskDir('memhound-story-');
  const log = join(dir, 'spring.log');
  const java = await startJava('demo/SpringLog.java', [log, '5', '600'], { cgroup });
  t.after(async () => {
    await java.stop('SIGKILL');
    await cgroup.remove();
    rmSync(dir, { recursive: true });
  });
  await java.line((line) => line.startsWith('logging'));
  const data = dataDir();
  const hound = await watch(['--pid', String(java.pid), '--every', '1s', '--min-history', '30s', '--data', data]);
  t.after(() => hound.stop('SIGKILL'));
  const live = hound.live();
  t.after(() => live.close());

  const verdict = await live.verdict(namesFile(log), 90_000);
  assertStory(verdict, log);
  assertStory(await hound.verdict(), log);
  // Before the JVM is stopped: a log that stands does not fill the disk.
  await live.verdict(({ etas }) => etas.some((eta) => eta.event === 'disk-full'), 30_000);

  // Files are scanned every few ticks, as their cost allows; the log must not grow while the two are compared.
  java.child.kill('SIGSTOP');
  let [file] = await hound.files();
  let kernel = await fincore(log);
  for (let tries = 0; tries < 30 && !near(file?.residentBytes, kernel); tries++) {
    await live.next('sample', 10_000);
    [file] = await hound.files();
    kernel = await fincore(log);
  }
  assert.ok(file?.path.endsWith(log), `files[0] is ${file?.path}`);
  assert.ok(near(file?.residentBytes, kernel), `${file?.residentBytes} resident, fincore says ${kernel}`);
  assert.deepEqual(
    file!.openBy.map(({ pid, mode }) => ({ pid, mode })),
    [{ pid: java.pid, mode: 'w' }],
  );
  const { body: targets } = await hound.get<{ limitBytes: number; reach: string }[]>('/api/v1/targets');
  assert.equal(targets[0]?.limitBytes, LIMIT);

  await t.test('a killed and restarted memhound still has the history, and marks its restart', async () => {
    type Samples = { t: number[]; aux: { events: { t: number; type: string }[] } };
    const starts = ({ aux }: Samples) => aux.events.filter((e) => e.type === 'memhound_start');
    const before = (await hound.get<Samples>('/api/v1/samples?fields=usage')).body;
    assert.deepEqual(starts(before), [], 'nothing was there before the first start');
    const seen = before.t;
    await hound.stop('SIGKILL');
    const again = await watch(['--pid', String(java.pid), '--every', '1s', '--min-history', '30s', '--data', data]);
    t.after(() => again.stop('SIGKILL'));
    const kept = (await again.get<{ t: number[] }>(`/api/v1/samples?fields=usage&to=${seen.at(-1)}`)).body.t;
    assert.ok(kept.length >= seen.length - 1, `${kept.length} samples of ${seen.length} survived`);
    const marks = starts((await again.get<Samples>('/api/v1/samples?fields=usage')).body);
    assert.equal(marks.length, 1);
    assert.ok(marks[0]!.t > seen.at(-1)!);
    await again.stop();
  });
});

/** A JVM starts, fills its cgroup and is killed: on a busy machine that takes minutes, and how long is not what is shown. */
const PATIENCE_MS = 180_000;

test('a killed JVM is reported as a restart of the container, and its last verdict remains available', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 600_000,
}, async (t) => {
  const cgroup = makeCgroup(LIMIT);
  const dir = diskDir('memhound-restart-');
  const log = join(dir, 'spring.log');
  const first = await startJava('demo/SpringLog.java', [log, '1', '500'], { cgroup });
  const started = [first];
  t.after(async () => {
    for (const java of started) await java.stop('SIGKILL');
    await cgroup.remove();
    rmSync(dir, { recursive: true });
  });
  await first.line((line) => line.startsWith('logging'));
  const hound = await watch(['--cgroup', cgroup.dir, '--every', '1s', '--min-history', '10s']);
  t.after(() => hound.stop('SIGKILL'));
  const live = hound.live();
  t.after(() => live.close());
  await live.until((message) => message.type === 'sample', PATIENCE_MS);
  await first.stop('SIGKILL');
  const second = await startJava('demo/SpringLog.java', [log, '1', '500'], { cgroup });
  started.push(second);
  const restart = await live.until((message) => message.type === 'restart', PATIENCE_MS);
  assert.equal(restart.type, 'restart');
  const { body } = await hound.get<{ aux: { events: { type: string }[] } }>('/api/v1/samples?fields=usage');
  assert.ok(body.aux.events.some((event) => event.type === 'restart'));
  const last = await hound.get<{ schema: string }>('/api/v1/verdict?epoch=-1');
  assert.equal(last.body.schema, 'memhound.verdict/2');
});

test('a JVM that the OOM killer killed is reported as OOM-killed, at once and later', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 600_000,
}, async (t) => {
  const cgroup = makeCgroup(160 << 20);
  const flags = ['-XX:+UseSerialGC', '-Xmx32m', '-XX:TieredStopAtLevel=1'];
  const started: Running[] = [];
  t.after(async () => {
    for (const java of started) await java.stop('SIGKILL');
    await cgroup.remove();
  });
  started.push(await startJava('scenarios/UnsafeLeak.java', ['16', '4000'], { cgroup, flags }));
  const hound = await watch(['--cgroup', cgroup.dir, '--every', '1s', '--min-history', '10s']);
  t.after(() => hound.stop('SIGKILL'));
  const live = hound.live();
  t.after(() => live.close());
  const killed = await live.until((message) => message.type === 'restart' && /OOM/.test(message.reason), PATIENCE_MS);
  assert.equal(killed.type, 'restart');
  assert.equal((await started[0]!.exited).signal, 'SIGKILL');
  const args = ['dist/memhound.mjs', 'explain', '--ended', '--port', new URL(hound.url).port];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  assert.equal(stderr, '');
  assert.match(stdout, /^The container ended at .*OOM-killed/);
  assert.match(stdout, /Rule \S+: memory that cannot be reclaimed/);
  assert.match(stdout, /^The last ledger, of [\d-]+T.*\nMemory used \d.* of 160 MiB$/m);
  assert.match(stdout, /^ {2}anon +\d.* MiB +\d.* +\d.* MiB$/m);
  started.push(await startJava('demo/SpringLog.java', [join(dataDir(), 'spring.log'), '1', '50'], { cgroup }));
  await live.until((message) => message.type === 'restart' && !/OOM/.test(message.reason), PATIENCE_MS);
  const { body } = await hound.get<Verdict>('/api/v1/verdict?epoch=-1');
  assert.match(body.headline, /OOM-killed/);
});
