import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonGrowth } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { attribute } from '../../../../src/diagnosis/growth/attribute.ts';
import { hiddenRise } from '../../../../src/diagnosis/growth/hidden-rise.ts';
import type { LedgerPartId } from '../../../../src/diagnosis/ledger/part-table.ts';
import type { Evaluation } from '../../../../src/trends/types.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';
import { fieldTrend } from '../../../support/rule-context.ts';

/** Parts of the JVM and of others in an hour, in MiB. */
function grown(mib: Partial<Record<LedgerPartId, number>>): AnonGrowth {
  const parts = Object.entries(mib).map(([id, grew]) => ({
    id: id as LedgerPartId,
    name: id,
    process: null,
    bytes: 200 * MIB,
    grewBytes: grew * MIB,
    bytesPerHour: grew * MIB,
  }));
  return { fromS: 0, toS: HOUR_S, readings: 60, grewBytes: 0, parts };
}

/** The container's memory goes up and down, and the JVM's grows by 100 MiB an hour. */
const evaluation = (over: Partial<Evaluation['fields']> = {}, trend: Evaluation['trend'] = 'stable'): Evaluation => ({
  trend,
  leak: false,
  confidence: 0.83,
  causes: [],
  etas: [],
  needs: null,
  causeBasis: [],
  fields: {
    anon: fieldTrend('stable'),
    rss: { ...fieldTrend('growing', 100 * MIB), windowSeconds: HOUR_S },
    ...over,
  },
});

test('where the JVM grows outside its heap beside processes that come and go, whether it leaks is not known', () => {
  const growth = grown({ 'direct-buffers': 100, 'other-process': -80 });
  for (const trend of ['stable', 'cyclic'] as const) {
    assert.deepEqual(hiddenRise(evaluation({}, trend), growth), { bytes: 100 * MIB, seconds: HOUR_S });
    const answer = attribute({ evaluation: evaluation({}, trend), growth, heapCounted: true });
    assert.deepEqual([answer.leak, answer.confidence, answer.trend], [null, 0.75, trend]);
  }
});

test('a heap that fills, other processes, and a small rise hide nothing', () => {
  assert.equal(hiddenRise(evaluation(), grown({ 'java-heap': 100 })), null);
  assert.equal(hiddenRise(evaluation(), grown({ 'other-process': 100 })), null);
  assert.equal(hiddenRise(evaluation(), grown({ 'direct-buffers': 59, 'java-heap': 41 })), null);
  assert.equal(hiddenRise(evaluation(), null), null);
  const small = { rss: { ...fieldTrend('growing', 31 * MIB), windowSeconds: HOUR_S } };
  assert.equal(hiddenRise(evaluation(small), grown({ 'direct-buffers': 31 })), null);
});

test('growth that the trends show is not hidden, and RSS that stands has not risen', () => {
  const growth = grown({ 'direct-buffers': 100 });
  assert.equal(hiddenRise(evaluation({ anon: fieldTrend('growing') }), growth), null);
  assert.equal(hiddenRise(evaluation({}, 'growing'), growth), null);
  assert.equal(hiddenRise(evaluation({ rss: fieldTrend('stable') }), growth), null);
  assert.equal(attribute({ evaluation: evaluation({ rss: fieldTrend('stable') }), growth, heapCounted: true }).leak, false);
});
