import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test("README's first screen is what the command prints", () => {
  const [, command, shown] = /^ {4}\$ node (dist\/memhound\.mjs analyze .*)\n((?: {4}.*\n)+)/m.exec(
    readFileSync('README.md', 'utf8'),
  )!;
  const { stdout } = spawnSync(process.execPath, command!.split(' '), { encoding: 'utf8' });
  const lines = shown!.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.slice(4)),
    stdout.split('\n').slice(0, lines.length),
  );
});
