import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryNowText } from '../../../src/diagnosis/level-text.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import type { FieldValues } from '../../../src/fields.ts';
import type { FileTrack } from '../../../src/history/series.ts';
import { MIB } from '../../../src/units.ts';
import { fileTrack } from '../../support/file-track.ts';
import { ruleContext } from '../../support/rule-context.ts';

const POD = { usage: 900, anon: 300, file: 550, shmem: 50, kernel: 50 };

const told = (mib: FieldValues, files: readonly FileTrack[] = []): string => {
  const values = Object.fromEntries(Object.entries(mib).map(([id, value]) => [id, value! * MIB]));
  return sentenceText(memoryNowText(ruleContext({ values, series: { files } })));
};

test('memory now is told by its parts, without those that are less than a tenth', () =>
  assert.equal(told(POD), '900 MiB of 2 GiB now: 300 MiB anonymous memory and 500 MiB page cache.'));

test('shared memory is told by itself, not as page cache', () =>
  assert.equal(
    told({ ...POD, shmem: 250, kernel: 100 }),
    '900 MiB of 2 GiB now: 300 MiB anonymous memory, 250 MiB tmpfs and shared memory, 300 MiB page cache and 100 MiB kernel memory.',
  ));

test('what the heap uses is told where it is read', () =>
  assert.match(told({ ...POD, heap_used: 120 }), /page cache\. The Java heap uses 120 MiB\.$/));

test('parts that are not read are not told', () =>
  assert.deepEqual([told({ usage: 900 }), told({})], ['900 MiB of 2 GiB now.', 'Usage is not known.']));

test('a file that the container wrote is named if it is half of the page cache', () => {
  const log = (mib: number, over: Parameters<typeof fileTrack>[2] = {}): FileTrack =>
    fileTrack('/tmp/a.log', [mib * MIB], { isOwn: true, ...over });
  const named = / 500 MiB page cache\. \/tmp\/a\.log has 400 MiB of the page cache\.$/;
  assert.match(told(POD, [fileTrack('/lib/big', [450 * MIB]), log(100), log(400)]), named);
  const memory = { kind: 'tmpfs', freeBytes: 1e9, totalBytes: 1e9 } as const;
  for (const other of [
    log(240),
    log(400, { isOwn: false }),
    log(400, { fileSystem: memory }),
    log(400, { resident: [Number.NaN] }),
  ])
    assert.doesNotMatch(told(POD, [other]), /a\.log/);
  assert.doesNotMatch(told({ ...POD, file: 100 }, [log(40)]), /a\.log/, 'page cache itself is too small to be told');
});
