import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ruleReference } from '../../../scripts/rule-reference.ts';
import { RULES } from '../../../src/diagnosis/rules/registry.ts';

test('docs/rules.md is made from the registry of rules: npm run rules', () => {
  assert.equal(readFileSync('docs/rules.md', 'utf8'), ruleReference());
});

test('it names every rule once, with its severity', () => {
  const ids = [...ruleReference().matchAll(/^- `([\w-]+)` \((?:critical|warn|info)(?:(?:,| or) (?:warn|info))*\):/gm)].map(
    (m) => m[1]!,
  );
  assert.deepEqual(ids.sort(), RULES.map(({ id }) => id).sort());
});
