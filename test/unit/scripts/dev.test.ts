import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { start } from '../../support/process.ts';

test('npm run dev runs a test again when a file that it imports has changed, and continues after one that does not compile', {
  timeout: 60_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-dev-'));
  mkdirSync(join(dir, 'test/unit'), { recursive: true });
  symlinkSync(resolve('node_modules'), join(dir, 'node_modules'));
  const imported = join(dir, 'answer.ts');
  writeFileSync(imported, 'export const answer: number = 42;');
  writeFileSync(
    join(dir, 'test/unit/made.test.ts'),
    "import { test } from 'node:test'; import { answer } from '../../answer.ts'; test('made', () => { if (answer !== 42) throw new Error(); });",
  );
  // A run within a run does nothing, so the variable by which node:test knows one is taken away.
  const words = ['-C', dir, '-u', 'NODE_TEST_CONTEXT', process.execPath, resolve('scripts/dev.mjs')];
  const dev = start(['env', words]);
  t.after(async () => {
    await dev.stop();
    rmSync(dir, { recursive: true });
  });
  /** The `nth` line of it. */
  const said = (word: string, nth = 1) => {
    let found = 0;
    return dev.line((line) => line.startsWith(word) && ++found === nth);
  };
  await said('passed: test/unit/made.test.ts');
  writeFileSync(imported, 'export const answer: number = 41;');
  await said('FAILED: test/unit/made.test.ts');
  writeFileSync(imported, 'export const answer = (');
  await said('does not compile');
  writeFileSync(imported, 'export const answer: number = 42; // again');
  await said('passed: test/unit/made.test.ts', 2);
});
