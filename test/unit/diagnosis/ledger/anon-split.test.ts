import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnonPartId } from '../../../../src/diagnosis/ledger/anon-kinds.ts';
import { type AnonSplit, splitAnon } from '../../../../src/diagnosis/ledger/anon-split.ts';
import type { Collector } from '../../../../src/sources/jvm/collectors.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import type { JvmReading } from '../../../../src/sources/types.ts';
import { GIB, KIB, MIB } from '../../../../src/units.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';
import { mapping, reserve } from '../../../support/made-mappings.ts';

/** A place far from all others, and above those of a heap. */
const FAR = 0x7f0000000000;
const part = ({ parts }: AnonSplit, id: AnonPartId) => parts.find((one) => one.id === id) ?? null;
const bytesOf = (split: AnonSplit): Partial<Record<AnonPartId, number>> =>
  Object.fromEntries(split.parts.flatMap(({ id, bytes }) => (bytes > 0 ? [[id, bytes]] : [])));
const resident = (start: number, bytes: number, given: Partial<Mapping> = {}) =>
  mapping(start, start + bytes, { anonBytes: bytes, ...given });
const apart = (k: number) => FAR + k * GIB;

/** A heap of 256 MiB below 4 GiB of which 64 MiB are committed and 40 MiB resident, as the JVM says. */
const HEAP_AT = 4 * GIB - 256 * MIB;
const heap = (anonBytes = 40 * MIB) => [
  mapping(HEAP_AT, HEAP_AT + 64 * MIB, { anonBytes }),
  reserve(HEAP_AT + 64 * MIB, HEAP_AT + 256 * MIB),
];
const jvm = (given: Partial<JvmReading> = {}) =>
  jvmReading({
    collector: 'Serial',
    heapUsed: { value: 38 * MIB, atMs: 0 },
    heapCommitted: { value: 64 * MIB, atMs: 0 },
    heapMax: 256 * MIB,
    ...given,
  });

describe('a mapping has the name of', () => {
  const only = (m: Mapping) => Object.keys(bytesOf(splitAnon([m], null)));
  const named = (path: string, perms = 'rw-p') => only(resident(FAR, 8 * KIB, { path, perms }));

  test('its path: the brk heap, the main stack, a library, an archive of classes', () => {
    assert.deepEqual(named('[heap]'), ['malloc-heap']);
    assert.deepEqual(named('[stack]'), ['thread-stacks']);
    assert.deepEqual(named('/usr/lib/libc.so.6'), ['libraries']);
    assert.deepEqual(named('/jdk/lib/server/classes.jsa'), ['class-archive']);
  });

  test('its permissions: what may be executed is code', () => {
    assert.deepEqual(named('', 'rwxp'), ['code-cache']);
    assert.deepEqual(named('/usr/lib/libc.so.6', 'r-xp'), ['libraries'], 'a file that may be executed is a library');
  });

  test('its place: the heap, and a piece of an archive in it', () => {
    const [written, rest] = heap() as [Mapping, Mapping];
    const archived = { ...written, end: HEAP_AT + MIB, anonBytes: MIB, path: '/jdk/lib/server/classes.jsa' };
    const split = splitAnon([archived, { ...written, start: HEAP_AT + MIB, anonBytes: 39 * MIB }, rest], jvm());
    assert.deepEqual(bytesOf(split), { 'java-heap': 40 * MIB });
    assert.deepEqual(split.heap, { start: HEAP_AT, end: 4 * GIB });
    assert.equal(split.heapInHugePages, false);
  });

  test('its neighbours: a stack behind its guard, and the zeroed data behind a library', () => {
    const stack = [reserve(apart(1), apart(1) + 16 * KIB), mapping(apart(1) + 16 * KIB, apart(1) + MIB, { anonBytes: 96 * KIB })];
    assert.deepEqual(bytesOf(splitAnon(stack, null)), { 'thread-stacks': 96 * KIB });
    const library = mapping(apart(2), apart(2) + MIB, { path: '/usr/lib/libjvm.so', perms: 'r-xp' });
    const behind = (bytes: number, gap = 0) => bytesOf(splitAnon([library, resident(apart(2) + MIB + gap, bytes)], null));
    assert.deepEqual(behind(MIB), { libraries: MIB });
    assert.deepEqual(Object.keys(behind(MIB + 4 * KIB)), ['vm-structures'], 'a larger one belongs to the VM');
    assert.deepEqual(Object.keys(behind(MIB, 4 * KIB)), ['vm-structures'], 'there is a gap');
    const jar = { ...library, path: '/app/a.jar' };
    assert.equal(bytesOf(splitAnon([jar, resident(apart(2) + MIB, MIB)], null)).libraries, undefined);
  });

  test('its reservation: an arena, metaspace, the compressed class space', () => {
    const at = 1024 * 64 * MIB;
    const arena = [mapping(at, at + 132 * KIB, { anonBytes: 132 * KIB }), reserve(at + 132 * KIB, at + 64 * MIB)];
    assert.deepEqual(bytesOf(splitAnon(arena, null)), { 'malloc-arenas': 132 * KIB });
    const nodeAt = 2048 * 64 * MIB + 4 * MIB;
    const node = [mapping(nodeAt, nodeAt + 192 * KIB, { anonBytes: 100 * KIB }), reserve(nodeAt + 192 * KIB, nodeAt + 64 * MIB)];
    assert.deepEqual(bytesOf(splitAnon(node, null)), { metaspace: 100 * KIB });
    const space = [resident(apart(3), MIB), reserve(apart(3) + MIB, apart(3) + GIB)];
    const reading = jvm({
      metaspace: { used: { value: MIB, atMs: 0 }, committed: MIB, maxBytes: null },
      compressedClass: { used: { value: MIB, atMs: 0 }, committed: MIB, maxBytes: GIB },
    });
    assert.equal(bytesOf(splitAnon([...heap(), ...space], reading))['class-space'], MIB);
  });
});

test('with musl, which has no arenas, what looks like one has no name, and metaspace keeps its own', () => {
  const musl = mapping(apart(9), apart(9) + 400 * KIB, { path: '/lib/ld-musl-x86_64.so.1', perms: 'r-xp' });
  const at = 1024 * 64 * MIB;
  const looksLikeArena = [mapping(at, at + 132 * KIB, { anonBytes: 132 * KIB }), reserve(at + 132 * KIB, at + 64 * MIB)];
  const nodeAt = 2048 * 64 * MIB + 4 * MIB;
  const node = [mapping(nodeAt, nodeAt + 192 * KIB, { anonBytes: 100 * KIB }), reserve(nodeAt + 192 * KIB, nodeAt + 64 * MIB)];
  const { metaspace, ...rest } = bytesOf(splitAnon([...looksLikeArena, ...node, musl], null));
  assert.deepEqual([metaspace, rest['malloc-arenas']], [100 * KIB, undefined]);
  assert.equal(
    Object.values(rest).reduce((a, b) => a + b, 0),
    132 * KIB,
  );
});

test('parts are the largest first, count their mappings, and add up to all anonymous memory', () => {
  const split = splitAnon(
    [
      resident(apart(1), 8 * KIB, { path: '/lib/a.so' }),
      resident(apart(2), 12 * KIB, { path: '/lib/b.so' }),
      resident(apart(3), 64 * KIB, { path: '[heap]' }),
      resident(apart(4), 4 * KIB, { perms: 'rwxp' }),
    ],
    null,
  );
  assert.deepEqual(
    split.parts.map(({ id, bytes, low, high, count }) => [id, bytes, low, high, count]),
    [
      ['malloc-heap', 64 * KIB, 64 * KIB, 64 * KIB, 1],
      ['libraries', 20 * KIB, 20 * KIB, 20 * KIB, 2],
      ['code-cache', 4 * KIB, 4 * KIB, 4 * KIB, 1],
    ],
  );
  assert.equal(split.anonBytes, 88 * KIB);
});

test('guard pages and reserve without a resident page are no mappings of a part', () => {
  const stack = (k: number) => [
    reserve(apart(k), apart(k) + 16 * KIB),
    mapping(apart(k) + 16 * KIB, apart(k) + MIB, { anonBytes: 4 * KIB }),
  ];
  assert.deepEqual(
    splitAnon([...stack(1), ...stack(2)], null).parts.map(({ id, count }) => [id, count]),
    [['thread-stacks', 2]],
  );
});

describe('pages of files that are not anonymous', () => {
  const of = (...files: readonly (readonly [path: string, kib: number])[]) =>
    splitAnon(
      files.map(([path, kib], k) => mapping(apart(k), apart(k) + MIB, { path, perms: 'r--p', rssBytes: kib * KIB })),
      null,
    ).mappedFiles;

  test('are libraries, archives of classes, or others', () => {
    assert.deepEqual(
      of(
        ['/lib/libc.so', 1],
        ['/lib/libc.so.6', 2],
        ['/lib/libz.so.1.2.13', 4],
        ['/lib/old.so (deleted)', 8],
        ['/app/a.jar', 16],
        ['/app/a.war', 32],
        ['/app/a.zip', 64],
        ['/jdk/jmods/java.base.jmod', 128],
        ['/jdk/lib/server/classes.jsa', 256],
        ['/jdk/lib/modules', 512],
        ['/data/index.bin', 1024],
      ),
      { bytes: 2047 * KIB, libraries: 15 * KIB, jars: (1024 - 16) * KIB, other: 1024 * KIB },
    );
  });

  test('are others where a name only resembles one of a library or an archive', () => {
    for (const path of ['/data/a.so.txt', '/data/a.jar.bak', '/data/lib/modules/x', '/data/aso', '/data/ajar'])
      assert.deepEqual(of([path, 4]), { bytes: 4 * KIB, libraries: 0, jars: 0, other: 4 * KIB }, path);
  });

  test('are what is resident of a file less its private copies', () => {
    const both = mapping(FAR, FAR + MIB, { path: '/lib/a.so', rssBytes: 100 * KIB, anonBytes: 30 * KIB });
    assert.equal(splitAnon([both], null).mappedFiles.libraries, 70 * KIB);
    assert.equal(splitAnon([{ ...both, rssBytes: 20 * KIB }], null).mappedFiles.bytes, 0, 'read while it changed');
    assert.equal(splitAnon([mapping(FAR, FAR + MIB, { path: '[vvar]', rssBytes: 8 * KIB })], null).mappedFiles.bytes, 0);
  });
});

describe('a heap in shared memory', () => {
  const view = (k: number, path: string, perms = 'rw-s') =>
    mapping(apart(k), apart(k) + 64 * MIB, { path, perms, rssBytes: 30 * MIB, pssBytes: 10 * MIB });

  test('counts its pages once though they are mapped three times, and is no anonymous memory', () => {
    const path = '/memfd:java_heap (deleted)';
    const split = splitAnon([view(1, path), view(2, path), view(3, path)], jvm({ collector: 'ZGC' }));
    assert.deepEqual([split.sharedHeap, split.anonBytes, split.heap], [{ bytes: 30 * MIB }, 0, null]);
    assert.equal(split.mappedFiles.bytes, 0);
    assert.deepEqual(bytesOf(split), {});
  });

  test('is a memfd, or a file of that name in a tmpfs', () => {
    const isOne = (path: string, perms?: string) => splitAnon([view(1, path, perms)], null).sharedHeap !== null;
    for (const path of ['/memfd:java_heap', '/memfd:java_heap.hugetlb (deleted)', '/dev/shm/java_heap.123 (deleted)'])
      assert.equal(isOne(path), true, path);
    for (const path of ['/memfd:cache (deleted)', '/data/my_java_heap', '/memfd:java_heap2', '/x/java_heap.1/y'])
      assert.equal(isOne(path), false, path);
    assert.equal(isOne('/memfd:java_heap', 'rw-p'), false, 'it is private');
  });

  test('of which nothing is resident is none', () => {
    assert.equal(splitAnon([mapping(FAR, FAR + MIB, { path: '/memfd:java_heap', perms: 'rw-s' })], null).sharedHeap, null);
  });
});

describe('a heap in reserved huge pages', () => {
  const pages = (given: Partial<Mapping> = {}) =>
    mapping(HEAP_AT, HEAP_AT + 64 * MIB, { path: '/anon_hugepage (deleted)', ...given });

  test('is a mapping of them that is as long as what the JVM has committed, and then no other memory is the heap', () => {
    const other = resident(apart(1), 50 * MIB);
    const split = splitAnon([pages(), other], jvm());
    assert.deepEqual([split.heapInHugePages, split.heap, part(split, 'java-heap')], [true, null, null]);
    assert.equal(split.anonBytes, 50 * MIB);
  });

  test('is not one that is shorter, that holds code, or where the JVM says nothing of its heap', () => {
    const isOne = (given: Partial<Mapping>, reading: JvmReading | null = jvm()) =>
      splitAnon([pages(given)], reading).heapInHugePages;
    assert.equal(isOne({}), true);
    assert.equal(isOne({ end: HEAP_AT + 63 * MIB }), false);
    assert.equal(isOne({ perms: 'rwxp' }), false);
    assert.equal(isOne({ path: '/data/anon_hugepage' }), false);
    assert.equal(isOne({}, null), false);
  });
});

describe('a heap in a file (-XX:AllocateHeapAt)', () => {
  const of = (start: number, end: number, given: Partial<Mapping> = {}) =>
    mapping(start, end, { perms: 'rw-s', path: '/var/tmp/#15343619 (deleted)', inode: 15343619, rssBytes: MIB, ...given });
  const [from, to] = [HEAP_AT, HEAP_AT + 256 * MIB];
  /** JDK 25, G1: the objects of the archive are mapped over a piece of it. */
  const whole = [
    of(from, to - 2 * MIB),
    mapping(to - 2 * MIB, to - MIB, { path: '/jdk/lib/server/classes.jsa', anonBytes: MIB }),
    of(to - MIB, to),
  ];
  /** An anonymous range of the heap's length, committed as the heap is. */
  const alike = [
    mapping(apart(1), apart(1) + 64 * MIB, { anonBytes: 40 * MIB }),
    reserve(apart(1) + 64 * MIB, apart(1) + 256 * MIB),
  ];

  test('is that file, and no anonymous memory is taken for it', () => {
    const split = splitAnon([...whole, ...alike], jvm());
    assert.deepEqual([split.heap, split.heapInFile], [{ start: from, end: to }, true]);
    assert.equal(part(split, 'java-heap')?.bytes, MIB);
    assert.equal(part(split, 'java-heap')?.disagreement, undefined);
  });

  test('is known by its place where the JVM says nothing of it', () => {
    assert.equal(splitAnon(whole, null).heapInFile, true);
    assert.equal(splitAnon([of(FAR, FAR + 256 * MIB)], null).heapInFile, false);
  });

  test('is not a file of another length, a file with a name, a private one, or shared memory', () => {
    const isOne = (given: Partial<Mapping>, end = to) => splitAnon([of(from, end, given), ...alike], jvm()).heapInFile;
    assert.equal(isOne({}), true);
    assert.equal(isOne({}, to - 8 * MIB), false);
    for (const path of ['/var/tmp/buffers', '/memfd:x (deleted)', '/SYSV00000000 (deleted)', '/dev/zero (deleted)'])
      assert.equal(isOne({ path }), false, path);
    assert.equal(isOne({ perms: 'rw-p' }), false);
  });
});

describe('memory without a name', () => {
  const rest = (collector: Collector | null, bytes: number, given: Partial<JvmReading> = {}) => {
    const split = splitAnon([...heap(), resident(apart(1), bytes)], jvm({ collector, ...given }));
    return { tables: part(split, 'vm-structures')!, direct: part(split, 'direct-buffers')! };
  };

  test('is tables of the collector, as large as those of its committed heap and 2 MiB, then direct buffers', () => {
    const share = (bytes: number) => bytes / (64 * MIB);
    for (const [collector, expected] of [
      ['Serial', 2 / 512],
      ['Parallel', 2 / 512 + 2 / 64],
      ['G1', 3 / 512 + 2 / 64 + 1 / 100],
      ['Shenandoah', 2 / 64],
      ['Epsilon', 1 / 32],
    ] as const) {
      const { tables, direct } = rest(collector as Collector, 100 * MIB);
      const most = Math.round(64 * MIB * expected) + 16 * MIB;
      assert.ok(Math.abs(share(tables.bytes - 2 * MIB) - expected) < 1e-7, collector);
      assert.ok(Math.abs(tables.high - most) <= 1, collector);
      assert.deepEqual([tables.low, tables.count, direct.count], [0, 1, 1]);
      assert.equal(direct.bytes, 100 * MIB - tables.bytes);
      assert.ok(Math.abs(direct.low - (100 * MIB - most)) <= 1, collector);
      assert.equal(direct.high, 100 * MIB);
    }
  });

  test('has the stack of concurrent marking among the tables where it was touched at the start', () => {
    const flags = ['-XX:+AlwaysPreTouch'];
    const [without, touched] = [[], flags].map((f) => rest('CMS', 100 * MIB, { flags: f }).tables);
    assert.deepEqual([touched!.bytes - without!.bytes, touched!.high - without!.high], [32 * MIB, 32 * MIB]);
  });

  test('that is less than the tables can be is tables', () => {
    const { tables, direct } = rest('Serial', MIB);
    assert.deepEqual([tables.bytes, tables.high, direct.bytes, direct.low, direct.high], [MIB, MIB, 0, 0, MIB]);
  });

  test('may be either where the JVM says nothing: the tables of no more heap than is seen, then direct buffers', () => {
    const split = splitAnon([resident(FAR, 100 * MIB)], null);
    const [tables, direct] = [part(split, 'vm-structures')!, part(split, 'direct-buffers')!];
    assert.deepEqual([tables.bytes, tables.low, tables.high], [2 * MIB, 0, 100 * MIB]);
    assert.deepEqual([direct.bytes, direct.low, direct.high], [98 * MIB, 0, 100 * MIB]);
  });

  test('is not there where all has a name', () => {
    assert.deepEqual(bytesOf(splitAnon(heap(), jvm())), { 'java-heap': 40 * MIB });
    assert.equal(splitAnon(heap(), jvm()).parts.length, 1);
  });
});

test('without figures of the JVM a heap is the longest low memory, and how much of it is heap is not known', () => {
  const open = part(splitAnon(heap(), null), 'java-heap')!;
  assert.deepEqual([open.bytes, open.low, open.high], [40 * MIB, 0, 40 * MIB]);
  const known = part(splitAnon(heap(), jvm()), 'java-heap')!;
  assert.deepEqual([known.bytes, known.low, known.high], [40 * MIB, 40 * MIB, 40 * MIB]);
});

describe('a reservation that may be an arena or metaspace', () => {
  const AT = 1024 * 64 * MIB;
  const piece = (k: number, bytes: number) => [
    resident(AT + 64 * k * MIB, bytes),
    reserve(AT + 64 * k * MIB + bytes, AT + 64 * (k + 1) * MIB),
  ];

  test('widens the intervals of both', () => {
    const node = AT + 16 * 64 * MIB + 4 * MIB;
    const certain = [resident(node, 640 * KIB), reserve(node + 640 * KIB, node + 64 * MIB)];
    const split = splitAnon([...piece(0, 132 * KIB), ...piece(2, 64 * KIB), ...certain], null);
    const [arenas, metaspace] = [part(split, 'malloc-arenas')!, part(split, 'metaspace')!];
    assert.deepEqual([arenas.bytes, arenas.low, arenas.high, arenas.count], [196 * KIB, 132 * KIB, 196 * KIB, 2]);
    assert.deepEqual([metaspace.bytes, metaspace.low, metaspace.high], [640 * KIB, 640 * KIB, 704 * KIB]);
  });

  test('is taken for metaspace where nothing else is', () => {
    const split = splitAnon([...piece(0, 132 * KIB), ...piece(2, 64 * KIB)], null);
    const [arenas, metaspace] = [part(split, 'malloc-arenas')!, part(split, 'metaspace')!];
    assert.deepEqual([arenas.bytes, arenas.low, arenas.high, arenas.count], [132 * KIB, 132 * KIB, 196 * KIB, 1]);
    assert.deepEqual([metaspace.bytes, metaspace.low, metaspace.high], [64 * KIB, 0, 64 * KIB]);
  });
});

test('what is swapped out is no part of the resident bytes, and stands beside the part that it belongs to', () => {
  const split = splitAnon(
    [
      resident(apart(1), 64 * KIB, { path: '[heap]', anonBytes: 40 * KIB, swapBytes: 16 * KIB }),
      mapping(apart(2), apart(2) + 64 * KIB, { path: '[heap]', swapBytes: 8 * KIB }),
      resident(apart(3), 12 * KIB, { perms: 'rwxp' }),
    ],
    null,
  );
  assert.deepEqual(bytesOf(split), { 'malloc-heap': 40 * KIB, 'code-cache': 12 * KIB });
  assert.deepEqual([...split.swapped], [['malloc-heap', 24 * KIB]]);
  assert.equal(split.anonBytes, 52 * KIB);
});

describe('the stacks of the marking threads of ZGC', () => {
  const marking = (anonBytes: number, swapBytes = 0) => [
    mapping(FAR, FAR + 32 * MIB, { anonBytes, swapBytes }),
    reserve(FAR + 32 * MIB, FAR + 8 * GIB),
  ];
  const zgc = jvm({ collector: 'ZGC', version: '17' });

  test('are memory of the collector, to the byte', () => {
    const split = splitAnon(marking(5 * MIB), zgc);
    const vm = part(split, 'vm-structures')!;
    assert.deepEqual([vm.bytes, vm.low, vm.high, vm.count], [5 * MIB, 5 * MIB, 5 * MIB, 1]);
    assert.equal(split.parts.length, 1);
  });

  test('add to its tables', () => {
    const split = splitAnon([...marking(5 * MIB), resident(apart(20), MIB)], zgc);
    const vm = part(split, 'vm-structures')!;
    assert.deepEqual([vm.bytes, vm.low, vm.high, vm.count], [6 * MIB, 5 * MIB, 6 * MIB, 2]);
    assert.equal(split.parts.filter(({ id }) => id === 'vm-structures').length, 1);
    assert.equal(split.anonBytes, 6 * MIB);
  });

  test('may be swapped out', () => {
    const split = splitAnon(marking(5 * MIB, 2 * MIB), zgc);
    assert.deepEqual([part(split, 'vm-structures')!.bytes, split.swapped.get('vm-structures')], [5 * MIB, 2 * MIB]);
  });
});

test('a table of the collector in one mapping with the arena behind it is not resident where the arena is', () => {
  const at = 1024 * 64 * MIB;
  const both = [mapping(at - 20 * MIB, at + 132 * KIB, { anonBytes: 132 * KIB + MIB }), reserve(at + 132 * KIB, at + 64 * MIB)];
  const arena = part(splitAnon(both, null), 'malloc-arenas')!;
  assert.equal(arena.bytes, 132 * KIB);
});

test('of a heap that is in one mapping with what follows it, what follows is resident first', () => {
  const both = [mapping(HEAP_AT, 4 * GIB + 2 * MIB, { anonBytes: 100 * MIB })];
  const reading = jvm({ heapUsed: { value: 90 * MIB, atMs: 0 }, heapCommitted: { value: 256 * MIB, atMs: 0 } });
  assert.equal(part(splitAnon(both, reading), 'java-heap')!.bytes, 98 * MIB);
});

test('what the JVM answers about a part stands beside it', () => {
  const code = resident(FAR, 12 * KIB, { perms: 'rwxp' });
  const answers = { atMs: 0, heap: null, native: null, metaspace: null, codeCacheBytes: 240 * MIB };
  assert.equal(part(splitAnon([code], null, answers), 'code-cache')!.reportedByJvm, 'reserved for code: 240 MiB');
  assert.equal(part(splitAnon([code], null), 'code-cache')!.reportedByJvm, undefined);
});
