import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Ledger } from '../../../src/diagnosis/types.ts';
import type { HistogramTake } from '../../../src/outlets/status.ts';
import { MIB } from '../../../src/units.ts';
import { startJava } from '../../support/java.ts';
import { MEMHOUND, watch } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';
import { run } from '../../support/process.ts';

const skip = missingRequirements('javac', 'cgroup');

test('explain --histogram names the class that grew most between two takes; --attach narrows the split', { skip }, async (t) => {
  const flags = ['-XX:+UseSerialGC', '-Xmx200m', '-XX:NativeMemoryTracking=summary', '-XX:TieredStopAtLevel=1'];
  const java = await startJava('scenarios/HeapLeak.java', ['4', '150'], { flags });
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  const { code, stdout, stderr } = await run(process.execPath, [
    MEMHOUND,
    'explain',
    '--json',
    '--attach',
    '--histogram',
    '--pid',
    String(java.pid),
  ]);
  assert.equal(code, 0, stderr);
  const { histogram, ledger } = JSON.parse(stdout) as { histogram: HistogramTake & { state: string }; ledger: Ledger };
  assert.equal(histogram.state, 'taken');
  assert.equal(histogram.grown[0]?.name, '[B');
  assert.ok(histogram.grown.length <= 10 && histogram.grown[0].bytesGrown > 10 * MIB, JSON.stringify(histogram.grown[0]));
  assert.ok(Date.parse(histogram.at) > Date.parse(histogram.since!));
  const notes = ledger.parts.find((p) => p.name === 'anon')!.parts!.map((p) => p.note ?? '');
  assert.ok(
    notes.some((n) => /direct buffers and Unsafe memory/.test(n)),
    JSON.stringify(notes),
  );
});

test('POST /api/v1/jvm/histogram with the token takes a histogram per call, and lists what grew since the previous call', {
  skip,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-token-'));
  writeFileSync(join(dir, 'token'), 'sesame-opens-it', { mode: 0o600 });
  const java = await startJava('scenarios/HeapLeak.java', ['3', '40']);
  const hound = await watch(['--pid', String(java.pid), '--every', '1s', '--attach', '--token-file', join(dir, 'token')]);
  t.after(async () => {
    await hound.stop('SIGKILL');
    await java.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const post = async (token: string | null) => {
    const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${hound.url}/api/v1/jvm/histogram`, { method: 'POST', headers });
    return { status: answer.status, body: (await answer.json()) as HistogramTake };
  };
  assert.equal((await post(null)).status, 401);
  const first = await post('sesame-opens-it');
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.deepEqual([first.body.since, first.body.grown], [null, []]);
  await java.line((l) => l === 'done');
  const second = (await post('sesame-opens-it')).body;
  assert.equal(second.since, first.body.at);
  assert.equal(second.grown[0]?.name, '[B');
});

test('without --attach no histogram is taken, and the answer names the option', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-token-'));
  writeFileSync(join(dir, 'token'), 'sesame-opens-it', { mode: 0o600 });
  const java = await startJava('scenarios/Healthy.java', ['8', '5']);
  const hound = await watch(['--pid', String(java.pid), '--every', '1s', '--token-file', join(dir, 'token')]);
  t.after(async () => {
    await hound.stop('SIGKILL');
    await java.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const answer = await fetch(`${hound.url}/api/v1/jvm/histogram?token=sesame-opens-it`, { method: 'POST' });
  assert.equal(answer.status, 403);
  assert.match(((await answer.json()) as { error: { message: string } }).error.message, /--attach/);
});
