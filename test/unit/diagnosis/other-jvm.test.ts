import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherJvmOf, withHiddenLeak, withOtherHeap } from '../../../src/diagnosis/other-jvm.ts';
import type { OtherJvm } from '../../../src/diagnosis/rule-context.ts';
import { causeShare, eta, ruleContext } from '../../support/rule-context.ts';

const other = (heap: OtherJvm['heap']): OtherJvm => ({
  pid: 40,
  name: 'App',
  heapRises: true,
  heap,
  heapPlan: null,
  address: '',
});
const heapOf = (over: Partial<NonNullable<OtherJvm['heap']>>) =>
  other({ leak: true, confidence: 0.95, etas: [], bytesPerHour: 7e6, ...over });
const growing = ruleContext({
  evaluation: { trend: 'growing', leak: true, confidence: 0.99, etas: [eta('oom-kill', 300)] },
}).evaluation;

test('growth in the heap of another JVM is a leak if that JVM says so, and ends where its heap ends', () => {
  const etas = [eta('heap-exhausted', 90), eta('oom-kill', 900)];
  const judged = withOtherHeap({ ...growing, leak: null }, heapOf({ etas }));
  assert.deepEqual([judged.leak, judged.confidence, judged.etas], [true, 0.95, etas]);
});

test('it is not called a leak while that JVM does not know, and the kill stays the end if its heap has none', () => {
  const judged = withOtherHeap(growing, heapOf({ leak: null, confidence: 0.9 }));
  assert.deepEqual([judged.leak, judged.confidence, judged.etas], [null, 0.75, growing.etas]);
  assert.equal(withOtherHeap(growing, other(null)), growing);
});

test('a heap of another JVM that leaks within pages it has touched before is the first cause of a container that stands', () => {
  const pageCache = causeShare('page-cache');
  const stable = ruleContext({ evaluation: { trend: 'stable', leak: false, causes: [pageCache] } }).evaluation;
  const judged = withHiddenLeak(stable, [heapOf({})]);
  assert.deepEqual([judged.trend, judged.leak, judged.confidence], ['growing', true, 0.95]);
  assert.deepEqual(judged.causes, [causeShare('process', 7e6, { what: 'App' }), pageCache]);
  assert.equal(withHiddenLeak(stable, [heapOf({ leak: null }), other(null)]), stable);
  assert.equal(withHiddenLeak(growing, [heapOf({})]), growing, 'a leak that is known already keeps its causes');
});

test('the other JVM is found by the process that the cause names, and by its name where no process was measured', () => {
  const process = { processes: 1, pid: 40, parent: null, lives: null };
  const part = { id: 'other-process' as const, name: 'java', bytes: 9, grewBytes: 9, bytesPerHour: 9, process };
  const anonGrowth = { fromS: 0, toS: 1, readings: 2, grewBytes: 9, parts: [part] };
  const otherJvms = [other(null)];
  const pidOf = (cause: 'process' | 'native', what: string, growth: typeof anonGrowth | null = anonGrowth) =>
    otherJvmOf({ anonGrowth: growth, otherJvms }, causeShare(cause, 9, { what }))?.pid;
  assert.deepEqual([pidOf('process', 'java'), pidOf('process', 'App', null)], [40, 40]);
  assert.deepEqual([pidOf('process', 'chrome'), pidOf('native', 'java')], [undefined, undefined]);
});
