import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { metricReference } from '../../../scripts/metric-reference.ts';
import { ROUTES } from '../../../src/outlets/routes.ts';

const api = readFileSync('docs/api.md', 'utf8');

test('docs/api.md has an entry for every path, and names its parameters', () => {
  for (const { path, query } of ROUTES) {
    assert.ok(api.includes(path), path);
    for (const name of Object.keys(query)) assert.match(api, new RegExp(`\\b${name}\\b`), `${path}: ${name}`);
  }
});

test('docs/metrics.md is made from the metrics: npm run metrics', () => {
  assert.equal(readFileSync('docs/metrics.md', 'utf8'), metricReference());
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
