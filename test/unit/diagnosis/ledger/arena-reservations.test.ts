import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arenaReservations } from '../../../../src/diagnosis/ledger/arena-reservations.ts';
import type { JvmFigures } from '../../../../src/diagnosis/ledger/jvm-figures.ts';
import { joined, type Reservation, ReservationMap } from '../../../../src/diagnosis/ledger/reservation.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { KIB, MIB } from '../../../../src/units.ts';
import { jvmFigures, mapping, reserve, space } from '../../../support/made-mappings.ts';

const ARENA = 64 * MIB;
/** Aligned as an arena is; the next ones are `ARENA` apart. */
const AT = 1024 * ARENA;
/** Aligned as a node of metaspace is, and not as an arena. */
const NODE = AT + 4 * MIB;

/** A written piece and the reserve that makes it 64 MiB. 132 KiB are no whole granules of metaspace. */
const arena = (start: number, written = 132 * KIB): Mapping[] => [
  mapping(start, start + written, { anonBytes: written - 4 * KIB }),
  reserve(start + written, start + ARENA),
];
/** Two committed pieces of metaspace with reserve between and behind them: 256 KiB are committed. */
const node = (start: number, written = 192 * KIB): Mapping[] => [
  mapping(start, start + written, { anonBytes: written }),
  reserve(start + written, start + MIB),
  mapping(start + MIB, start + MIB + 64 * KIB, { anonBytes: 8 * KIB }),
  reserve(start + MIB + 64 * KIB, start + ARENA),
];
const committed = (bytes: number, given: Partial<JvmFigures> = {}) =>
  jvmFigures({ release: 17, nonClass: space(bytes, bytes), ...given });
const found = (mappings: readonly Mapping[], figures: JvmFigures = jvmFigures(), taken: readonly Mapping[] = []) =>
  arenaReservations(mappings, taken, figures);
/** Kind of each: a question mark where it may be the other one. */
const kinds = (reservations: readonly Reservation[]) =>
  reservations.map(({ metaspace, undecided }) => `${metaspace ? 'metaspace' : 'arena'}${undecided ? '?' : ''}`);

test('a block of malloc that has the place and size of an arena is none, where the kernel says how each was mapped', () => {
  const block = (noReserve?: boolean) =>
    mapping(AT + ARENA, AT + 2 * ARENA, { anonBytes: ARENA, ...(noReserve === undefined ? {} : { noReserve }) });
  const besides = (noReserve: boolean) => arena(AT - 3 * ARENA).map((m) => ({ ...m, noReserve }));
  assert.equal(found([...besides(true), block(false)]).length, 1);
  assert.equal(found([...besides(true), block(true)]).length, 2, 'a full arena');
  assert.equal(found([...besides(false), block(false)]).length, 2, 'an older glibc');
  assert.equal(found([...arena(AT - 3 * ARENA), block()]).length, 2, 'it is not known');
  // Metaspace is mapped as malloc's blocks are.
  const full = committed(ARENA + 256 * KIB);
  assert.deepEqual(kinds(found([...besides(true), ...node(NODE - 2 * ARENA), block(false)], full)), [
    'arena',
    'metaspace',
    'metaspace',
  ]);
});

test('twice as many arenas, or nodes with a longer reserve, are twice the work, not four times', () => {
  const LONGER = ARENA + 4 * MIB;
  const shapes = [
    (k: number) => arena(AT + k * ARENA),
    (k: number) => [
      mapping(AT + k * LONGER, AT + k * LONGER + 128 * KIB),
      reserve(AT + k * LONGER + 128 * KIB, AT + (k + 1) * LONGER),
    ],
  ];
  for (const shape of shapes) {
    const work = (count: number): number => {
      let looks = 0;
      const counted = (m: Mapping): Mapping => ({
        ...m,
        get start() {
          looks++;
          return m.start;
        },
      });
      found(Array.from({ length: count }, (_, k) => shape(k).map(counted)).flat(), committed(5 * MIB));
      return looks;
    };
    assert.ok(work(8000) < 2.5 * work(4000), `${work(4000)} and ${work(8000)} looks`);
  }
});

test('reservations by address: the one that contains it, those that a range reaches into, metaspace beside a range', () => {
  const all = found([...arena(AT), ...node(NODE + ARENA), ...arena(AT + 4 * ARENA)], committed(256 * KIB));
  assert.deepEqual(kinds(all), ['arena', 'metaspace', 'arena']);
  const map = new ReservationMap(all.toReversed());
  const startAt = (address: number) => map.at(address)?.start ?? null;
  assert.deepEqual([AT - 1, AT, AT + ARENA - 1, AT + ARENA].map(startAt), [null, AT, AT, null]);
  assert.equal(startAt(NODE + ARENA + MIB), NODE + ARENA);
  assert.equal(map.overlaps({ start: AT + ARENA, end: NODE + ARENA }), false);
  assert.equal(map.overlaps({ start: AT + ARENA, end: NODE + ARENA + 1 }), true);
  assert.equal(map.metaspaceBeside({ start: AT, end: AT + ARENA }), 256 * KIB);
  assert.equal(map.metaspaceBeside({ start: NODE, end: NODE + 2 * ARENA }), 0);
});

test('a mapping of more than 4,096 full arenas is no arena: a container may reserve the whole address space', () => {
  const full = (count: number) => found([mapping(AT, AT + count * ARENA, { anonBytes: MIB })]).length;
  assert.deepEqual([full(2), full(4096), full(4097), full(1_000_000)], [2, 4096, 0, 0]);
});

describe('an arena', () => {
  test('is a written piece at a multiple of 64 MiB and its reserve', () => {
    assert.deepEqual(found(arena(AT)), [
      {
        start: AT,
        end: AT + ARENA,
        metaspace: false,
        undecided: false,
        anonBytes: 128 * KIB,
        committedBytes: 132 * KIB,
        startsInside: false,
        isLonger: false,
        isNoArena: false,
      },
    ]);
  });

  test('is private, writable, of no file, without a gap, and followed by reserve', () => {
    const [written, rest] = arena(AT) as [Mapping, Mapping];
    for (const other of [
      [{ ...written, path: '/lib/a' }, rest],
      [{ ...written, perms: 'r--p' }, rest],
      [{ ...written, perms: 'rw-s' }, rest],
      [written, { ...rest, path: '/lib/a' }],
      [written, { ...rest, perms: '---s' }],
      [written, { ...rest, perms: 'rw-p' }],
      [written, { ...rest, start: rest.start + 4 * KIB }],
      [written, { ...rest, end: rest.end - 4 * KIB }],
      [written],
    ])
      assert.deepEqual(found(other), [], JSON.stringify(other));
    assert.deepEqual(kinds(found([written, rest])), ['arena']);
  });

  test('does not begin elsewhere: such a piece is another kind of memory', () => {
    assert.deepEqual(found(arena(NODE)), []);
    assert.deepEqual(found(arena(AT + MIB)), []);
  });

  test('begins after another one without a gap', () => {
    assert.deepEqual(
      found([...arena(AT), ...arena(AT + ARENA)]).map(({ start }) => start),
      [AT, AT + ARENA],
    );
  });

  test('whose reserve the kernel has merged with that of what follows ends after 64 MiB', () => {
    const [{ end }, ...others] = found([mapping(AT, AT + 132 * KIB), reserve(AT + 132 * KIB, AT + ARENA + 8 * MIB)]) as [
      Reservation,
    ];
    assert.deepEqual([end, others], [AT + ARENA, []]);
  });

  test('is not looked for in ranges that are known to be something else', () => {
    assert.deepEqual(found(arena(AT), jvmFigures(), [mapping(AT, AT + 2 * ARENA)]), []);
    assert.equal(found(arena(AT), jvmFigures(), [mapping(AT + ARENA, AT + 2 * ARENA)]).length, 1);
  });

  test('that is full is one mapping of 64 MiB, or one of several that the kernel has merged', () => {
    const ends = (mappings: readonly Mapping[]) => found(mappings, jvmFigures({ release: 11 })).map(({ end }) => end - AT);
    assert.deepEqual(ends([mapping(AT, AT + ARENA)]), [ARENA]);
    assert.deepEqual(ends([mapping(AT, AT + 2 * ARENA)]), [ARENA, 2 * ARENA]);
    const written = AT + ARENA + 132 * KIB;
    assert.deepEqual(ends([mapping(AT, written), reserve(written, AT + 2 * ARENA)]), [ARENA, 2 * ARENA]);
    const end = AT + 99 * MIB;
    for (const next of [
      [],
      [reserve(end, AT + 2 * ARENA - 4 * KIB)],
      [reserve(end + 4 * KIB, AT + 2 * ARENA)],
      [mapping(end, AT + 2 * ARENA)],
    ])
      assert.deepEqual(ends([mapping(AT, end), ...next]), [], 'a large block');
    assert.deepEqual(ends([mapping(NODE, NODE + ARENA)]), [], 'a block at a multiple of 4 MiB');
  });

  test('that is full is committed as a whole, and has its share of what the mapping of several has resident', () => {
    const all = found([mapping(AT, AT + 2 * ARENA, { anonBytes: 6 * MIB })], jvmFigures({ release: 11 }));
    assert.deepEqual(
      all.map((one) => [one.committedBytes, one.anonBytes]),
      [
        [ARENA, 3 * MIB],
        [ARENA, 3 * MIB],
      ],
    );
    assert.deepEqual(joined(all), [{ start: AT, end: AT + 2 * ARENA, metaspace: false }]);
  });

  test('adjacent to metaspace is not one range with it', () =>
    assert.deepEqual(
      joined(found([...node(AT), ...arena(AT + ARENA)], committed(256 * KIB))).map(({ start }) => start - AT),
      [0, ARENA],
    ));
});

describe('an arena whose written piece the kernel has merged with the memory before it', () => {
  const merged = (written = 132 * KIB, anonBytes = 3 * MIB) => [
    mapping(AT - 2 * MIB, AT + written, { anonBytes }),
    reserve(AT + written, AT + ARENA),
  ];

  test('is known by its reserve, which ends where an arena ends', () => {
    assert.deepEqual(found(merged()), [
      {
        start: AT,
        end: AT + ARENA,
        metaspace: false,
        undecided: false,
        anonBytes: 132 * KIB,
        committedBytes: 132 * KIB,
        startsInside: true,
        isLonger: false,
        isNoArena: false,
      },
    ]);
    assert.equal(found(merged(132 * KIB, 60 * KIB))[0]!.anonBytes, 60 * KIB);
  });

  test('is private, writable, of no file, and its reserve follows at once and ends with it', () => {
    const [m, rest] = merged() as [Mapping, Mapping];
    for (const other of [
      [{ ...m, path: '/lib/a' }, rest],
      [{ ...m, perms: 'rwxp' }, rest],
      [m, { ...rest, perms: 'rw-p' }],
      [m, { ...rest, start: rest.start + 4 * KIB }],
      [m, { ...rest, end: rest.end + 4 * KIB }],
      [m],
    ])
      assert.deepEqual(found(other), [], JSON.stringify(other));
    for (const release of [15, 17])
      assert.deepEqual(
        found([mapping(AT - 2 * MIB, AT), reserve(AT, AT + ARENA)], jvmFigures({ release })),
        [],
        'nothing of it is written',
      );
    assert.deepEqual(found([mapping(AT + MIB, AT + 2 * MIB + 4 * KIB), reserve(AT + 2 * MIB + 4 * KIB, AT + ARENA)]), []);
  });

  test('of whole granules may be metaspace, unless the JVM is older than these', () => {
    assert.deepEqual(found(merged(192 * KIB)), []);
    assert.deepEqual(kinds(found(merged(192 * KIB), jvmFigures({ release: 15 }))), ['arena']);
  });
});

describe('a node of metaspace', () => {
  test('begins at a multiple of 4 MiB, and its committed pieces are whole granules', () => {
    assert.deepEqual(found(node(NODE)), [
      {
        start: NODE,
        end: NODE + ARENA,
        metaspace: true,
        undecided: false,
        anonBytes: 200 * KIB,
        committedBytes: 256 * KIB,
        startsInside: false,
        isLonger: false,
        isNoArena: false,
      },
    ]);
    assert.deepEqual(found(node(NODE + MIB)), []);
    assert.deepEqual(found(node(NODE, 196 * KIB)), []);
  });

  test('of one piece is certain where no arena can begin', () => {
    assert.deepEqual(kinds(found(arena(NODE, 192 * KIB))), ['metaspace']);
  });

  test('may stand where an arena could, if it has several pieces', () => {
    assert.deepEqual(kinds(found(node(AT))), ['metaspace']);
  });

  test('has granules since JDK 16; before, there is none of this form', () => {
    assert.deepEqual(found(node(NODE), jvmFigures({ release: 15 })), []);
    assert.deepEqual(kinds(found(node(NODE), jvmFigures({ release: 16 }))), ['metaspace']);
  });

  test('whose reserve goes on for a guard page or so is one; where it goes on for more than 1 MiB it may be a table', () => {
    const longer = (overhang: number) => {
      const pieces = node(NODE);
      return found([...pieces.slice(0, 3), reserve(pieces[3]!.start, NODE + ARENA + overhang)], committed(256 * KIB));
    };
    assert.deepEqual(longer(MIB), found(node(NODE), committed(256 * KIB)));
    assert.deepEqual(
      longer(MIB + 64 * KIB).map(({ end, isLonger }) => [end, isLonger]),
      [[NODE + ARENA, true]],
    );
  });

  test('that is longer and is not needed for what is committed is left out', () => {
    const pieces = node(NODE);
    const long = [...pieces.slice(0, 3), reserve(pieces[3]!.start, NODE + ARENA + 2 * MIB)];
    assert.deepEqual(found(long, committed(0)), []);
    assert.deepEqual(kinds(found(long, committed(256 * KIB))), ['metaspace']);
  });

  test('in the reserve of a table, which looks like a longer one, is found, and the table is not', () => {
    const start = NODE + 60 * MIB;
    const table = [
      mapping(NODE, NODE + MIB, { anonBytes: MIB }),
      reserve(NODE + MIB, start),
      ...node(start).slice(0, 3),
      reserve(node(start)[3]!.start, start + ARENA),
    ];
    assert.deepEqual(
      found(table, committed(256 * KIB)).map((r) => [r.start, r.metaspace]),
      [[start, true]],
    );
  });

  test('counts what of its last piece lies in it', () => {
    const [one] = found([
      mapping(NODE, NODE + 64 * KIB, { anonBytes: 64 * KIB }),
      reserve(NODE + 64 * KIB, NODE + 63 * MIB),
      mapping(NODE + 63 * MIB, NODE + 66 * MIB),
    ]);
    assert.deepEqual([one!.committedBytes, one!.end], [64 * KIB + MIB, NODE + ARENA]);
  });
});

describe('an arena of whole granules, which may be a node', () => {
  const either = (at: number, written: number) => arena(AT + at * ARENA, written);
  const three = [...node(NODE - ARENA), ...either(2, 128 * KIB), ...either(3, 64 * KIB)];

  test('is metaspace where the JVM has committed so much; if exactly so much, nothing is undecided', () => {
    assert.deepEqual(kinds(found(three, committed(256 * KIB + 128 * KIB))), ['metaspace', 'metaspace', 'arena']);
    assert.deepEqual(kinds(found(three, committed(256 * KIB + 64 * KIB))), ['metaspace', 'arena', 'metaspace']);
    assert.deepEqual(kinds(found(three, committed(256 * KIB + 192 * KIB))), ['metaspace', 'metaspace', 'metaspace']);
    assert.deepEqual(kinds(found(three, committed(256 * KIB))), ['metaspace', 'arena', 'arena']);
  });

  test('is metaspace where the sum comes nearer with it, and stays undecided', () => {
    assert.deepEqual(kinds(found(three, committed(256 * KIB + 100 * KIB))), ['metaspace', 'metaspace?', 'arena?']);
    assert.deepEqual(kinds(found(three, committed(256 * KIB + 20 * KIB))), ['metaspace', 'arena?', 'arena?']);
  });

  test('is an arena where the JVM has committed less than the certain nodes have', () => {
    assert.deepEqual(kinds(found(three, committed(100 * KIB))), ['metaspace', 'arena', 'arena']);
  });

  test('without the figure of the JVM is metaspace if nothing else is, and is undecided', () => {
    assert.deepEqual(kinds(found(three)), ['metaspace', 'arena?', 'arena?']);
    assert.deepEqual(kinds(found(either(0, 128 * KIB))), ['metaspace?']);
    assert.deepEqual(kinds(found([...either(0, 128 * KIB), ...arena(AT + 5 * ARENA)])), ['metaspace?', 'arena']);
  });

  test('of a JVM that has no granules is an arena', () => {
    assert.deepEqual(kinds(found(either(0, 128 * KIB), committed(128 * KIB, { release: 11 }))), ['arena']);
  });

  test('of more than twelve those are metaspace that fit, the largest first', () => {
    const many = (count: number) => Array.from({ length: count }, (_, k) => either(2 * k, (k + 1) * 64 * KIB)).flat();
    const granules = (count: number, all: number) =>
      found(many(count), committed(all * 64 * KIB)).flatMap(({ metaspace, committedBytes }) =>
        metaspace ? committedBytes / (64 * KIB) : [],
      );
    assert.deepEqual(granules(13, 20), [7, 13]);
    assert.deepEqual(granules(13, 13), [13]);
    assert.deepEqual(granules(12, 20), [2, 3, 4, 5, 6], 'up to twelve the first combination that fits');
  });
});

describe('a node that begins inside a mapping, because the memory before it is writable too', () => {
  /** A table of 3 MiB and so many KiB of a node behind it in one mapping, then the node's reserve. */
  const merged = (kib: number, start = NODE) => [
    mapping(start - 3 * MIB, start + kib * KIB, { anonBytes: 3 * MIB + kib * KIB }),
    reserve(start + kib * KIB, start + ARENA),
  ];

  test('is where its committed size is what the JVM has committed', () => {
    assert.deepEqual(found(merged(640), committed(640 * KIB)), [
      {
        start: NODE,
        end: NODE + ARENA,
        metaspace: true,
        undecided: false,
        anonBytes: 640 * KIB,
        committedBytes: 640 * KIB,
        startsInside: true,
        isLonger: false,
        isNoArena: false,
      },
    ]);
  });

  test('may be something else where it only comes nearer to that', () => {
    assert.deepEqual(kinds(found(merged(640), committed(700 * KIB))), ['metaspace?']);
    assert.deepEqual(found(merged(640), committed(320 * KIB)), [], 'it is as far off as none');
  });

  test('comes before an arena of whole granules by chance, though the two together are further off', () => {
    const all = [...arena(AT - 4 * ARENA, 448 * KIB), ...merged(640)];
    const since = (kib: number) => committed(0, { nonClass: space(kib * KIB, kib * KIB, { asOf: 'last-collection' }) });
    assert.deepEqual(kinds(found(all, committed(640 * KIB))), ['arena', 'metaspace']);
    assert.deepEqual(kinds(found(all, since(576))), ['arena?', 'metaspace?'], 'it has grown since the collection');
    assert.deepEqual(kinds(found(all, committed((448 + 640) * KIB))), ['metaspace', 'metaspace'], 'both are needed');
  });

  test('is not looked for where less than a granule is missing, no figure is known, or the JVM has no granules', () => {
    assert.deepEqual(found(merged(640), committed(64 * KIB - 1)), []);
    assert.deepEqual(found(merged(64), committed(64 * KIB - 1)), []);
    assert.deepEqual(kinds(found(merged(64), committed(64 * KIB))), ['metaspace']);
    assert.deepEqual(found(merged(640)), []);
    assert.deepEqual(found(merged(640), committed(640 * KIB, { release: 15 })), []);
  });

  test('counts what is missing beside the nodes that are found', () => {
    const all = [...node(NODE - 4 * ARENA), ...merged(640)];
    assert.deepEqual(kinds(found(all, committed((256 + 640) * KIB))), ['metaspace', 'metaspace']);
    assert.deepEqual(kinds(found(all, committed(256 * KIB))), ['metaspace']);
    assert.deepEqual(kinds(found(all, committed((256 + 700) * KIB))), ['metaspace', 'metaspace?'], 'the other one is certain');
    const directlyAfter = [...merged(640), ...node(NODE + ARENA)];
    assert.deepEqual(kinds(found(directlyAfter, committed((256 + 640) * KIB))), ['metaspace', 'metaspace']);
  });

  test('is no part of a range that is known, of a file or of what may not be written', () => {
    const [m, rest] = merged(640) as [Mapping, Mapping];
    assert.deepEqual(found([m, rest], committed(640 * KIB), [mapping(m.start, rest.end)]), []);
    assert.deepEqual(found([{ ...m, perms: 'r--p' }, rest], committed(640 * KIB)), []);
    assert.deepEqual(found([{ ...m, path: '[anon:x]' }, rest], committed(640 * KIB)), []);
    assert.deepEqual(found([m, { ...rest, path: '[anon:x]' }], committed(640 * KIB)), []);
  });

  test('fits before the end of the memory without a gap, and its pieces are whole granules', () => {
    const [m, rest] = merged(640) as [Mapping, Mapping];
    for (const short of [4 * KIB, 64 * KIB])
      assert.deepEqual(found([m, { ...rest, end: rest.end - short }], committed(640 * KIB)), []);
    assert.deepEqual(found(merged(644), committed(644 * KIB)), []);
  });

  test('may have neighbours without a gap that are no granules', () => {
    const before = [mapping(NODE - 5 * MIB, NODE - 4 * MIB - 4 * KIB), reserve(NODE - 4 * MIB - 4 * KIB, NODE - 3 * MIB)];
    const after = [mapping(NODE + ARENA, NODE + ARENA + 12 * KIB)];
    assert.deepEqual(kinds(found([...before, ...merged(640), ...after], committed(640 * KIB))), ['metaspace']);
  });

  test('begins in written memory, not in the reserve before it', () => {
    const end = NODE + 4 * MIB + 640 * KIB;
    const all = [reserve(NODE, NODE + MIB), mapping(NODE + MIB, end), reserve(end, NODE + 4 * MIB + ARENA)];
    // From NODE on, all of the mapping is committed, which would be exactly so much.
    assert.deepEqual(
      found(all, committed(3 * MIB + 640 * KIB)).map(({ start, undecided }) => [start - NODE, undecided]),
      [[4 * MIB, true]],
    );
  });

  test('has for itself what was found at the pieces behind its start', () => {
    const start = AT + 60 * MIB;
    // What begins 4 MiB behind the start looks like an arena of its own.
    const all = [
      mapping(start - 3 * MIB, start + 640 * KIB, { anonBytes: 3 * MIB }),
      reserve(start + 640 * KIB, start + 4 * MIB),
      mapping(start + 4 * MIB, start + 4 * MIB + 64 * KIB),
      reserve(start + 4 * MIB + 64 * KIB, start + 4 * MIB + ARENA),
    ];
    const [one, ...others] = found(all, committed(704 * KIB));
    assert.deepEqual([one!.start, one!.committedBytes, one!.undecided, others], [start, 704 * KIB, false, []]);
  });

  test('may begin at any multiple of 4 MiB in the mapping, up to 64 MiB before its end', () => {
    const withTable = (back: number) => {
      const end = AT + 200 * MIB;
      const start = end - back;
      return found([mapping(AT + MIB, end, { anonBytes: 190 * MIB }), reserve(end, start + ARENA)], committed(back)).map(
        (r) => (r.start - start) / MIB,
      );
    };
    assert.deepEqual([withTable(4 * MIB), withTable(40 * MIB), withTable(60 * MIB)], [[0], [0], [0]]);
  });
});
