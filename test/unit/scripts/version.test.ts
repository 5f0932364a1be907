import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('package.json, its lock and the newest heading of the CHANGELOG name one version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    version: string;
    packages: { '': { version: string } };
  };
  assert.deepEqual([lock.version, lock.packages[''].version], [version, version]);
  const [newest] = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (\d\S*)$/gm)];
  assert.equal(newest?.[1], version);
});
