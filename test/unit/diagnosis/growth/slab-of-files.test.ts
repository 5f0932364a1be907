import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSlabOfFiles } from '../../../../src/diagnosis/growth/slab-of-files.ts';
import { KIB, MIB } from '../../../../src/units.ts';
import { causeShare, fieldTrend, fileRow, filesThatGrow, ruleContext } from '../../../support/rule-context.ts';

/** Files of 20 KiB, 36,000 more each hour, on cgroup v1. */
function thumbnails(slabBytes: number, anon: 'stable' | 'growing' = 'stable', seenPerHour = 1) {
  const { evaluation } = ruleContext({
    evaluation: {
      trend: 'growing',
      leak: null,
      causes: [causeShare('page-cache', 700 * MIB), causeShare('slab', slabBytes, { reclaimable: true })],
      fields: { anon: fieldTrend(anon) },
    },
  });
  const files = 36_000;
  const bytes = files * 20 * KIB;
  const growth = { residentBytes: bytes, residentGrowthBytesPerHour: seenPerHour * bytes };
  const row = fileRow({ kind: 'folder', path: '/thumbs/', files, ...growth });
  const { causes, leak } = withoutSlabOfFiles(evaluation, filesThatGrow([row]).grown);
  return [causes.map(({ cause }) => cause), leak];
}

test('the inodes and names of many small files belong to the files, and the kernel takes them back', () =>
  assert.deepEqual(thumbnails(120 * MIB), [['page-cache'], false]));

test('they belong to the files while a walk of these is under way, too, and their own sum stands', () =>
  assert.deepEqual(thumbnails(120 * MIB, 'stable', 0), [['page-cache'], false]));

test('kernel memory beyond what the files bring stays a cause, and where another part grows the leak stays open', () => {
  assert.deepEqual(thumbnails(400 * MIB), [['page-cache', 'slab'], null]);
  assert.deepEqual(thumbnails(120 * MIB, 'growing'), [['page-cache'], null]);
});
