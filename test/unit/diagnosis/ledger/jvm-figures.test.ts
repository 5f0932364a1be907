import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jvmFigures } from '../../../../src/diagnosis/ledger/jvm-figures.ts';
import type { JcmdReport } from '../../../../src/sources/jvm/jcmd-report.ts';
import { MIB } from '../../../../src/units.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';

const area = (name: string, usedBytes: number, committedBytes: number | null) => ({ name, usedBytes, committedBytes });
const answers = (areas: ReturnType<typeof area>[] | null, given: Partial<JcmdReport> = {}): JcmdReport => ({
  atMs: 0,
  heap: areas === null ? null : { areas, range: null, youngBytes: null, maxBytes: null },
  native: null,
  metaspace: null,
  codeCacheBytes: null,
  ...given,
});
const at = (value: number, atMs = 0) => ({ value, atMs });
const counted = jvmReading({
  metaspace: { used: at(70), committed: 90, maxBytes: null },
  compressedClass: { used: at(10), committed: 20, maxBytes: 1000 },
});

test('a JVM that says nothing has no figures', () => {
  const none = {
    release: null,
    collector: null,
    heap: null,
    heapRange: null,
    nonClass: null,
    classSpace: null,
    codeCacheBytes: null,
    markStackBytes: 0,
  };
  assert.deepEqual(jvmFigures(null, null), none);
  assert.deepEqual(jvmFigures(null, answers(null)), none);
  assert.deepEqual(jvmFigures(null, answers([])), none);
});

test('the release is the first number of the version, or the second one after a 1', () => {
  const of = (version: string | null) => jvmFigures(jvmReading({ version }), null).release;
  assert.deepEqual(['1.8.0_292', '11.0.2', '17', '21-ea', 'x17', null].map(of), [8, 11, 17, 21, null, null]);
  assert.equal(jvmFigures(jvmReading({ collector: 'Serial' }), null).collector, 'Serial');
});

test('the heap is that of the counters, and its address space is whole pages of the maximum', () => {
  const of = (given: Parameters<typeof jvmReading>[0]) =>
    jvmFigures(jvmReading({ heapUsed: at(100), heapCommitted: at(9000), ...given }), answers([area('garbage-first heap', 1, 2)]))
      .heap;
  assert.deepEqual(of({ heapMax: 20_000 }), { usedBytes: 100, committedBytes: 9000, reservedBytes: 16_384, asOf: 'now' });
  assert.equal(of({ heapMax: null })?.reservedBytes, 8192);
  assert.equal(of({ heapUsed: at(100, 5), heapCommitted: at(9000, 5) })?.asOf, 'now');
  assert.equal(of({ heapUsed: at(100, 4), heapCommitted: at(9000, 5) })?.asOf, 'last-collection');
});

test('without counters the heap is the sum of its spaces that the JVM answers, without metaspace', () => {
  const spaces = [
    area('def new', 10, 40),
    area('tenured', 20, 50),
    area('old', 5, null),
    area('Metaspace', 7, 9),
    area('class space', 3, 4),
  ];
  assert.deepEqual(jvmFigures(null, answers(spaces)).heap, {
    usedBytes: 30,
    committedBytes: 90,
    reservedBytes: null,
    asOf: 'now',
  });
  assert.equal(jvmFigures(null, answers(spaces.slice(2))).heap, null);
});

test('metaspace of the counters contains the class space, and both are those of the last collection', () => {
  const { nonClass, classSpace } = jvmFigures(counted, null);
  assert.deepEqual(nonClass, { usedBytes: 60, committedBytes: 70, reservedBytes: null, asOf: 'last-collection' });
  assert.deepEqual(classSpace, { usedBytes: 10, committedBytes: 20, reservedBytes: 1000, asOf: 'last-collection' });
});

test('without a class space metaspace is all of it, and a class space of no size is none', () => {
  const { nonClass, classSpace } = jvmFigures({ ...counted, compressedClass: null }, null);
  assert.deepEqual([nonClass?.usedBytes, nonClass?.committedBytes, classSpace], [70, 90, null]);
  const empty = { used: at(0), committed: 0, maxBytes: 1000 };
  assert.equal(jvmFigures({ ...counted, compressedClass: empty }, null).classSpace, null);
  assert.equal(jvmFigures({ ...counted, metaspace: null }, null).nonClass, null);
  const larger = { used: at(99), committed: 99, maxBytes: 1000 };
  const least = jvmFigures({ ...counted, compressedClass: larger }, null).nonClass;
  assert.deepEqual([least?.usedBytes, least?.committedBytes], [0, 0]);
});

test('answers of the JVM come before its counters, because they are current', () => {
  const metaspace = { nonClass: { usedBytes: 65, committedBytes: 75 }, class: { usedBytes: 11, committedBytes: 21 } };
  const { nonClass, classSpace } = jvmFigures(counted, answers(null, { metaspace: metaspace as JcmdReport['metaspace'] }));
  assert.deepEqual(nonClass, { usedBytes: 65, committedBytes: 75, reservedBytes: null, asOf: 'now' });
  assert.deepEqual(classSpace, { usedBytes: 11, committedBytes: 21, reservedBytes: 1000, asOf: 'now' });
});

test('before JDK 16 the answer about the heap has metaspace and its class space', () => {
  const both = [area('eden', 1, 1), area('Metaspace', 80, 95), area('class space', 12, 22)];
  const { nonClass, classSpace } = jvmFigures(counted, answers(both));
  assert.deepEqual(nonClass, { usedBytes: 68, committedBytes: 73, reservedBytes: null, asOf: 'now' });
  assert.deepEqual(classSpace, { usedBytes: 12, committedBytes: 22, reservedBytes: 1000, asOf: 'now' });
  assert.deepEqual(jvmFigures(null, answers(both)).classSpace?.reservedBytes, null);
  const alone = jvmFigures(counted, answers([area('Metaspace', 80, 95)]));
  assert.deepEqual(
    [alone.nonClass?.usedBytes, alone.nonClass?.committedBytes, alone.classSpace?.asOf],
    [80, 95, 'last-collection'],
  );
  const smaller = jvmFigures(counted, answers([area('Metaspace', 5, 6), area('class space', 12, 22)])).nonClass;
  assert.deepEqual([smaller?.usedBytes, smaller?.committedBytes], [0, 0]);
});

test('spaces of other names, or of unknown size, are not metaspace', () => {
  for (const name of ['used metaspace', 'metaspace chunk', 'my class space', 'class space x'])
    assert.equal(jvmFigures(counted, answers([area(name, 5, 6)])).nonClass?.asOf, 'last-collection', name);
  for (const name of ['my class space', 'class space x'])
    assert.equal(jvmFigures(counted, answers([area(name, 5, 6)])).classSpace?.asOf, 'last-collection', name);
  const unknown = jvmFigures(counted, answers([area('Metaspace', 5, null), area('class space', 5, null)]));
  assert.deepEqual([unknown.nonClass?.asOf, unknown.classSpace?.asOf], ['last-collection', 'last-collection']);
  const half = jvmFigures(counted, answers([area('Metaspace', 80, 95), area('class space', 12, null)])).nonClass;
  assert.equal(half?.committedBytes, 95);
});

test('the heap’s address and the size for code are those that the JVM answers', () => {
  const range = { start: 4096, end: 8192 };
  const heap = { areas: [], range, youngBytes: null, maxBytes: null };
  const found = jvmFigures(null, answers(null, { heap, codeCacheBytes: 48 }));
  assert.deepEqual([found.heapRange, found.codeCacheBytes], [range, 48]);
});

test('-XX:+AlwaysPreTouch makes the stack of concurrent marking resident: that of G1 on JDK 8, and that of CMS', () => {
  const of = (version: string, collector: 'G1' | 'CMS' | 'Parallel', ...flags: string[]) =>
    jvmFigures(jvmReading({ version, collector, flags: ['-Xmx256m', ...flags] }), null).markStackBytes / MIB;
  assert.equal(of('1.8.0_504', 'G1', '-XX:+AlwaysPreTouch'), 32);
  assert.equal(of('1.8.0_504', 'G1', '-XX:+AlwaysPreTouch', '-XX:MarkStackSize=1M'), 8);
  assert.equal(of('1.8.0_504', 'G1', '-XX:+AlwaysPreTouch', '-XX:MarkStackSize=1048576'), 8);
  assert.equal(of('11.0.33', 'CMS', '-XX:+AlwaysPreTouch'), 32);
  assert.equal(of('11.0.33', 'G1', '-XX:+AlwaysPreTouch'), 0);
  assert.equal(of('1.8.0_504', 'Parallel', '-XX:+AlwaysPreTouch'), 0);
  assert.equal(of('1.8.0_504', 'G1'), 0);
});
