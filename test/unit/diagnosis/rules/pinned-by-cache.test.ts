import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pinnedByCache } from '../../../../src/diagnosis/rules/pinned-by-cache.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const at = (usage: number, anon: number) => applyRule(pinnedByCache, { values: { usage, anon }, series: { limitBytes: 1000 } });

test('usage at the limit because of page cache is explained without an alarm', () => {
  const values = { usage: 2040 * MIB, anon: 1000 * MIB, limit_hits: 12 };
  assert.deepEqual(applyRule(pinnedByCache, { values }), {
    id: 'pinned-by-cache',
    severity: 'info',
    title: 'Usage stands at the limit because page cache fills the rest: 1.02 GiB can be taken back',
    evidence: { usageBytes: 2040 * MIB, limitBytes: 2 * GIB, unreclaimableBytes: 1000 * MIB, limitHits: 12 },
    advice:
      'This causes no OOM kill: the kernel reclaims cache first. Watch the memory that cannot be reclaimed instead of usage.',
    limit: { kind: 'memory', bytes: 2 * GIB, level: 'usage', levelBytes: 2040 * MIB },
    headline: null,
  });
});

test('it applies from 97 % of the limit on', () => {
  assert.equal(at(969, 500), null);
  assert.equal(at(970, 500)?.severity, 'info');
});

test('it applies while at most nine tenths of the limit cannot be reclaimed', () => {
  assert.equal(at(1000, 900)?.severity, 'info');
  assert.equal(at(1000, 901), null);
});

test('without a limit, with an unknown limit, without usage and without anon it does not apply', () => {
  const values = { usage: 1000, anon: 500 };
  assert.equal(applyRule(pinnedByCache, { values, series: { limitBytes: 'max' } }), null);
  assert.equal(applyRule(pinnedByCache, { values, series: { limitBytes: null } }), null);
  assert.equal(applyRule(pinnedByCache, { values: { anon: 500 }, series: { limitBytes: 1000 } }), null);
  assert.equal(applyRule(pinnedByCache, { values: { usage: 1000 }, series: { limitBytes: 1000 } }), null);
});
