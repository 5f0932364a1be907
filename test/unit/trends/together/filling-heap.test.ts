import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOf, type FieldName } from '../../../../src/fields.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import type { DerivedTrends } from '../../../../src/trends/together/cause-confidence.ts';
import { combineFields } from '../../../../src/trends/together/causes.ts';
import { MIB } from '../../../../src/units.ts';
import { fieldEvaluation, growingField, UNMOVED } from '../../../support/evaluation.ts';

/** The floor rises by 300 MiB an hour to 120 MiB, and anonymous memory by 2000 to 220 MiB, of which 20 lie outside the heap. */
function events(limitMib: number, heapMaxMib: number, beside: Partial<Record<FieldName, FieldEvaluation>> = {}, native = true) {
  const fields = new Map<FieldName, FieldEvaluation>(
    entriesOf({
      usage: growingField(2000 * MIB, MIB, { levelNow: 230 * MIB }),
      anon: growingField(2000 * MIB, MIB, { levelNow: 220 * MIB }),
      heap_used: growingField(300 * MIB, MIB, { levelNow: 120 * MIB }),
      ...beside,
    }),
  );
  const derived: DerivedTrends = {
    native: native ? { field: fieldEvaluation({ levelNow: 20 * MIB }), untouchedBytes: 0 } : null,
    locked: null,
    isSwapped: false,
    waits: null,
  };
  return combineFields(fields, derived, { limit: limitMib * MIB, heapMax: heapMaxMib * MIB }, UNMOVED, 60).etas.map(
    ({ event }) => event,
  );
}

test('a heap that fits the limit when it is full ends at -Xmx, however fast it touches its pages', () => {
  assert.deepEqual(events(768, 300), ['heap-exhausted']);
  assert.deepEqual(events(321, 300), ['heap-exhausted']);
  assert.deepEqual(events(320, 300), ['oom-kill', 'heap-exhausted'], 'no room for all of it');
});

test('without the figures of the old generation only its floor is known to be resident', () => {
  const anon = growingField(500 * MIB, MIB, { levelNow: 220 * MIB });
  assert.deepEqual(events(401, 300, { anon }, false), ['heap-exhausted']);
  assert.deepEqual(events(400, 300, { anon }, false), ['oom-kill', 'heap-exhausted']);
});

test('what grows beside the heap has no such bound', () => {
  const shmem = growingField(2000 * MIB, MIB, { levelNow: 10 * MIB });
  assert.deepEqual(events(768, 300, { shmem }), ['oom-kill', 'heap-exhausted']);
});
