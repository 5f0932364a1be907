import assert from 'node:assert/strict';
import { test } from 'node:test';
import { G1CycleCounter } from '../../../../src/sources/jvm/g1-cycles.ts';
import { parseHsperfdata, toJvmReading } from '../../../../src/sources/jvm/hsperfdata.ts';
import { jvmValues } from '../../../../src/sources/jvm/jvm-values.ts';
import type { JvmReading } from '../../../../src/sources/types.ts';
import { MIB } from '../../../../src/units.ts';
import { syntheticHsperfdata } from '../../../support/made-hsperf.ts';

/** Files made from the format's description, not captured: JDKs and collectors that are not at hand. */
const read = (counters: Record<string, number | string>, previous: JvmReading | null = null, atMs = 1000): JvmReading => {
  const parsed = parseHsperfdata(syntheticHsperfdata(counters));
  return parsed.state === 'read' ? toJvmReading(parsed.counters, { atMs, previous }) : assert.fail(parsed.error);
};
const space = (g: number, s: number, name: string, used: number, capacity: number) => ({
  [`sun.gc.generation.${g}.space.${s}.name`]: name,
  [`sun.gc.generation.${g}.space.${s}.used`]: used * MIB,
  [`sun.gc.generation.${g}.space.${s}.capacity`]: capacity * MIB,
});
const generation = (g: number, name: string, capacity: number, max: number) => ({
  [`sun.gc.generation.${g}.name`]: name,
  [`sun.gc.generation.${g}.capacity`]: capacity * MIB,
  [`sun.gc.generation.${g}.maxCapacity`]: max * MIB,
});
const collector = (i: number, name: string, invocations: number, ticks: number) => ({
  [`sun.gc.collector.${i}.name`]: name,
  [`sun.gc.collector.${i}.invocations`]: invocations,
  [`sun.gc.collector.${i}.time`]: ticks,
});
const SERIAL = {
  ...generation(0, 'new', 20, 40),
  ...space(0, 0, 'eden', 7, 16),
  ...space(0, 1, 's0', 1, 2),
  ...space(0, 2, 's1', 0, 2),
  ...generation(1, 'old', 44, 60),
  ...space(1, 0, 'old', 30, 44),
  'sun.os.hrt.frequency': 1_000_000_000,
};

test('JDK 8 with CMS: the heap is the sum of both generations, of their maxima too', () => {
  const jvm = read({
    ...SERIAL,
    'java.property.java.version': '1.8.0_292',
    'sun.gc.policy.name': 'ParNew:CMS',
    ...collector(0, 'PCopy', 9, 500_000_000),
    ...collector(1, 'CMS', 2, 250_000_000),
  });
  assert.equal(jvm.collector, 'CMS');
  assert.equal(jvm.heapUsed.value, 38 * MIB);
  assert.equal(jvm.heapCommitted.value, 64 * MIB);
  assert.equal(jvm.heapMax, 100 * MIB);
  assert.equal(jvm.oldUsed?.value, 30 * MIB);
  assert.deepEqual([jvm.gcCount, jvm.fullGcCount, jvm.gcSeconds], [11, 2, 0.75]);
});

test('JDK 21 with generational ZGC: only major collections clean the old generation', () => {
  const jvm = read({
    'java.property.java.version': '21.0.2',
    ...generation(0, 'young', 40, 256),
    ...space(0, 0, 'young', 30, 40),
    ...generation(1, 'old', 50, 256),
    ...space(1, 0, 'old', 50, 50),
    ...collector(0, 'ZGC minor collection pauses', 12, 10),
    ...collector(2, 'ZGC major collection pauses', 3, 10),
  });
  assert.equal(jvm.collector, 'ZGC');
  assert.equal(jvm.heapUsed.value, 80 * MIB);
  assert.equal(jvm.heapMax, 256 * MIB);
  assert.equal(jvm.oldUsed?.value, 50 * MIB);
  assert.deepEqual([jvm.gcCount, jvm.fullGcCount], [15, 3]);
});

for (const [version, age] of [
  ['25', 1000],
  ['21.0.2', 61_000],
] as const) {
  test(`JDK ${version} with Serial: heap used that no collection renewed is ${age === 1000 ? 'as old as the last one' : 'of now'}`, () => {
    const counters = {
      ...SERIAL,
      'java.property.java.version': version,
      'sun.gc.policy.name': 'Copy:MSC',
      ...collector(0, 'Copy', 4, 10),
      ...collector(1, 'MSC', 1, 10),
    };
    const before = read(counters);
    assert.equal(before.collector, 'Serial');
    const after = read(counters, before, 61_000);
    assert.equal(after.heapUsed.atMs, age);
    const collected = read({ ...counters, ...collector(0, 'Copy', 5, 10) }, after, 62_000);
    assert.equal(collected.heapUsed.atMs, 62_000);
  });
}

test('a big-endian file gives the same counters', () => {
  const [big, little] = (['big', 'little'] as const).map((order) => {
    const parsed = parseHsperfdata(syntheticHsperfdata(SERIAL, order));
    assert.equal(parsed.state, 'read');
    return toJvmReading(parsed.counters, { atMs: 1, previous: null });
  });
  assert.deepEqual(big, little);
  assert.ok(big!.heapUsed.value > 0);
});

const ZGC_11 = { ...generation(1, 'old', 200, 200), ...space(1, 0, 'space', 68, 200) };
const GC_FLAG = { ZGC: '-XX:+UnlockExperimentalVMOptions -XX:+UseZGC -Xmx200m', Epsilon: '-Xmx2g -XX:+UseEpsilonGC' } as const;

for (const name of ['ZGC', 'Epsilon'] as const)
  test(`${name} of JDK 11 names itself in no counter, and is known by the flag that chose it`, () => {
    const jvm = read({ 'java.property.java.version': '11.0.33', 'java.rt.vmArgs': GC_FLAG[name], ...ZGC_11 });
    assert.deepEqual([jvm.collector, jvm.fullGcCount, jvm.heapUsed.value], [name, null, 68 * MIB]);
  });

test('ZGC of JDK 11 counts no collections, and each update of its heap shows one or more', () => {
  const counters = { 'java.rt.vmArgs': GC_FLAG.ZGC, ...ZGC_11 };
  const first = read(counters);
  const same = read(counters, first);
  const later = read({ ...counters, ...space(1, 0, 'space', 70, 200) }, same);
  assert.deepEqual(
    [first, same, later].map((jvm) => jvm.gcCount),
    [null, null, null],
  );
  assert.deepEqual(
    [first, same, later].map((jvm) => jvmValues(jvm).gc_count),
    [0, 0, 1],
  );
});

const TIMES = { 'sun.rt.createVmBeginTime': 10_000, 'sun.os.hrt.frequency': 1_000_000_000 };
const zgc = (used: number, pauses: number, lastExitS: number) => ({
  ...TIMES,
  'java.property.java.version': '17.0.15',
  ...generation(1, 'old', 200, 200),
  ...space(1, 0, 'space', used, 200),
  ...collector(2, 'Z concurrent cycle pauses', pauses, 1),
  'sun.gc.collector.2.lastExitTime': lastExitS * 1e9,
});

test('what a collection renews is as old as the last collection, from the first reading on', () => {
  const first = read(zgc(14, 9, 30), null, 100_000);
  assert.deepEqual(first.heapUsed, { value: 14 * MIB, atMs: 40_000 });
  assert.equal(read(zgc(14, 9, 30), first, 160_000).heapUsed.atMs, 40_000);
  assert.equal(read(zgc(54, 12, 155), first, 170_000).heapUsed.atMs, 165_000);
});

test('a value that changed though no collection was counted is of now', () => {
  const first = read(zgc(14, 9, 30), null, 100_000);
  assert.equal(read(zgc(15, 9, 30), first, 160_000).heapUsed.atMs, 160_000);
});

const g1Of8 = (old: number, young: number) => ({
  'java.property.java.version': '1.8.0_504',
  'sun.gc.policy.name': 'GarbageFirst',
  ...generation(0, 'young', 40, 200),
  ...generation(1, 'old', 160, 200),
  ...space(1, 0, 'space', old, 160),
  ...collector(0, 'G1 incremental collections', young, 1),
  ...collector(1, 'G1 stop-the-world full collections', 0, 0),
});

test('JDK 8 G1 counts no concurrent cycles: they follow from collections past the threshold at which it marks', () => {
  const g1Cycles = new G1CycleCounter();
  const count = (old: number, young: number): number | null => {
    const parsed = parseHsperfdata(syntheticHsperfdata(g1Of8(old, young)));
    return parsed.state === 'read'
      ? toJvmReading(parsed.counters, { atMs: 0, previous: null, g1Cycles }).fullGcCount
      : assert.fail(parsed.error);
  };
  assert.equal(count(50, 100), 0, 'below 45 % of 200 MiB nothing marks');
  assert.equal(count(80, 200), 0);
  assert.equal(count(95, 204), 0);
  assert.equal(count(100, 211), 1, 'eleven collections past the threshold');
  assert.equal(count(60, 213), 2, 'mixed collections have cleaned it');
  assert.equal(count(70, 240), 2);
});

test('after 60 days the ticks of a JVM are more than any size, and its times are read all the same', () => {
  const dayS = 86_400;
  const counters = {
    ...zgc(14, 9, 60 * dayS),
    'sun.gc.collector.2.time': 61 * dayS * 1e9,
  };
  const atMs = 10_000 + 60 * dayS * 1000 + 5000;
  const jvm = read(counters, null, atMs);
  assert.equal(jvm.heapUsed.atMs, atMs - 5000, 'the last collection was five seconds ago');
  assert.equal(jvm.gcSeconds, 61 * dayS);
});
