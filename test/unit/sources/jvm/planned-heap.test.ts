import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plannedHeapBytes } from '../../../../src/sources/jvm/planned-heap.ts';
import { GIB, MIB } from '../../../../src/units.ts';

test('the arguments of a JVM say how large its heap may become, and the last one is valid', () => {
  assert.equal(plannedHeapBytes(['java', '-Xmx1g', '-XX:MaxHeapSize=600m', 'App'], GIB), 600 * MIB);
  assert.equal(plannedHeapBytes(['java', '-XX:MaxRAMPercentage=75.0', 'App'], GIB), 0.75 * GIB);
  assert.equal(plannedHeapBytes(['java', '-XX:MaxRAMPercentage=75', '-Xmx2G', 'App'], GIB), 2 * GIB);
});

test('without such an argument, or a share of a limit that is not known, it is not known', () => {
  assert.equal(plannedHeapBytes(['java', 'App', '-Xmxlarge'], GIB), null);
  assert.equal(plannedHeapBytes(['java', '-XX:MaxRAMPercentage=75'], 'max'), null);
});
