import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHeapEnd } from '../../../../src/diagnosis/growth/heap-end.ts';
import type { Cause } from '../../../../src/trends/types.ts';
import { MIB } from '../../../../src/units.ts';
import { causeShare, eta, ruleContext } from '../../../support/rule-context.ts';

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
