import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { IMAGE_LINE, OLDEST_LINE, TESTED_LINES } from '../../../scripts/node-lines.mjs';

test("the image's Node is of a line that the tests run with", () => {
  const line = /^ARG NODE_IMAGE=\S+\/node:(\d+)/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1];
  assert.equal(Number(line), IMAGE_LINE);
  assert.ok(TESTED_LINES.includes(IMAGE_LINE));
});

test('package.json asks for the oldest line that the tests run with', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  assert.equal(engines.node, `>=${OLDEST_LINE}`);
});

test('docs/support.md names every tested line, and .ci/run the one of the image', () => {
  const support = readFileSync('docs/support.md', 'utf8');
  for (const line of TESTED_LINES) assert.match(support, new RegExp(`Node [\\d, and]*\\b${line}\\b`), String(line));
  assert.match(readFileSync('.ci/run', 'utf8'), new RegExp(`--line ${IMAGE_LINE} --part unit`));
});
