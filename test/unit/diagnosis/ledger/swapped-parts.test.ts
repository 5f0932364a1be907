import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonObservations, anonParts } from '../../../../src/diagnosis/ledger/anon-part.ts';
import { splitAnon } from '../../../../src/diagnosis/ledger/anon-split.ts';
import { PartReadings } from '../../../../src/history/part-readings.ts';
import type { Series } from '../../../../src/history/series.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { MIB } from '../../../../src/units.ts';
import { jvmOfFixture, mappingsOf } from '../../../support/jvm-fixture.ts';
import { verdictOn } from '../../../support/verdict-on.ts';

const PAGE = 4096;
const FIXTURES = [
  'jdk8-class-space-behind-heap',
  'jdk11-class-space-alone',
  'jdk17-metaspace-two-nodes',
  'jdk17-parallel-above-32g',
];

/** The kernel swaps out this share of each mapping. */
const swappedOut = (mappings: readonly Mapping[], share: number): Mapping[] =>
  mappings.map((m) => {
    const swapBytes = m.perms[3] === 'p' ? Math.round((m.anonBytes * share) / PAGE) * PAGE : 0;
    return { ...m, swapBytes, anonBytes: m.anonBytes - swapBytes, rssBytes: m.rssBytes - swapBytes };
  });
const sum = (bytes: Iterable<number>): number => [...bytes].reduce((all, b) => all + b, 0);

for (const fixture of FIXTURES)
  test(`${fixture}: what a part holds does not change when the kernel swaps three quarters of it out`, () => {
    const mappings = mappingsOf(fixture);
    const before = splitAnon(mappings, jvmOfFixture(fixture));
    const after = splitAnon(swappedOut(mappings, 0.75), jvmOfFixture(fixture));
    for (const { id, bytes } of before.parts) {
      const resident = after.parts.find((part) => part.id === id);
      assert.equal((resident?.bytes ?? 0) + (after.swapped.get(id) ?? 0), bytes, id);
    }
    assert.equal(sum(after.parts.map(({ bytes }) => bytes)), after.anonBytes);
    assert.equal(sum(after.swapped.values()), before.anonBytes - after.anonBytes);
  });

test('the ledger divides what is resident, and says what each part has in swap besides', () => {
  const mappings = swappedOut(mappingsOf('jdk17-metaspace-two-nodes'), 0.5);
  const split = splitAnon(mappings, jvmOfFixture('jdk17-metaspace-two-nodes'));
  const parts = anonParts({
    anonBytes: split.anonBytes + 3 * MIB,
    atMs: 0,
    jvm: null,
    mappings: { split, allocator: null, atMs: 0 },
    others: [{ name: 'convert', processes: 1, pids: [9], anonBytes: 3 * MIB, swapBytes: 9 * MIB, pid: 9, parent: null }],
  });
  assert.equal(sum(parts.map(({ bytes }) => bytes)), split.anonBytes + 3 * MIB);
  const heap = parts.find(({ id }) => id === 'java-heap');
  assert.equal(heap?.swapBytes, split.swapped.get('java-heap'));
  assert.match(heap?.note ?? '', /^50\.7 MiB more in swap;/);
  assert.match(parts.find(({ id }) => id === 'other-process')?.note ?? '', /^9 MiB more in swap;/);
});

test('swap of a shared mapping is that of a tmpfs, and no part of the process', () => {
  const shared: Mapping = {
    start: PAGE,
    end: 100 * MIB,
    perms: 'rw-s',
    inode: 7,
    path: '/dev/shm/queue',
    rssBytes: 0,
    pssBytes: 0,
    anonBytes: 0,
    swapBytes: 50 * MIB,
  };
  assert.equal(splitAnon([shared], null).swapped.size, 0);
});

const N = 300;
const t = Float64Array.from({ length: N }, (_, i) => 1_600_000_000 + 60 * i);

/** A container at its limit of 400 MiB: whatever grows past it goes to swap. `grown`: the parts at each sample. */
function swapping(record: (readings: PartReadings, atS: number, grownMib: number) => void): Series {
  const readings = new PartReadings();
  const noise = (i: number): number => ((i * 7919) % 13) * PAGE;
  for (let i = 0; i < N; i += 15) record(readings, t[i]!, (300 * i) / N);
  const column = (mib: (i: number) => number): Float64Array => t.map((_, i) => Math.round(mib(i) * MIB) + noise(i));
  return {
    t,
    fields: new Map(
      Object.entries({
        usage: column(() => 398),
        anon: column(() => 390),
        swap: column((i) => 40 + (300 * i) / N),
        swap_limit: column(() => 600),
        heap_used: column((i) => 60 + ((i * 7919) % 40)),
        heap_committed: column(() => 128),
        threads: t.map(() => 30),
      }),
    ) as Series['fields'],
    intervalS: 60,
    limitBytes: 400 * MIB,
    heapMaxBytes: 128 * MIB,
    events: [],
    files: [],
    get parts() {
      return readings.columns();
    },
  };
}

test('a leak in malloc arenas that the kernel swaps out is named, although no resident byte grows', () => {
  const fixture = 'jdk17-metaspace-two-nodes';
  const mappings = mappingsOf(fixture);
  const jvm = jvmOfFixture(fixture);
  const plain = splitAnon(mappings, jvm);
  const series = swapping((readings, atS, grownMib) => {
    // The leak fills an arena and is swapped out from there.
    const leaked: Mapping[] = Array.from({ length: Math.ceil(grownMib / 60) }, (_, i) => ({
      ...mappings.at(-1)!,
      start: 0x7a0000000000 + i * 64 * MIB,
      end: 0x7a0000000000 + i * 64 * MIB + 62 * MIB,
      perms: 'rw-p',
      path: '',
      noReserve: true,
      rssBytes: 0,
      pssBytes: 0,
      anonBytes: 0,
      swapBytes: Math.round(Math.min(60, grownMib - i * 60) * MIB),
    })).flatMap((m) => [m, { ...m, start: m.end, end: m.end + 2 * MIB, perms: '---p', swapBytes: 0 }]);
    const all = [...mappings, ...leaked].sort((a, b) => a.start - b.start);
    const split = splitAnon(all, jvm);
    const parts = anonObservations(
      {
        anonBytes: plain.anonBytes,
        atMs: atS * 1000,
        jvm: null,
        mappings: { split, allocator: null, atMs: atS * 1000 },
        others: [],
      },
      sum(split.swapped.values()),
    );
    readings.record(atS, parts);
  });
  const verdict = verdictOn(series);
  assert.equal(verdict.leak, true);
  assert.deepEqual(
    verdict.causes.map(({ cause, what }) => [cause, what]),
    [['native', 'malloc arenas']],
  );
  assert.match(verdict.headline, /2\d\d of 2\d\d MiB of it in malloc arenas.*The kernel swaps it out, 339 MiB so far: OOM kill/);
});

test('another process that is swapped out is named with what it holds, although its resident memory shrinks', () => {
  const series = swapping((readings, atS, grownMib) => {
    const others = [
      {
        name: 'chrome',
        processes: 2,
        pids: [9, 10],
        anonBytes: 40 * MIB,
        swapBytes: grownMib * MIB,
        pid: 77,
        parent: { pid: 1, name: 'java' },
      },
    ];
    readings.record(
      atS,
      anonObservations({ anonBytes: 390 * MIB, atMs: atS * 1000, jvm: null, mappings: null, others }, 40 * MIB),
    );
  });
  const verdict = verdictOn(series);
  assert.deepEqual(
    verdict.causes.map(({ cause, what }) => [cause, what]),
    [['process', 'chrome']],
  );
  assert.match(
    verdict.headline,
    /^chrome \(2 processes, the largest is pid 77, started by java, pid 1\) grows .*, 325 MiB now\./,
  );
});
