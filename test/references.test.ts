import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const FOLDERS = ['src', 'web', 'test', 'bench', 'scripts', 'synthetic', 'docs', '.'];
/** It tells of earlier versions, whose files may be gone. */
const HISTORY = new Set(['CHANGELOG.md']);

const texts = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => /\.(?:ts|mjs|md)$/.test(file) && !file.includes('node_modules') && !HISTORY.has(file))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') })),
);

/** Prose: a document, or the comments of code. */
const proseOf = (file: string, text: string): string =>
  file.endsWith('.md') ? text : (text.match(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|(?<=[;,{})]) \/\/ .*$/gm) ?? []).join('\n');

/** Paths from the top of the repository, such as src/fields.ts; a name with a placeholder, ID.ts, is none. */
const PATH =
  /(?<![\w./-])(?:src|web|test|bench|scripts|synthetic|docs|scenarios|k8s|examples|demo)\/[\w./-]+\.(?:ts|mjs|md|java|json|yaml)\b/g;
const missingIn = (file: string, text: string): string[] =>
  (proseOf(file, text).match(PATH) ?? [])
    .filter((path) => !/\b[A-Z]{2,}\b\.(?!md)/.test(path) && !existsSync(path))
    .map((path) => `${file}: ${path}`);

test('every path of the repository that a document or a comment names exists', () => {
  assert.ok(texts.length > 100);
  assert.deepEqual(
    texts.flatMap(({ file, text }) => missingIn(file, text)),
    [],
  );
});

test('every link of a document to a file leads to one', () => {
  const links = texts
    .filter(({ file }) => file.endsWith('.md'))
    .flatMap(({ file, text }) => [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map((m) => ({ file, to: m[1]! })));
  assert.ok(links.length > 20);
  assert.deepEqual(
    links.filter(({ file, to }) => !existsSync(join(dirname(file), to))),
    [],
  );
});

test('the check sees a path that is gone', () => {
  const gone = ['docs', 'no-such.md'].join('/');
  assert.deepEqual(missingIn('x.ts', `/** See ${gone} and src/fields.ts. */`), [`x.ts: ${gone}`]);
  assert.deepEqual(missingIn('x.ts', `const text = '${gone}';`), []);
});
