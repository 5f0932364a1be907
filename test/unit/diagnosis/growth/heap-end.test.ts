import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHeapEnd, withPaceOfHeap } from '../../../../src/diagnosis/growth/heap-end.ts';
import type { Cause } from '../../../../src/trends/types.ts';
import { MIB } from '../../../../src/units.ts';
import { causeShare, eta, fieldTrend, ruleContext } from '../../../support/rule-context.ts';

const SIZES = { limitBytes: 768 * MIB, heapMaxBytes: 500 * MIB, outsideBytes: 30 * MIB };

function ends(
  causes: readonly Cause[],
  over: Partial<Record<keyof typeof SIZES, number | null>> = {},
  events = ['heap-exhausted'],
) {
  const { evaluation } = ruleContext({
    evaluation: {
      causes: causes.map((cause) => causeShare(cause)),
      etas: [eta('oom-kill', 60), ...events.map((event) => eta(event as 'heap-exhausted', 200))],
    },
  });
  return withHeapEnd(evaluation, { ...SIZES, ...over } as typeof SIZES).etas.map(({ event }) => event);
}

test('a heap whose -Xmx fits the limit ends at -Xmx, although its garbage makes all memory reach the limit first', () => {
  assert.deepEqual(ends(['heap']), ['heap-exhausted']);
  assert.deepEqual(ends(['heap', 'page-cache']), ['heap-exhausted'], 'cache gives way');
});

test('and at the limit where -Xmx does not fit, where something else grows, or where it is not known', () => {
  const both = ['oom-kill', 'heap-exhausted'];
  assert.deepEqual(ends(['heap'], { heapMaxBytes: 750 * MIB }), both);
  assert.deepEqual(ends(['heap', 'native']), both);
  assert.deepEqual(ends(['heap'], { outsideBytes: null }), both);
  assert.deepEqual(ends(['heap'], {}, []), ['oom-kill'], 'the end at -Xmx is not known');
});

test('a heap that takes pages in steps and what leaks beside it reach the limit at the pace of both', () => {
  const oomOf = (floorMib: number, residentMib: number, nativeMibPerS: number) => {
    const heapPerHour = 2 * MIB * 3600;
    const line = { fromT: 0, toT: 50, level: (floorMib - 100) * MIB, slopePerSecond: 2 * MIB };
    const { evaluation } = ruleContext({
      evaluation: {
        causes: [causeShare('heap', heapPerHour), causeShare('native', nativeMibPerS * MIB * 3600)],
        fields: { heap_used: { ...fieldTrend('growing', heapPerHour), basis: { ...fieldTrend('growing').basis, line } } },
        etas: [eta('oom-kill', 300)],
      },
    });
    const sizes = { limitBytes: 768 * MIB, outsideBytes: 130 * MIB, unreclaimableBytes: (130 + residentMib) * MIB };
    return withPaceOfHeap(evaluation, sizes).etas.map(({ low, seconds, high }) => [low, seconds, high!].map(Math.round));
  };
  assert.deepEqual(oomOf(100, 108, 2), [[119, 134, 148]], 'not 300 s, the pace between two steps');
  assert.deepEqual(oomOf(100, 600, 0.01), [[270, 300, 330]], 'its pages are there already');
});
