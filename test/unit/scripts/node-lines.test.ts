import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { IMAGE_LINE, lineOf, OLDEST_LINE, TESTED_LINES } from '../../../scripts/node-lines.mjs';

test('the image ships a Node line that the tests run with', () => {
  assert.ok(TESTED_LINES.includes(IMAGE_LINE), `${IMAGE_LINE} is not among ${TESTED_LINES.join(', ')}`);
  const [, base] = /^ARG NODE_IMAGE=\S+\/node:(\S+)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  assert.equal(base, `${IMAGE_LINE}-slim`);
});

test('package.json takes every line that is tested, and none that is older', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  assert.equal(engines.node, `>=${OLDEST_LINE}`);
});

test('docs/support.md has the tested lines, and the one that the image ships', () => {
  const rows = [...readFileSync('docs/support.md', 'utf8').matchAll(/^\| Node ([\d, ]+?) *\| tested +\|(.*)$/gm)];
  const documented = rows.flatMap(([, lines]) => lines!.split(', ').map(Number));
  assert.deepEqual(
    documented.sort((a, b) => a - b),
    [...TESTED_LINES],
  );
  assert.ok(rows.some(([, , note]) => note!.includes(`the image ships ${IMAGE_LINE} `)));
});

test('the image is built on no other Node: its line is named with those that are tested', () => {
  const other = "Object.defineProperty(process, 'version', { value: 'v21.7.3' })";
  const preload = `data:text/javascript,${encodeURIComponent(other)}`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', preload, 'scripts/image-root.mjs', '/dev/null/image'], {
    encoding: 'utf8',
  });
  assert.ok(stderr.includes(`(${TESTED_LINES.join(', ')}), found v21.7.3`), stderr);
  assert.equal(status, 2);
});

test('the line of a version is its first number', () => {
  assert.equal(lineOf('v24.21.0'), 24);
  assert.equal(lineOf('20.9.0'), 20);
});
