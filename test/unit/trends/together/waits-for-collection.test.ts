import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldName } from '../../../../src/fields.ts';
import { nativeWaits } from '../../../../src/trends/together/cause-confidence.ts';
import { type Waiting, waitsForCollection } from '../../../../src/trends/together/waits-for-collection.ts';
import { MIB } from '../../../../src/units.ts';
import { fieldEvaluation } from '../../../support/evaluation.ts';
import { eta } from '../../../support/rule-context.ts';

/** A JVM of 48 MiB whose heap fills by so many MiB a second, one sample a second. */
interface Run {
  readonly seconds: number;
  readonly memoryMib: (second: number) => number;
  readonly collectedAt?: readonly number[];
  readonly heapPerSecond?: number;
  /** Since when memory grows. */
  readonly fromS?: number;
}

const columns = ({ seconds, memoryMib, collectedAt = [], heapPerSecond = 0.3 }: Run) => {
  const t = Float64Array.from({ length: seconds + 1 }, (_, s) => 1000 + s);
  const since = (s: number): number => s - (collectedAt.findLast((at) => at <= s) ?? 0);
  const of = (value: (s: number) => number) => t.map((at) => value(at - 1000));
  return {
    t,
    memory: of((s) => memoryMib(s) * MIB),
    fields: new Map<FieldName, Float64Array>([
      ['gc_count', of((s) => collectedAt.filter((at) => at <= s).length)],
      ['heap_used', of((s) => (2 + heapPerSecond * since(s)) * MIB)],
      ['heap_committed', of(() => 48 * MIB)],
    ]),
  };
};

function stateOf(run: Run, secondsToEnd: number | null = 360): Waiting {
  const { t, memory, fields } = columns(run);
  const line = { fromT: 1000 + (run.fromS ?? 0), toT: t[t.length - 1]!, level: 0, slopePerSecond: 2 * MIB };
  const field = fieldEvaluation({ basis: { ...fieldEvaluation().basis, line } });
  return waitsForCollection({ fields, t }, memory, { from: 0, to: t.length })!(field, secondsToEnd);
}

const leak = (second: number): number => 70 + 2 * second;

test('growth before the first collection is open if one is due in the first half of the time that is left', () => {
  assert.equal(stateOf({ seconds: 40, memoryMib: leak }), 'open');
  assert.equal(stateOf({ seconds: 40, memoryMib: leak }, null), 'open', 'no end is in sight');
  assert.equal(stateOf({ seconds: 40, memoryMib: leak }, 150), 'counts', 'it is due in 113 seconds');
  assert.equal(stateOf({ seconds: 40, memoryMib: leak, heapPerSecond: 0 }), 'counts', 'none is due: the heap stands');
});

test('growth that the kernel swaps out does not wait for a collection that is due: the limit is reached before', () => {
  const { t, memory, fields } = columns({ seconds: 40, memoryMib: leak });
  const waits = waitsForCollection({ fields, t }, memory, { from: 0, to: t.length });
  const stateWhere = (isSwapped: boolean) =>
    nativeWaits(new Map([['anon', fieldEvaluation()]]), { native: null, locked: null, isSwapped, waits }, [eta('oom-kill', 360)]);
  assert.deepEqual([stateWhere(false), stateWhere(true)], ['open', 'counts']);
});

test('growth that goes on after a collection as if there had been none counts after a quarter of the time that came before', () => {
  assert.equal(stateOf({ seconds: 67, memoryMib: leak, collectedAt: [55] }), 'open');
  assert.equal(stateOf({ seconds: 69, memoryMib: leak, collectedAt: [55] }), 'counts');
  assert.equal(stateOf({ seconds: 112, memoryMib: leak, collectedAt: [55, 110] }), 'counts', 'the first one told');
  const slower = (second: number): number => leak(Math.min(55, second)) + 1.4 * Math.max(0, second - 55);
  assert.equal(stateOf({ seconds: 80, memoryMib: slower, collectedAt: [55] }), 'open', 'seven tenths of the pace');
  assert.equal(stateOf({ seconds: 80, memoryMib: slower, collectedAt: [55] }, 40), 'counts', 'the end comes before the next');
});

test('growth that stays after two collections counts', () => {
  const slower = (second: number): number => leak(Math.min(55, second)) + 1.4 * Math.max(0, second - 55);
  assert.equal(stateOf({ seconds: 105, memoryMib: slower, collectedAt: [55] }, 360), 'open');
  assert.equal(stateOf({ seconds: 125, memoryMib: slower, collectedAt: [55, 120] }, 360), 'counts');
});

test('growth that pauses after a collection, while what it freed is used again, is open', () => {
  const pauses = (second: number): number => leak(second < 55 ? second : Math.max(55, second - 10));
  assert.equal(stateOf({ seconds: 72, memoryMib: pauses, collectedAt: [55] }), 'open');
});

test('growth over many collections counts, as does growth of hours', () => {
  const often = Array.from({ length: 12 }, (_, i) => 5 * (i + 1));
  assert.equal(stateOf({ seconds: 60, memoryMib: leak, collectedAt: often }), 'counts');
  assert.equal(stateOf({ seconds: 2 * 3600, memoryMib: (s) => 70 + s / 100, heapPerSecond: 0.001 }, null), 'counts');
});

test('malloc keeps what a collection frees: what pauses after it does not count', () => {
  const reused = (second: number): number => 66 + 0.8 * Math.min(second, 55) + 0.3 * Math.max(0, Math.min(second - 55, 30));
  assert.equal(stateOf({ seconds: 115, memoryMib: reused, collectedAt: [55, 110] }, 1500), 'open');
});

test('memory that a collection gave back is no growth until it comes further than before', () => {
  const saw = (second: number): number => 70 + 2 * (second % 55);
  assert.equal(stateOf({ seconds: 95, memoryMib: saw, collectedAt: [55], fromS: 55 }), 'given-back');
  assert.equal(
    stateOf({ seconds: 95, memoryMib: saw, collectedAt: [55], fromS: 55 }, 5),
    'given-back',
    'however near the end is',
  );
  const further = (second: number): number => (second < 55 ? saw(second) : 70 + 4 * (second - 55));
  assert.equal(stateOf({ seconds: 107, memoryMib: further, collectedAt: [55], fromS: 55 }, 5), 'counts');
});

test('a JVM that does not count its collections tells nothing', () => {
  const { t, memory, fields } = columns({ seconds: 40, memoryMib: leak });
  fields.delete('gc_count');
  assert.equal(waitsForCollection({ fields, t }, memory, { from: 0, to: t.length }), null);
});

test('samples that lack a figure do not end the time between two collections', () => {
  const { t, memory, fields } = columns({ seconds: 40, memoryMib: leak });
  fields.get('gc_count')![20] = Number.NaN;
  memory[21] = Number.NaN;
  const field = fieldEvaluation();
  assert.equal(waitsForCollection({ fields, t }, memory, { from: 0, to: t.length })!(field, 360), 'open');
});
