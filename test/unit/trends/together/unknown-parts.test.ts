import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedVerdict } from '../../../../src/diagnosis/recorded-verdict.ts';
import { type FieldName, fieldName } from '../../../../src/fields.ts';
import { NO_PARTS } from '../../../../src/history/part-readings.ts';
import { versionOf } from '../../../../src/memory-facts.ts';
import { admitUnknownParts } from '../../../../src/trends/together/unknown-parts.ts';
import { Random } from '../../../../synthetic/random.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';

const MIB = 2 ** 20;
const POINTS = 1000;

/** A week of fields in MiB: a level, and growth over the whole week. */
function verdictOf(levels: Readonly<Record<string, readonly [number, number]>>) {
  const random = new Random(5);
  const fields = new Map<FieldName, Float64Array>(
    Object.entries(levels).map(([id, [level, growth]]) => [
      fieldName(id),
      Float64Array.from({ length: POINTS }, (_, i) => MIB * (level + (growth * i) / POINTS) * (1 + 0.003 * random.normal())),
    ]),
  );
  const t = Float64Array.from({ length: POINTS }, (_, i) => 1_770_000_000 + 600 * i);
  const series = {
    t,
    fields,
    intervalS: 600,
    limitBytes: 1024 * MIB,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
  };
  const { trend, leak, cause } = recordedVerdict(series, { jvm: null, version: versionOf(fields), minHistorySeconds: 900 });
  return { trend, leak, cause };
}

const UNKNOWN = { trend: 'growing', leak: null, cause: 'none' };

test('a working set that grows while anon is flat is not known to be harmless, where the other parts are missing', () => {
  assert.deepEqual(verdictOf({ anon: [250, 0], working_set: [300, 200] }), UNKNOWN);
});

test('cache that grows with the working set may be tmpfs, where its lists are missing', () => {
  assert.deepEqual(
    verdictOf({ anon: [250, 0], file: [50, 200], working_set: [300, 200], usage: [310, 200], kernel: [10, 0] }),
    UNKNOWN,
  );
});

test('cache that grows while the working set is flat is inactive page cache, whatever else is missing', () => {
  assert.equal(verdictOf({ anon: [250, 0], file: [50, 200], working_set: [270, 0], usage: [310, 200] }).leak, false);
});

test('active page cache that grows explains the working set', () => {
  const active = { anon: [250, 0], file: [50, 200], active_file: [40, 200], inactive_file: [10, 0] } as const;
  assert.equal(verdictOf({ ...active, working_set: [290, 200], usage: [310, 200] }).leak, false);
});

test('a working set alone grows without a known cause, or does not grow', () => {
  assert.deepEqual(verdictOf({ working_set: [300, 200] }), UNKNOWN);
  assert.deepEqual(verdictOf({ working_set: [300, 0] }), { trend: 'stable', leak: false, cause: 'none' });
});

/** What becomes of an answer without a leak where the working set grows by 10 MB an hour, and these fields are known besides. */
const admitted = (known: readonly string[], given: { leak?: boolean | null; activeSlope?: number; grows?: boolean } = {}) => {
  const active = fieldEvaluation({ slopeBytesPerHour: given.activeSlope ?? 0 });
  const fields = new Map(known.map((id) => [fieldName(id), id === 'active_file' ? active : fieldEvaluation()] as const));
  fields.set(fieldName('working_set'), given.grows === false ? fieldEvaluation() : growingField(10e6, 1e6));
  const answer = {
    trend: 'stable',
    leak: given.leak === undefined ? false : given.leak,
    confidence: 0.9,
    causes: [{ cause: 'page-cache', bytesPerHour: 1, reclaimable: true, what: null }],
    causeBasis: [{ cause: 'page-cache', text: '' } as never],
    etas: [{ event: 'reclaim', seconds: 1, low: 1, high: 1 }],
  } as const;
  const result = admitUnknownParts(answer, fields);
  if (result === answer) return 'as it was';
  assert.deepEqual(result, { trend: 'growing', leak: null, confidence: 0.9, causes: [], causeBasis: [], etas: [] });
  return 'unknown';
};

test('an answer stays as it was where tmpfs, active page cache and kernel memory are all known', () => {
  assert.equal(admitted(['shmem', 'active_file', 'kernel']), 'as it was');
  assert.equal(admitted(['shmem', 'active_file', 'slab']), 'as it was', 'a part of kernel memory');
  for (const known of [['active_file', 'kernel'], ['shmem', 'kernel'], ['shmem', 'active_file'], []])
    assert.equal(admitted(known), 'unknown', known.join());
});

test('active page cache explains a working set if it grows by seven tenths of it', () => {
  assert.equal(admitted(['active_file'], { activeSlope: 7e6 }), 'as it was');
  assert.equal(admitted(['active_file'], { activeSlope: 6.9e6 }), 'unknown');
});

test('a leak, an answer that is open, and a working set that is flat stay as they were', () => {
  assert.equal(admitted([], { leak: true }), 'as it was');
  assert.equal(admitted([], { leak: null }), 'as it was');
  assert.equal(admitted([], { grows: false }), 'as it was');
});
