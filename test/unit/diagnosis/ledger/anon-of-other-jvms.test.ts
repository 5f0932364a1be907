import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonPartId } from '../../../../src/diagnosis/ledger/anon-kinds.ts';
import { type AnonSplit, splitAnon } from '../../../../src/diagnosis/ledger/anon-split.ts';
import { KIB, MIB } from '../../../../src/units.ts';
import { jvmOfFixture, mappingsOf } from '../../../support/jvm-fixture.ts';

/** Resident MiB by region: what native memory tracking says each region is, and /proc/PID/pagemap what of it is resident. */
const CASES: readonly {
  readonly title: string;
  readonly fixture: string;
  readonly truth: Partial<Record<AnonPartId, number>>;
}[] = [
  {
    title: 'JDK 8: the class space behind the heap is one mapping with it, and neither is lost',
    fixture: 'jdk8-class-space-behind-heap',
    truth: { 'java-heap': 256, metaspace: 68.75, 'class-space': 14.3 },
  },
  {
    title: 'JDK 11: metaspace and the class space that lies by itself',
    fixture: 'jdk11-class-space-alone',
    truth: { 'java-heap': 69.6, metaspace: 34.0, 'class-space': 6.4, 'thread-stacks': 0.7 },
  },
  {
    title: 'JDK 17: a node of metaspace at the place of an arena is metaspace, since all of them are what is committed',
    fixture: 'jdk17-metaspace-two-nodes',
    truth: { 'java-heap': 101.4, metaspace: 81.0, 'class-space': 16.9 },
  },
  {
    title: 'JDK 17: of two nodes at places of arenas the one that was committed since the last collection is metaspace too',
    fixture: 'jdk17-metaspace-three-nodes',
    truth: { metaspace: 132.6, 'class-space': 37.8 },
  },
  ...[
    { release: 8, arenas: 342.9 },
    { release: 11, arenas: 335.0 },
    { release: 17, arenas: 333.2 },
  ].map(({ release, arenas }) => ({
    title: `JDK ${release}: full arenas that the kernel has merged into one mapping are all arenas`,
    fixture: `jdk${release}-full-arenas`,
    truth: { 'malloc-arenas': arenas },
  })),
  {
    title: 'JDK 8: a heap of 4 GiB that ends at 31 GiB, with the class space behind it in one mapping',
    fixture: 'jdk8-heap-of-4g',
    truth: { 'java-heap': 4096, 'class-space': 2.1 },
  },
  {
    title: 'JDK 17 without a class data archive: the class space behind a heap of 9 GiB, before the first collection',
    fixture: 'jdk17-no-archive',
    truth: { 'java-heap': 54.9, 'class-space': 2.2, metaspace: 11.9 },
  },
  {
    title: 'above 32 GiB: a heap that begins inside of a mapping',
    fixture: 'jdk17-parallel-above-32g',
    truth: { 'java-heap': 198.1, 'class-archive': 9.7 },
  },
];

const part = (split: AnonSplit, id: string) => split.parts.find((p) => p.id === id) ?? assert.fail(`${id} is missing`);

for (const { title, fixture, truth } of CASES) {
  test(title, () => {
    const mappings = mappingsOf(fixture);
    const split = splitAnon(mappings, jvmOfFixture(fixture));
    for (const [id, mb] of Object.entries(truth)) {
      const { bytes, low, high } = part(split, id);
      const slack = Math.max(MIB, mb * MIB * 0.01);
      assert.ok(Math.abs(bytes - mb * MIB) <= slack, `${id}: expected ${mb} MiB, found ${bytes / MIB}`);
      assert.ok(
        low - slack <= mb * MIB && mb * MIB <= high + slack,
        `${id}: ${mb} MiB is not within ${low / MIB} to ${high / MIB}`,
      );
    }
    assert.equal(
      split.parts.reduce((sum, p) => sum + p.bytes, 0),
      mappings.reduce((sum, m) => sum + m.anonBytes, 0),
    );
    for (const p of split.parts) assert.ok(0 <= p.low && p.low <= p.bytes && p.bytes <= p.high, JSON.stringify(p));
  });
}

test('merged arenas are counted, and are measured where no metaspace is missing', () => {
  // Six reserves of 64 MiB hold the 320 MiB of one thread.
  const ofOthers = mappingsOf('jdk11-full-arenas').filter((m) => m.start < 0x7fa5b0000000 || m.start >= 0x7fa5c8000000);
  const [all, others] = [mappingsOf('jdk11-full-arenas'), ofOthers].map((mappings) =>
    part(splitAnon(mappings, jvmOfFixture('jdk11-full-arenas')), 'malloc-arenas'),
  );
  assert.equal(all!.count - others!.count, 6);
  assert.deepEqual([all!.low, all!.high], [all!.bytes, all!.bytes]);
});

test('without a word of the JVM full arenas are no metaspace', () => {
  const parts = splitAnon(mappingsOf('jdk17-full-arenas'), null).parts;
  assert.ok(parts.find(({ id }) => id === 'malloc-arenas')!.bytes > 310 * MIB);
  for (const { id, low } of parts) assert.ok(low >= 0, `${id} has at least ${low}`);
});

test('JDK 17: a node of metaspace that begins inside of a mapping, for what stands before it is writable as well, is found whole', () => {
  const node = 0x7f1678000000;
  const before = 132 * KIB;
  const mappings = mappingsOf('jdk17-metaspace-two-nodes').map((m) => {
    if (m.end === node) return { ...m, end: m.end - before };
    return m.start === node ? { ...m, start: m.start - before, anonBytes: m.anonBytes + before } : m;
  });
  const { bytes } = part(splitAnon(mappings, jvmOfFixture('jdk17-metaspace-two-nodes')), 'metaspace');
  assert.ok(Math.abs(bytes - 81 * MIB) <= MIB, `${bytes / MIB}`);
});

test('a heap that the mappings do not show is not called small: it is an interval up to what is committed, and says so', () => {
  const mappings = mappingsOf('jdk17-parallel-above-32g');
  const jvm = { ...jvmOfFixture('jdk17-parallel-above-32g'), heapMax: 2 ** 50 };
  const heap = part(splitAnon(mappings, jvm), 'java-heap');
  assert.ok(heap.low < heap.high && heap.high >= jvm.heapUsed.value, JSON.stringify(heap));
  assert.match(heap.disagreement ?? '', /^the JVM uses .* of the heap, and the mappings show 0 bytes$/);
});

test('a metaspace that the mappings do not show makes the arenas an interval as well', () => {
  const mappings = mappingsOf('jdk17-metaspace-two-nodes').filter((m) => m.start < 0x7f1678000000 || m.start >= 0x7f167c000000);
  const split = splitAnon(mappings, jvmOfFixture('jdk17-metaspace-two-nodes'));
  assert.match(part(split, 'metaspace').disagreement ?? '', /^the JVM has .* of metaspace committed, and the mappings show /);
  assert.ok(part(split, 'malloc-arenas').low < part(split, 'malloc-arenas').bytes);
});

test('ZGC of JDK 11: the stacks of its marking threads are memory of the collector, though they look like an arena', () => {
  const mappings = mappingsOf('jdk11-zgc-mark-stacks');
  const stacks = mappings.find((m) => m.start === 0x150000000000)?.anonBytes ?? 0;
  assert.equal(stacks, 32 * MIB);
  const split = splitAnon(mappings, jvmOfFixture('jdk11-zgc-mark-stacks'));
  assert.ok(part(split, 'vm-structures').low >= stacks);
  const arenas = mappings.filter((m) => m.perms === 'rw-p' && m.start % (64 * MIB) === 0 && m.start !== 0x150000000000);
  const resident = arenas.reduce((sum, m) => sum + m.anonBytes, 0);
  assert.ok(Math.abs(part(split, 'malloc-arenas').bytes - resident) < MIB, `${part(split, 'malloc-arenas').bytes}`);
});

test('an arena that the kernel has merged with a table of the collector before it is found, and the table is not resident', () => {
  const arena = 0x7fda60000000;
  const written = 20 * MIB;
  const mappings = mappingsOf('jdk11-zgc-mark-stacks').map((m) => {
    if (m.end === arena + 132 * KIB) return { ...m, end: arena + written + 4 * KIB, anonBytes: written };
    return m.start === arena + 132 * KIB ? { ...m, start: arena + written + 4 * KIB } : m;
  });
  const [before, after] = [mappingsOf('jdk11-zgc-mark-stacks'), mappings].map((all) =>
    part(splitAnon(all, jvmOfFixture('jdk11-zgc-mark-stacks')), 'malloc-arenas'),
  );
  assert.ok(Math.abs(after!.bytes - before!.bytes - written) < MIB, `${(after!.bytes - before!.bytes) / MIB}`);
  assert.ok(after!.low < after!.bytes);
});

test('a heap in reserved huge pages is no anonymous memory, and nothing else is taken for it', () => {
  const split = splitAnon(mappingsOf('jdk17-large-pages'), jvmOfFixture('jdk17-large-pages'));
  assert.ok(split.heapInHugePages);
  assert.equal(
    split.parts.find(({ id }) => id === 'java-heap'),
    undefined,
  );
  assert.ok(part(split, 'malloc-arenas').bytes > 45 * MIB, `${part(split, 'malloc-arenas').bytes / MIB}`);
});

test('a node of metaspace right after the reserve of a table of the collector is found', () => {
  const node = 0x7f1678000000;
  const table = { start: node - 20 * MIB, end: node, perms: '---p', anonBytes: 0, rssBytes: 0, pssBytes: 0 };
  const plain = mappingsOf('jdk17-metaspace-two-nodes').filter((m) => m.end <= table.start || m.start >= node);
  const written = { ...plain[0]!, path: '', ...table, end: table.start + 2 * MIB, perms: 'rw-p', anonBytes: 2 * MIB };
  const withTable = [...plain, written, { ...written, ...table, start: written.end }].sort((a, b) => a.start - b.start);
  const [before, after] = [plain, withTable].map((all) =>
    part(splitAnon(all, jvmOfFixture('jdk17-metaspace-two-nodes')), 'metaspace'),
  );
  assert.equal(after!.bytes, before!.bytes);
});

test('where GC.heap_info says where the heap lies, nothing is searched', () => {
  const range = { start: 0xf0000000, end: 0xf8000000 };
  const split = splitAnon(mappingsOf('jdk17-metaspace-two-nodes'), null, {
    atMs: 0,
    heap: {
      areas: [{ name: 'tenured generation', usedBytes: 60 * MIB, committedBytes: 128 * MIB }],
      range,
      youngBytes: null,
      maxBytes: null,
    },
    native: null,
    metaspace: null,
    codeCacheBytes: null,
  });
  assert.deepEqual([split.heap?.start, split.heap?.end], [range.start, range.end]);
  // The other half of the mapping is not resident for certain, so the heap is an interval.
  assert.ok(part(split, 'java-heap').low <= part(split, 'java-heap').bytes);
});
