import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type AnonSplit, splitAnon } from '../../../../src/diagnosis/ledger/anon-split.ts';
import type { Collector } from '../../../../src/sources/jvm/collectors.ts';
import { type Mapping, parseSmaps } from '../../../../src/sources/mappings/smaps.ts';
import { SmapsBudget } from '../../../../src/sources/mappings/smaps-budget.ts';
import { mostMappings, SmapsParser } from '../../../../src/sources/mappings/smaps-format.ts';
import type { JvmReading } from '../../../../src/sources/types.ts';
import { MIB } from '../../../../src/units.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';

const COLLECTORS = { serial: 'Serial', parallel: 'Parallel', g1: 'G1', z: 'ZGC', shenandoah: 'Shenandoah' } as const;
const names = Object.keys(COLLECTORS) as (keyof typeof COLLECTORS)[];
const textOf = (name: string): string => gunzipSync(readFileSync(`test/fixtures/smaps/${name}.txt.gz`)).toString('latin1');
const jvmOf = (collector: Collector): JvmReading =>
  jvmReading({
    version: '17',
    collector,
    heapUsed: { value: 60 * MIB, atMs: 0 },
    heapCommitted: { value: 256 * MIB, atMs: 0 },
    heapMax: 256 * MIB,
  });
const part = (split: AnonSplit, id: string) => split.parts.find((p) => p.id === id);

test('how a mapping was made is known where the kernel says it', () => {
  const head = '7f0000000000-7f0000001000 rw-p 00000000 00:00 0\n';
  const flags = ['VmFlags: rd wr mr mw me nr \n', 'VmFlags: rd wr mr mw me ac sd \n', ''];
  assert.deepEqual(
    flags.map((line) => parseSmaps(`${head}Rss: 4 kB\n${line}`)[0]?.noReserve),
    [true, false, undefined],
  );
});

test('more mappings than can be kept are not taken for all of them', () => {
  const parser = new SmapsParser(mostMappings(64 * MIB));
  const line = '7f0000000000-7f0000001000 rw-p 00000000 00:00 0\n';
  parser.push(line.repeat(24 * 1024));
  assert.equal(parser.full, false);
  parser.push(line);
  assert.equal(parser.full, true);
  assert.equal(parser.mappings.length, 24 * 1024);
});

test("memhound's own limit says how many mappings fit: those of any process into 128 MiB", () => {
  assert.deepEqual([32 * MIB, 64 * MIB, Number.POSITIVE_INFINITY].map(mostMappings), [0, 24 * 1024, 200_000]);
  assert.ok(mostMappings(128 * MIB) > 65_530);
});

for (const name of names) {
  test(`${COLLECTORS[name]}: every anonymous byte has one name`, () => {
    const mappings = parseSmaps(textOf(name));
    const kernel = [...textOf(name).matchAll(/^Anonymous: +(\d+) kB$/gm)].reduce((sum, m) => sum + Number(m[1]) * 1024, 0);
    const split = splitAnon(mappings, jvmOf(COLLECTORS[name]));
    assert.equal(split.anonBytes, kernel);
    assert.equal(
      split.parts.reduce((sum, p) => sum + p.bytes, 0),
      kernel,
    );
    for (const p of split.parts) assert.ok(0 <= p.low && p.low <= p.bytes && p.bytes <= p.high, JSON.stringify(p));
    for (const wanted of ['thread-stacks', 'malloc-arenas', 'malloc-heap', 'code-cache', 'metaspace', 'class-space'])
      assert.ok((part(split, wanted)?.bytes ?? 0) > 0, `${wanted}: ${JSON.stringify(split.parts)}`);
  });

  test(`${COLLECTORS[name]}: the heap is found where -Xmx reserved it`, () => {
    const split = splitAnon(parseSmaps(textOf(name)), jvmOf(COLLECTORS[name]));
    if (name === 'z') {
      // The three views of one memory file count once.
      assert.ok(Math.abs(split.sharedHeap!.bytes - 60 * MIB) < 4 * MIB, JSON.stringify(split.sharedHeap));
      assert.equal(part(split, 'java-heap'), undefined);
    } else {
      assert.deepEqual(split.heap, { start: 0xf0000000, end: 0x100000000 });
      assert.equal(split.sharedHeap, null);
      assert.ok(part(split, 'java-heap')!.bytes > 50 * MIB);
    }
  });
}

test('without hsperfdata the heap is an interval from nothing', () => {
  const heap = part(splitAnon(parseSmaps(textOf('serial')), null), 'java-heap')!;
  assert.equal(heap.low, 0);
  assert.ok(heap.high > 50 * MIB);
});

test('a text that is cut into pieces anywhere gives the same mappings', () => {
  const text = textOf('g1').slice(0, 40_000);
  const whole = parseSmaps(text);
  for (const size of [1, 7, 4096]) {
    const parser = new SmapsParser();
    for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size));
    parser.push('\n');
    assert.deepEqual(parser.mappings, whole);
  }
});

test('lines that are none of smaps, and endless ones, cost nothing but themselves', () => {
  const parser = new SmapsParser();
  for (let i = 0; i < 100; i++) parser.push('7f00-'.repeat(10_000));
  parser.push('\nRss: 5 kB\n00001000-00002000 rw-p 00000000 00:00 0 \nRss: -3 kB\nRss: x kB\nAnonymous: 4 kB\n');
  assert.equal(parser.mappings.length, 1);
  assert.equal(parser.mappings[0]!.rssBytes, 0);
  assert.equal(parser.mappings[0]!.anonBytes, 4096);
});

test('smaps is read again only when time and its own cost allow', () => {
  const budget = new SmapsBudget();
  assert.equal(budget.decide(0, 'routine').state, 'now');
  budget.record(0, 20);
  assert.deepEqual(budget.decide(4_000, 'demand'), { state: 'wait', untilMs: 5_000 });
  assert.equal(budget.decide(5_000, 'demand').state, 'now');
  budget.record(0, 2000);
  assert.deepEqual(budget.decide(100_000, 'demand'), { state: 'wait', untilMs: 200_000 });
});

test('readings of smaps are ten seconds apart at first, and minutes apart when the run is old', () => {
  const budget = new SmapsBudget();
  budget.record(0, 1);
  assert.deepEqual(budget.decide(4_000, 'routine'), { state: 'wait', untilMs: 10_000 });
  assert.deepEqual(budget.decide(4_000, 'trend'), { state: 'wait', untilMs: 10_000 });
  assert.deepEqual(budget.decide(400_000, 'trend').state, 'now');
  budget.record(3_600_000, 1);
  assert.deepEqual(budget.decide(3_601_000, 'trend'), { state: 'wait', untilMs: 3_660_000 });
  assert.deepEqual(budget.decide(3_661_000, 'routine'), { state: 'wait', untilMs: 3_900_000 });
});

test('the first three readings of smaps may cost a hundredth of the time, later ones a thousandth', () => {
  const budget = new SmapsBudget();
  for (const atMs of [0, 10_000]) budget.record(atMs, 200);
  assert.deepEqual(budget.decide(11_000, 'routine'), { state: 'wait', untilMs: 30_000 });
  budget.record(30_000, 200);
  assert.deepEqual(budget.decide(31_000, 'routine'), { state: 'wait', untilMs: 230_000 });
});

const map = (start: number, bytes: number, perms: string, anonBytes: number, path = ''): Mapping => ({
  start,
  end: start + bytes,
  perms,
  path,
  inode: 0,
  rssBytes: anonBytes,
  pssBytes: anonBytes,
  swapBytes: 0,
  anonBytes,
});

test('if the kernel places mappings upwards, class space ends after its size, and large blocks behind an arena are no arena', () => {
  const space = 0x54000000;
  const mappings = [
    map(0x53bc7000 - MIB, MIB, 'rw-p', MIB, '/usr/lib/jvm/lib/server/classes.jsa'),
    map(0x53bc7000, space - 0x53bc7000, '---p', 0),
    map(space, MIB, 'rw-p', MIB),
    map(space + MIB, 1023 * MIB, '---p', 0),
    // Metaspace, an arena, then 99 blocks of 1 MiB that the kernel has made one mapping.
    map(space + 1024 * MIB, 192 << 10, 'rw-p', 192 << 10),
    map(space + 1024 * MIB + (192 << 10), 64 * MIB - (192 << 10), '---p', 0),
    map(space + 1088 * MIB, 132 << 10, 'rw-p', 132 << 10),
    map(space + 1088 * MIB + (132 << 10), 64 * MIB - (132 << 10), '---p', 0),
    map(space + 1152 * MIB, 99 * MIB, 'rw-p', 99 * MIB),
  ];
  const { parts } = splitAnon(mappings, { ...jvmOf('Serial'), heapUsed: { value: 0, atMs: 0 } });
  const bytes = (id: string) => parts.find((p) => p.id === id)?.bytes ?? 0;
  assert.equal(bytes('class-space'), MIB);
  assert.equal(bytes('metaspace'), 192 << 10);
  assert.equal(bytes('malloc-arenas'), 132 << 10);
  assert.equal(bytes('direct-buffers') + bytes('vm-structures'), 99 * MIB);
});

test('a hundred adjacent stacks are stacks, even if one begins at a multiple of 4 MiB', () => {
  const guard = 16 << 10;
  const mappings = Array.from({ length: 100 }, (_, n) => {
    const at = 0x80000000 - guard + n * MIB;
    return [map(at, guard, '---p', 0), map(at + guard, MIB - guard, 'rw-p', 64 << 10)];
  }).flat();
  const [stacks, ...others] = splitAnon(mappings, jvmOf('Serial')).parts;
  assert.deepEqual([stacks!.id, stacks!.count, others], ['thread-stacks', 100, []]);
});

test('if all mappings are low, the heap is the part that ends at 4 GiB, not the one with the most resident memory', () => {
  const heap = 2 ** 32 - 256 * MIB;
  const mappings = [
    ...Array.from({ length: 300 }, (_, n) => {
      const at = heap - (300 - n) * MIB;
      return [map(at, 16 << 10, '---p', 0), map(at + (16 << 10), MIB - (16 << 10), 'rw-p', 200 << 10)];
    }).flat(),
    map(heap, 256 * MIB, 'rw-p', 20 * MIB),
  ];
  const { parts } = splitAnon(mappings, jvmOf('Serial'));
  assert.equal(parts.find((p) => p.id === 'java-heap')?.bytes, 20 * MIB);
  assert.equal(parts.find((p) => p.id === 'thread-stacks')?.count, 300);
});

test('mappings whose memory has not moved are read every five minutes, from the first reading on', () => {
  const budget = new SmapsBudget();
  assert.equal(budget.decide(0, 'unmoved').state, 'now');
  budget.record(0, 1);
  assert.deepEqual(budget.decide(299_000, 'unmoved'), { state: 'wait', untilMs: 300_000 });
  assert.equal(budget.decide(299_000, 'routine').state, 'now');
});

test('mappings of an open page whose memory has not moved are read each minute', () => {
  const budget = new SmapsBudget();
  budget.record(0, 1);
  assert.deepEqual(budget.decide(10_000, 'seen'), { state: 'wait', untilMs: 60_000 });
  assert.equal(budget.decide(60_000, 'seen').state, 'now');
});
