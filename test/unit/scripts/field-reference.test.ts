import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fieldReference } from '../../../scripts/field-reference.ts';
import { FIELDS } from '../../../src/fields.ts';

test('docs/fields.md is made from the table of fields: npm run fields', () => {
  assert.equal(readFileSync('docs/fields.md', 'utf8'), fieldReference());
});

test('it names every field once', () => {
  const ids = [...fieldReference().matchAll(/^- `(\w+)`:/gm)].map((m) => m[1]!);
  assert.deepEqual(ids.sort(), FIELDS.map(({ id }) => id as string).sort());
});
