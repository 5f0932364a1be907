import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCgroup } from '../support/cgroup.ts';
import { dataDir, MEMHOUND, watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { run } from '../support/process.ts';

const free = ['--port', '0', '--ops-port', '0', '--ops-host', '127.0.0.1'];
const memhound = (...args: string[]) => run(process.execPath, [MEMHOUND, ...args]);

test('if only memhound itself is visible there is no target: 503 with the lines that fix it, and none of its own memory', {
  skip: missingRequirements('cgroup', 'unshare'),
  timeout: 60_000,
}, async (t) => {
  const cgroup = makeCgroup(256 * 1024 * 1024);
  // A /proc that holds nothing but memhound's own process, as in a pod that shares no process namespace.
  const wrap = (command: string, args: readonly string[]) =>
    cgroup.join('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', command, ...args]);
  const hound = await watch(['--every', '1s'], { wrap });
  t.after(async () => {
    await hound.stop('SIGKILL');
    await cgroup.remove();
  });
  for (const path of ['verdict', 'ledger', 'files']) {
    const { status, body } = await hound.get<{ error: { code: string; remediation: string } }>(`/api/v1/${path}`);
    assert.equal(status, 503, path);
    assert.equal(body.error.code, 'no-target');
    assert.match(body.error.remediation, /shareProcessNamespace: true/);
  }
  assert.equal((await hound.get('/readyz')).status, 503);
  assert.equal((await hound.get('/healthz')).status, 200);
  const gate = await hound.get('/api/v1/verdict?fail-on=leak');
  assert.equal(gate.status, 503, 'a gate does not pass where there is no target');
});

test('without a JVM, but with other processes in its own cgroup, it watches that cgroup and says so', {
  skip: missingRequirements('cgroup', 'unshare'),
  timeout: 60_000,
}, async (t) => {
  const cgroup = makeCgroup(256 * 1024 * 1024);
  const wrap = (command: string, args: readonly string[]) =>
    cgroup.join('unshare', [
      ...['--pid', '--fork', '--kill-child', '--mount-proc', '/bin/sh', '-c'],
      'sleep 1000 & "$0" "$@"; kill %1',
      ...[command, ...args],
    ]);
  const hound = await watch(['--every', '1s'], { wrap });
  t.after(async () => {
    await hound.stop('SIGKILL');
    await cgroup.remove();
  });
  const { body: targets } = await hound.get<{ reach: string; jvm: unknown }[]>('/api/v1/targets');
  assert.equal(targets[0]?.reach, 'own-cgroup');
  const live = hound.live();
  t.after(() => live.close());
  const verdict = await live.verdict(() => true, 30_000);
  assert.match(verdict.headline, /^No JVM found; /);
  const jvm = await hound.get<{ jvm: null; reason: string }>('/api/v1/jvm');
  assert.equal(jvm.body.jvm, null);
  assert.ok(jvm.body.reason.length > 10);
});

test('SIGTERM ends it within a second with exit code 0', { timeout: 60_000 }, async () => {
  const hound = await watch(['--own', '--every', '1s']);
  const began = performance.now();
  const { code, signal } = await hound.stop('SIGTERM');
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  assert.ok(performance.now() - began < 1000, 'the contract: a pod is not kept waiting');
});

test('a port in use is one sentence that names the port and the option, exit code 1', { timeout: 60_000 }, async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const { code, stderr } = await memhound('watch', '--own', '--port', String(port), '--ops-port', '0', '--data', dataDir());
  assert.equal(code, 1);
  assert.ok(stderr.includes(String(port)), stderr);
  assert.match(stderr, /--port/);
});

test('bad options are all reported together, with exit code 2, and nothing is started', { timeout: 60_000 }, async () => {
  const { code, stderr } = await memhound('watch', '--every', '7s', '--port', '99999', '--nonsense', ...free.slice(2));
  assert.equal(code, 2);
  for (const part of [/--every/, /--port/, /--nonsense/]) assert.match(stderr, part);
  assert.match(stderr, /6s.*10s|10s.*6s/s, 'the nearest two periods that cron can do');
  const unknown = await memhound('wacht');
  assert.equal(unknown.code, 2);
});

test('a data folder that is a file is one sentence, exit code 2', { timeout: 60_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-bad-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'file');
  writeFileSync(file, 'not mine');
  const { code, stderr } = await memhound('watch', '--own', ...free, '--data', file);
  assert.equal(code, 2);
  assert.ok(stderr.includes(file), stderr);
});

test('a pid that does not exist is one sentence that names it', { timeout: 60_000 }, async () => {
  const { code, stderr } = await memhound('watch', ...free, '--pid', '4194303', '--data', dataDir());
  assert.ok(code === 1 || code === 2, `exit code ${code}`);
  assert.match(stderr, /4194303/);
  assert.ok(stderr.trim().split('\n').length <= 3, stderr);
});
