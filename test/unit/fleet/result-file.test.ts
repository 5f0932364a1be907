import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ResultFile } from '../../../src/fleet/result-file.ts';
import { InputError } from '../../../src/inputs/series-file.ts';

const QUESTION = { url: 'http://server', selector: '{}', sinceSeconds: 600, minHistorySeconds: 60, clusterLabel: 'cluster' };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'memhound-result-file-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

const says = (pattern: RegExp) => (error: unknown) => error instanceof InputError && pattern.test(error.message);

test('a run that continues has the range of the one that was interrupted', (t) => {
  const file = join(folder(t), 'rows');
  ResultFile.open(file, QUESTION, 1000).close();
  const again = ResultFile.open(file, QUESTION, 2000);
  assert.equal(again.to, 1000);
  again.close();
});

test('a file that cannot be used is an error that names it', (t) => {
  const path = folder(t);
  assert.throws(
    () => ResultFile.open(join(path, 'no', 'rows'), QUESTION, 1),
    says(/^--resume .*rows: expected a file .*\(ENOENT\)$/),
  );
  assert.throws(() => ResultFile.open(path, QUESTION, 1), says(/^--resume .*\(EISDIR\)$/));
});

test('a damaged row is an error that says which line it is', (t) => {
  const file = join(folder(t), 'rows');
  ResultFile.open(file, QUESTION, 1000).close();
  writeFileSync(file, '{"half\n', { flag: 'a' });
  assert.throws(() => ResultFile.open(file, QUESTION, 1000), says(/line 2 is damaged/));
});
