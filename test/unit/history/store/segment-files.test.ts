import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { segmentNames, segmentPath } from '../../../../src/history/store/segment-files.ts';
import { TIER_STEPS } from '../../../../src/history/tiers.ts';

test('the name of a segment has its start and its tier', () => {
  const names = TIER_STEPS.map((step) => basename(segmentPath('/data', 1000, step)));
  assert.deepEqual(names, ['1000.json', '1000.1m.json', '1000.15m.json', '1000.2h.json']);
});

test('segments are listed by start, coarser ones first, and other files are left out', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-segments-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const wanted = ['1000.2h.json', '1000.15m.json', '1000.1m.json', '1000.json', '2000.json'];
  for (const name of [...wanted, 'lock', '1000.5m.json', '1000.1m.json.bad', 'x.json']) writeFileSync(join(dir, name), '');
  assert.deepEqual(await segmentNames(dir), wanted);
});
