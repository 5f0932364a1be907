import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttled } from '../../../../src/diagnosis/rules/throttled.ts';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import { MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

/** Twenty minutes at one sample a minute. */
const t = Float64Array.from({ length: 21 }, (_, i) => 1_600_000_000 + 60 * i);
const at = (columns: ByField<(minute: number) => number>) => {
  const usual = { high: () => 800 * MIB, usage: () => 799 * MIB, anon: () => 780 * MIB };
  const fields = new Map(entriesOf({ ...usual, ...columns }).map(([id, of]) => [id, t.map((_, i) => of(i))]));
  return applyRule(throttled, { series: { t, fields, intervalS: 60 } });
};

test('throttling at memory.high is said with how often and how long the processes waited', () => {
  const found = at({ high_hits: (m) => 50 * m, psi_full_seconds: (m) => 15 * m });
  assert.equal(
    found?.title,
    'The kernel slows the container down at memory.high (800 MiB): 550 times in 11 minutes, and all its processes waited for memory 25 % of that time',
  );
  assert.equal(found?.severity, 'critical');
  assert.equal(found?.evidence.stalledSeconds, 165);
  assert.deepEqual(found?.limit, { kind: 'memory-high', bytes: 800 * MIB, level: 'usage', levelBytes: 799 * MIB });
});

test('it is a warning where little time is lost, and only worth knowing where cache is what is reclaimed', () => {
  assert.equal(at({ high_hits: (m) => m, psi_full_seconds: (m) => m })?.severity, 'warn');
  assert.equal(at({ high_hits: (m) => m, psi_full_seconds: () => 3 })?.severity, 'warn', 'nothing is left to reclaim');
  assert.equal(at({ high_hits: (m) => m })?.severity, 'warn');
  assert.equal(at({ high_hits: (m) => m, anon: () => 300 * MIB })?.severity, 'info');
});

test('throttling that is over, that was never, or that cannot be known is no finding', () => {
  assert.equal(at({ high_hits: (m) => Math.min(m, 5) }), null);
  assert.equal(at({ high_hits: () => 0 }), null);
  assert.equal(at({}), null);
  assert.equal(at({ high_hits: (m) => (m < 20 ? 900 : 0) }), null, 'the counter began again');
});
