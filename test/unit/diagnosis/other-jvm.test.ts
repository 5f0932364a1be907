import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherJvmOf, withOtherHeap } from '../../../src/diagnosis/other-jvm.ts';
import type { OtherJvm } from '../../../src/diagnosis/rule-context.ts';
import { causeShare, eta, ruleContext } from '../../support/rule-context.ts';

const other = (heap: OtherJvm['heap']): OtherJvm => ({ pid: 40, heapRises: true, heap, address: '' });
const growing = ruleContext({
  evaluation: { trend: 'growing', leak: true, confidence: 0.99, etas: [eta('oom-kill', 300)] },
}).evaluation;

test('growth in the heap of another JVM is a leak if that JVM says so, and ends where its heap ends', () => {
  const etas = [eta('heap-exhausted', 90), eta('oom-kill', 900)];
  const judged = withOtherHeap({ ...growing, leak: null }, other({ leak: true, confidence: 0.95, etas }));
  assert.deepEqual([judged.leak, judged.confidence, judged.etas], [true, 0.95, etas]);
});

test('it is not called a leak while that JVM does not know, and the kill stays the end if its heap has none', () => {
  const judged = withOtherHeap(growing, other({ leak: null, confidence: 0.9, etas: [] }));
  assert.deepEqual([judged.leak, judged.confidence, judged.etas], [null, 0.75, growing.etas]);
});

test('nothing changes if the heap of that JVM is not what grows, or nothing grows', () => {
  const heap = { leak: true, confidence: 0.95, etas: [] };
  assert.equal(withOtherHeap(growing, null), growing);
  assert.equal(withOtherHeap(growing, other(null)), growing);
  const stable = ruleContext({ evaluation: { trend: 'stable', leak: null } }).evaluation;
  assert.equal(withOtherHeap(stable, other(heap)), stable);
});

test('the other JVM is found by the process that the cause names', () => {
  const process = { processes: 1, pid: 40, parent: null };
  const part = { id: 'other-process' as const, name: 'App', bytes: 9, grewBytes: 9, bytesPerHour: 9, process };
  const context = {
    anonGrowth: { fromS: 0, toS: 1, readings: 2, grewBytes: 9, parts: [part] },
    otherJvms: [other(null)],
  };
  assert.equal(otherJvmOf(context, causeShare('process', 9, { what: 'App' }))?.pid, 40);
  assert.equal(otherJvmOf(context, causeShare('process', 9, { what: 'chrome' })), null);
  assert.equal(otherJvmOf(context, causeShare('native', 9, { what: 'App' })), null);
});
