import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { diskDir } from '../support/dirs.ts';
import { startJava } from '../support/java.ts';
import { MEMHOUND } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { run } from '../support/process.ts';

test('analyze gives the verdict of watch for a capture of a JVM that logs: it names the log, or its alias if paths are redacted', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 180_000,
}, async (t) => {
  const cgroup = makeCgroup(768 << 20);
  const dir = diskDir('memhound-capture-');
  const log = join(dir, 'spring.log');
  const java = await startJava('demo/SpringLog.java', [log, '4', '600'], { cgroup });
  t.after(async () => {
    await java.stop('SIGKILL');
    await cgroup.remove();
    rmSync(dir, { recursive: true });
  });
  await java.line((line) => line.startsWith('logging'));
  const capture = (...more: string[]) =>
    run(process.execPath, [MEMHOUND, 'capture', '--pid', String(java.pid), '--every', '1s', '--for', '40s', ...more]);
  const [plain, redacted] = await Promise.all([capture('--with-paths'), capture()]);
  assert.equal(redacted.stdout.includes('spring.log'), false, 'a path is in a recording that promised none');

  for (const [name, { code, stdout, stderr }] of Object.entries({ plain, redacted })) {
    assert.equal(code, 0, stderr);
    const file = join(dir, `${name}.jsonl`);
    writeFileSync(file, stdout);
    const answer = await run(process.execPath, [MEMHOUND, 'analyze', '--json', '--min-history', '20s', file]);
    assert.equal(answer.code, 0, answer.stderr);
    const { verdict } = JSON.parse(answer.stdout) as { verdict: Verdict };
    const { trend, leak, cause } = verdict;
    assert.deepEqual({ trend, leak, cause }, { trend: 'growing', leak: false, cause: 'page-cache' }, verdict.headline);
    if (name === 'plain') assert.ok(verdict.causes[0]?.what?.endsWith(log), verdict.headline);
  }
});
