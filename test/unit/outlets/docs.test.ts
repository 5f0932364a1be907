import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ROUTES } from '../../../src/outlets/routes.ts';

const api = readFileSync('docs/api.md', 'utf8');
const metrics = readFileSync('src/outlets/metrics.ts', 'utf8');

test('docs/api.md has an entry for every path, and names its parameters', () => {
  for (const { path, query } of ROUTES) {
    assert.ok(api.includes(path), path);
    for (const name of Object.keys(query)) assert.match(api, new RegExp(`\\b${name}\\b`), `${path}: ${name}`);
  }
});

test('docs/api.md has an entry for every metric and none that is gone', () => {
  const names = [...metrics.matchAll(/'(memhound_\w+)'/g)].map((m) => m[1]!);
  const documented = [...api.matchAll(/^- `(memhound_\w+)`/gm)].map((m) => m[1]!);
  assert.ok(names.length > 5);
  assert.deepEqual(documented.sort(), names.sort());
});

test('docs/verdict.md defines each statistic of a trend', () => {
  const names = [
    .../interface TrendStatistics \{([^}]*)\}/.exec(readFileSync('src/trends/types.ts', 'utf8'))![1]!.matchAll(/readonly (\w+)/g),
  ];
  const section = readFileSync('docs/verdict.md', 'utf8').split('### What `fields.*.basis` has')[1] ?? '';
  assert.deepEqual(
    names.map(([, name]) => name!).filter((name) => !section.includes(`\`${name}\``)),
    [],
  );
});
