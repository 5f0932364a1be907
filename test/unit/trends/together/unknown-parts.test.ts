import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedVerdict } from '../../../../src/diagnosis/recorded-verdict.ts';
import { type FieldName, fieldName } from '../../../../src/fields.ts';
import { NO_PARTS } from '../../../../src/history/part-readings.ts';
import { versionOf } from '../../../../src/memory-facts.ts';
import { Random } from '../../../../synthetic/random.ts';

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
