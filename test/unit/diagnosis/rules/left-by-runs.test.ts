import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftByRuns } from '../../../../src/diagnosis/rules/left-by-runs.ts';
import { type Sentence, sentenceText } from '../../../../src/diagnosis/sentence.ts';
import { MIB } from '../../../../src/units.ts';
import { fileTrack } from '../../../support/file-track.ts';
import { applyRule, type Given } from '../../../support/rule-context.ts';

const left = { restarts: 7, seconds: 84, bytesPerRestart: 25 * MIB, bytes: 200 * MIB };
const found = (given: Given = {}) =>
  applyRule(leftByRuns, { leftByRuns: left, values: { anon: 65 * MIB, shmem: 200 * MIB }, ...given });

const leadOf = (given: object | null): string => (given !== null && 'lead' in given ? sentenceText(given.lead as Sentence) : '');

test('what each restart leaves in shared memory is said, with how many more have room', () => {
  const finding = found({ series: { limitBytes: 400 * MIB } });
  assert.equal(
    finding?.title,
    'Shared memory (tmpfs) rose 25 MiB with each of 7 restarts in 84 seconds, to 200 MiB: what a run leaves there stays. The limit is reached after some 5 more',
  );
  assert.equal(finding?.severity, 'warn');
  assert.deepEqual(finding?.evidence.restartsToLimit, 5);
  assert.match(found({ series: { limitBytes: 270 * MIB } })?.title ?? '', /\. The next one reaches the limit$/);
  assert.match(found({ series: { limitBytes: 'max' } })?.title ?? '', /stays$/);
});

test('an end is foretold where there is a limit, and what others hold of that has no room', () => {
  const values = { anon: 65 * MIB, shmem: 200 * MIB, held_elsewhere: 100 * MIB };
  assert.equal(found({ values, series: { limitBytes: 400 * MIB } })?.evidence.restartsToLimit, 1);
  assert.equal(found({ series: { limitBytes: 400 * MIB } })?.outcome, 'ends in an OOM kill at a later start');
  assert.equal(found({ series: { limitBytes: 'max' } })?.outcome, undefined);
});

test('the heap of a collector that keeps it in shared memory is none of it', () =>
  assert.equal(found({ jvm: { collector: 'ZGC' } }), null));

test('without anything that was left it does not apply', () => assert.equal(found({ leftByRuns: null }), null));

test('the files in sight are named where it begins the headline', () => {
  const fileSystem = { kind: 'tmpfs', freeBytes: 1e9, totalBytes: 2e9 } as const;
  const files = [fileTrack('/dev/shm/unpack-*.bin', [100 * MIB, 200 * MIB], { fileSystem, kind: 'folder', files: 8 })];
  const lead = leadOf(found({ series: { files } }));
  assert.match(
    lead,
    /what a run leaves there stays; the largest there is \/dev\/shm\/unpack-\*\.bin \(8 files, 200 MiB\)\. The limit is reached after some 71 more\.$/,
  );
  assert.doesNotMatch(leadOf(found()), /the largest/);
});
