import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test("README's first screen is what the command prints, but for line breaks", () => {
  const [, command, shown] = /^ {4}\$ node (dist\/memhound\.mjs analyze .*)\n((?: {4}.*\n)+?) {4}\.\.\.\n/m.exec(
    readFileSync('README.md', 'utf8'),
  )!;
  const { stdout } = spawnSync(process.execPath, command!.split(' '), { encoding: 'utf8' });
  const words = shown!.trim().split(/\s+/);
  assert.ok(words.length > 30);
  assert.deepEqual(words, stdout.trim().split(/\s+/).slice(0, words.length));
});
