import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf, type FieldId, fieldName } from '../../../../src/fields.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import type { DerivedTrends } from '../../../../src/trends/together/cause-confidence.ts';
import { combineFields } from '../../../../src/trends/together/causes.ts';
import type { CoMovement } from '../../../../src/trends/together/co-movement.ts';
import { DAY_S, MIB } from '../../../../src/units.ts';
import { UNMOVED } from '../../../support/evaluation.ts';

/** Growth in MiB an hour of fields as they are evaluated one by one; `.` stands still, `-` is not known. What is said of all together. */
const TRUTH = `
usage  anon  heap_used  metaspace  threads  kernel_stack  shmem  file  slab_unreclaimable  slab_reclaimable  kernel | leak   causes
  .     .       .          .         .          .           .     .            .                 .             -    | false  -
  12    12      .          .         .          .           .     .            .                 .             -    | true   native
  12    12      12         .         .          .           .     .            .                 .             -    | true   heap
  30    30      12         .         .          .           .     .            .                 .             -    | true   native heap
  12    12      .          12        .          .           .     .            .                 .             -    | true   metaspace
  40    40      .          12        .          .           .     .            .                 .             -    | true   metaspace
  12    11      .          .         9          1           .     .            .                 .             -    | true   threads
  .     .       12         .         .          .           .     .            .                 .             -    | true   heap
  12    .       .          .         .          .           12    12           .                 .             -    | true   shmem
  20    .       .          .         .          .           12    20           .                 .             -    | true   shmem page-cache
  12    .       .          .         .          .           .     12           .                 .             -    | false  page-cache
  12    .       .          .         .          .           .     12           .                 0.4           -    | false  page-cache
  24    12      .          .         .          .           .     12           .                 .             -    | true   native page-cache
  24    .       .          .         .          .           .     12           12                .             -    | true   slab page-cache
  12    .       .          .         .          .           .     .            12                .             -    | true   slab
  12    .       .          .         .          .           .     .            .                 12            -    | false  slab
  12    .       .          .         .          .           .     .            -                 -             12   | null   slab
  12    .       .          .         .          .           .     12           -                 -             0.4  | false  page-cache
  12    .       .          .         .          .           .     .            .                 .             -    | false  -
  30    30      16         .         .          .           .     .            .                 .             -    | true   heap
  30    30      14         .         .          .           .     .            .                 .             -    | true   native heap
  30    30      12         12        .          .           .     .            .                 .             -    | true   metaspace heap
  90    80      .          12        .          .           .     .            .                 .             -    | true   native metaspace
  40    40      .          12        9          1           .     .            .                 .             -    | true   metaspace threads
  12    11      .          .         .          1           .     .            .                 .             -    | true   threads
  40    40      30         .         9          1           .     .            .                 .             -    | true   heap threads
  20    .       .          .         .          .           12    14           .                 .             -    | true   shmem
  20    .       .          .         .          .           12    16           .                 .             -    | true   shmem page-cache
  12    .       .          .         .          .           .     12           0.9               .             -    | false  page-cache
  12    .       .          .         .          .           .     12           1                 .             -    | true   slab page-cache
  12    .       .          .         .          .           .     .            6                 12            -    | true   slab
  12    .       .          .         9          1           .     .            2                 .             -    | true   threads
  12    .       .          .         9          1           .     .            12                .             -    | true   slab threads
  12    .       .          .         .          .           .     .            .                 .             12   | true   kernel
`;

const [head, ...rows] = TRUTH.trim().split('\n');
const names = head!.split('|')[0]!.trim().split(/\s+/).map(fieldName);

function evaluated(perHour: number): FieldEvaluation {
  const grows = perHour > 0;
  return {
    trend: grows ? 'growing' : 'stable',
    slopeBytesPerHour: perHour,
    low: 0.9 * perHour,
    high: 1.1 * perHour,
    p: grows ? 0.001 : 0.5,
    points: 120,
    windowSeconds: 200_000,
    basis: { segments: [0], line: null, modelProbabilities: [], statistics: {}, reason: 'made' },
    levelNow: 200 * MIB,
    levelAtStart: 100 * MIB,
    saturating: false,
    dailyLoadExcluded: false,
    posterior: grows ? 0.97 : 0.05,
    growthOdds: null,
    undecidedRise: null,
  };
}

const NONE: DerivedTrends = { native: null, locked: null, isSwapped: false, waits: null };

for (const row of rows) {
  const [cells, answer] = row.split('|').map((part) => part.trim().split(/\s+/)) as [string[], string[]];
  const [leak, ...causes] = answer;
  const given = names.flatMap((name, i) => (/^[.-]$/.test(cells[i]!) ? [] : [`${name} ${cells[i]}`]));
  test(`${given.join(', ') || 'nothing'} grows: leak ${leak}, ${causes.join(' and ').replace(/^-$/, 'no cause')}`, () => {
    const fields = new Map(
      names.flatMap((name, i) => (cells[i] === '-' ? [] : [[name, evaluated(cells[i] === '.' ? 0 : Number(cells[i]) * MIB)]])),
    );
    const outcome = combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: 2048 * MIB }, UNMOVED, DAY_S);
    assert.equal(String(outcome.leak), leak);
    assert.deepEqual(
      outcome.causes.map(({ cause }) => cause),
      causes[0] === '-' ? [] : causes,
    );
    assert.equal(outcome.trend, given.length === 0 ? 'stable' : 'growing');
    assert.equal(
      outcome.etas.some(({ event }) => event === 'oom-kill'),
      leak === 'true' && given.some((one) => /^(anon|shmem|slab_un|kernel)/.test(one)),
    );
  });
}

test('causes are ordered by what each grows by at least, weighted by how sure that is', () => {
  const limits = { limit: 4096 * MIB, heapMax: null };
  const order = (anon: Partial<FieldEvaluation>, shmem: Partial<FieldEvaluation> = {}) => {
    const fields = new Map<FieldId, FieldEvaluation>([
      ['usage', evaluated(40 * MIB)],
      ['anon', { ...evaluated(30 * MIB), ...anon }],
      ['shmem', { ...evaluated(4 * MIB), ...shmem }],
    ]);
    return combineFields(fields, NONE, limits, UNMOVED, DAY_S).causes.map(({ cause }) => cause);
  };
  assert.deepEqual(order({}), ['native', 'shmem']);
  assert.deepEqual(order({ low: 3 * MIB }), ['shmem', 'native']);
  assert.deepEqual(order({ p: 0.02 }), ['shmem', 'native'], 'noise of the largest field is no cause beside a sure one');
  assert.deepEqual(order({ p: 0.02 }, evaluated(MIB / 2)), ['native', 'shmem'], 'a trifle that is sure does not come first');
  assert.deepEqual(order({ p: 0.02 }, { p: 0.03 }), ['native', 'shmem'], 'both are likely');
  assert.deepEqual(order({ p: 0.1 }, { p: 0.03 }), ['shmem', 'native'], 'one rests on other evidence');
  assert.deepEqual(order({ p: 0.1 }, { p: 0.12 }), ['native', 'shmem'], 'both do');
  assert.deepEqual(order({ p: 0.25 }, { p: 0.12 }), ['shmem', 'native'], 'it may as well not grow');
});

test('what noise may be part of comes after what is nearly all of the movement of its field', () => {
  const withR = (perHour: number, rSquared: number): FieldEvaluation => {
    const field = { ...evaluated(perHour), p: 0.0001 };
    return { ...field, basis: { ...field.basis, statistics: { rSquared } } };
  };
  const first = (anon: number, slab: number) => {
    const fields = new Map<FieldId, FieldEvaluation>([
      ['usage', evaluated(32 * MIB)],
      ['anon', withR(30 * MIB, anon)],
      ['slab_unreclaimable', withR(MIB, slab)],
    ]);
    return combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: null }, UNMOVED, DAY_S).causes[0]?.cause;
  };
  assert.deepEqual([first(0.98, 0.99), first(0.6, 0.99), first(0.6, 0.6)], ['native', 'slab', 'native']);
});

test('threads that only their number shows are as sure as that', () => {
  const limits = { limit: 4096 * MIB, heapMax: null };
  const first = (threads: Partial<FieldEvaluation>) => {
    const fields = new Map<FieldId, FieldEvaluation>([
      ['usage', evaluated(120 * MIB)],
      ['anon', { ...evaluated(100 * MIB), p: 0.02 }],
      ['threads', { ...evaluated(20), ...threads }],
    ]);
    return combineFields(fields, NONE, limits, UNMOVED, DAY_S).causes[0]?.cause;
  };
  assert.deepEqual([first({}), first({ p: 0.08 })], ['threads', 'native']);
});

test('slab that came when the cache did is no cause, however the cache itself is evaluated', () => {
  const fields = new Map<FieldId, FieldEvaluation>([
    ['usage', evaluated(12 * MIB)],
    ['file', evaluated(0)],
    ['kernel', evaluated(12 * MIB)],
  ]);
  const limits = { limit: 4096 * MIB, heapMax: null };
  assert.deepEqual(combineFields(fields, NONE, limits, { ...UNMOVED, isExplainedByCache: () => true }, DAY_S).causes, []);
  assert.equal(combineFields(fields, NONE, limits, UNMOVED, DAY_S).causes[0]?.cause, 'slab');
});

test('page tables that came with the memory that they map are no cause, though that memory is called steady', () => {
  const fields = new Map<FieldId, FieldEvaluation>([
    ['usage', evaluated(0)],
    ['anon', evaluated(0)],
    ['pagetables', evaluated(12 * MIB)],
  ]);
  const limits = { limit: 4096 * MIB, heapMax: null };
  const causes = (moved: CoMovement) => combineFields(fields, NONE, limits, moved, DAY_S).causes.map(({ cause }) => cause);
  assert.deepEqual(causes({ ...UNMOVED, isExplainedByMappings: () => true }), []);
  assert.deepEqual(causes(UNMOVED), ['page-tables']);
});

describe('native memory, where the figures of the JVM tell it from the heap', () => {
  const limits = { limit: 4096 * MIB, heapMax: 2048 * MIB };
  const causes = (perHour: Record<string, number>, native: number) => {
    const fields = new Map(entriesOf(perHour).map(([id, mib]) => [id, evaluated(mib * MIB)]));
    const trend = { field: evaluated(native * MIB), untouchedBytes: 0 };
    return combineFields(fields, { ...NONE, native: trend }, limits, UNMOVED, DAY_S).causes.map(
      (c) => `${c.cause} ${c.bytesPerHour / MIB}`,
    );
  };
  test('is a cause by its own growth, not by the rest of anon', () => {
    assert.deepEqual(causes({ anon: 30, heap_used: 20 }, 4), ['heap 20', 'native 4']);
    assert.deepEqual([causes({ anon: 30 }, 3), causes({ anon: 30 }, 2.9)], [['native 3'], []], 'a tenth of what grows');
    assert.deepEqual(causes({ anon: 30 }, 0), []);
  });
  test('is no cause where anon does not grow, or where threads do', () => {
    assert.deepEqual(causes({ anon: 0 }, 12), []);
    assert.deepEqual(causes({ anon: 30, threads: 9 }, 12), ['threads 30']);
  });
  test('goes to metaspace up to five times its growth: class loaders bring it', () => {
    assert.deepEqual(causes({ anon: 12, metaspace: 2 }, 10), ['metaspace 12']);
    assert.deepEqual(causes({ anon: 13, metaspace: 2 }, 11), ['native 11', 'metaspace 2']);
  });
});

describe('slab that cgroup v1 or an old kernel reports as a whole', () => {
  const cause = (perHour: Record<string, number>) => {
    const fields = new Map(entriesOf(perHour).map(([id, mib]) => [id, evaluated(mib * MIB)]));
    const { leak, causes } = combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: null }, UNMOVED, DAY_S);
    return causes.map(
      (c) => `${c.cause} ${c.bytesPerHour / MIB} ${c.reclaimable ? 'reclaimable' : 'not reclaimable'}, leak ${leak}`,
    );
  };
  test('is not reclaimable', () => assert.deepEqual(cause({ slab: 12 }), ['slab 12 not reclaimable, leak true']));
  test('is not what grows where it is known to stand still', () =>
    assert.deepEqual(cause({ slab: 0, kernel: 12 }), ['kernel 12 not reclaimable, leak true']));
  test('kernel memory alone leaves open whether it leaks', () =>
    assert.deepEqual(cause({ kernel: 12 }), ['slab 12 reclaimable, leak null']));
  test('is not asked where it is split', () => assert.deepEqual(cause({ slab: 12, slab_unreclaimable: 0 }), []));
});

test('each cause grows by its own part: shmem is not page cache, the stacks of threads are theirs', () => {
  const shares = (perHour: Record<string, number>) => {
    const fields = new Map(entriesOf(perHour).map(([id, mib]) => [id, evaluated(mib * MIB)]));
    const { causes } = combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: null }, UNMOVED, DAY_S);
    return causes.map((c) => `${c.cause} ${c.bytesPerHour / MIB}`);
  };
  assert.deepEqual(shares({ file: 20, shmem: 12 }), ['shmem 12', 'page-cache 8']);
  assert.deepEqual(shares({ anon: 11, threads: 9, kernel_stack: 1 }), ['threads 12']);
  assert.deepEqual(shares({ anon: 11, threads: 9, kernel_stack: 1, heap_used: 11 }), ['heap 11', 'threads 1']);
  assert.deepEqual(shares({ anon: 11, threads: 9, kernel: 1 }), ['threads 12'], 'cgroup v1 has all kernel memory in one figure');
  assert.deepEqual(shares({ anon: 0, threads: 64 / MIB, kernel: 5 }), ['threads 2.5'], 'of which a thread takes 40 KiB at most');
  assert.deepEqual(shares({ anon: 14, metaspace: 4 }), ['metaspace 14']);
});

test('a heap whose live set is not known is neither called a leak nor cleared of one', () => {
  const heap: FieldEvaluation = { ...evaluated(0), liveSetUnknown: true };
  const fields = new Map<FieldId, FieldEvaluation>([
    ['usage', evaluated(0)],
    ['heap_used', heap],
  ]);
  assert.equal(combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: 200 * MIB }, UNMOVED, DAY_S).leak, null);
});

test('native memory that a collection gave back is no leak, and what leaks beside it is one', () => {
  const fields = (shmem: number) =>
    new Map<FieldId, FieldEvaluation>([
      ['usage', evaluated(24 * MIB)],
      ['anon', evaluated(12 * MIB)],
      ['shmem', evaluated(shmem)],
    ]);
  const leak = (state: 'open' | 'given-back' | 'counts', shmem = 0): boolean | null =>
    combineFields(fields(shmem), { ...NONE, waits: () => state }, { limit: 4096 * MIB, heapMax: null }, UNMOVED, DAY_S).leak;
  assert.deepEqual([leak('given-back'), leak('open'), leak('counts'), leak('given-back', 12 * MIB)], [null, true, true, true]);
});

describe('kinds of memory that cannot be reclaimed', () => {
  const LIMIT = 4096 * MIB;
  const outcome = (perHour: ByField<number>, derived = NONE) => {
    const fields = new Map(entriesOf({ anon: 0, usage: 12, ...perHour }).map(([id, mib]) => [id, evaluated(mib * MIB)]));
    const { leak, causes, etas } = combineFields(fields, derived, { limit: LIMIT, heapMax: null }, UNMOVED, DAY_S);
    const end = etas.find(({ event }) => event === 'oom-kill');
    return [
      `leak ${leak}`,
      ...causes.map(({ cause, bytesPerHour }) => `${cause} ${bytesPerHour / MIB}`),
      end === undefined ? 'no end' : 'ends',
    ];
  };
  const V2 = { kernel: 0, slab: 0, slab_reclaimable: 0, slab_unreclaimable: 0, pagetables: 0 };

  for (const [field, cause] of [
    ['sock', 'sock'],
    ['hugetlb', 'huge-pages'],
    ['pagetables', 'page-tables'],
    ['sec_pagetables', 'page-tables'],
    ['percpu', 'kernel'],
    ['vmalloc', 'kernel'],
    ['slab_unreclaimable', 'slab'],
    ['kernel_stack', 'threads'],
    ['anon', 'native'],
    ['shmem', 'shmem'],
  ] as const)
    test(`${field} is a leak of its own with an end: ${cause}`, () =>
      assert.deepEqual(outcome({ ...V2, [field]: 12 }), ['leak true', `${cause} 12`, 'ends']));

  test('kernel memory counts once, whether the sum or a part grows', () => {
    assert.deepEqual(outcome({ ...V2, kernel: 12, pagetables: 12 }), ['leak true', 'page-tables 12', 'ends']);
    assert.deepEqual(outcome({ ...V2, kernel: 12, percpu: 11 }), ['leak true', 'kernel 11', 'ends']);
    assert.deepEqual(outcome({ ...V2, kernel: 12 }), ['leak true', 'kernel 12', 'ends'], 'pipes, io_uring, bpf');
    assert.deepEqual(outcome({ ...V2, kernel: 12, slab_reclaimable: 12 }), ['leak false', 'slab 12', 'no end']);
  });
  test('page tables that come with the memory or the threads that they map are no cause', () => {
    assert.deepEqual(outcome({ ...V2, anon: 1000, pagetables: 9 }), ['leak true', 'native 1000', 'ends']);
    assert.deepEqual(outcome({ ...V2, anon: 1000, pagetables: 11 }), ['leak true', 'native 1000', 'page-tables 11', 'ends']);
    assert.deepEqual(outcome({ ...V2, threads: 100 / MIB, kernel_stack: 1.6, pagetables: 3 }), [
      'leak true',
      'threads 1.6',
      'ends',
    ]);
  });
  test('page cache that is locked is no cache that can be reclaimed', () => {
    const locked = evaluated(12 * MIB);
    assert.deepEqual(outcome({ ...V2, file: 12 }, { ...NONE, locked }), ['leak true', 'locked-cache 12', 'ends']);
    assert.deepEqual(outcome({ ...V2, file: 20 }, { ...NONE, locked }), ['leak true', 'locked-cache 12', 'page-cache 8', 'ends']);
    assert.deepEqual(outcome({ ...V2, file: 12 }, { ...NONE, locked: evaluated(0) }), ['leak false', 'page-cache 12', 'no end']);
  });
  test('on cgroup v1 sockets have a limit of their own, and page tables are those of the process', () => {
    const V1 = { under_oom: 0, kernel: 0 };
    assert.deepEqual(outcome({ ...V1, usage: 0, sock: 12 }), ['leak true', 'sock 12', 'no end']);
    assert.deepEqual(outcome({ ...V1, kernel: 12, process_pagetables: 11 }), ['leak true', 'page-tables 11', 'ends']);
    assert.deepEqual(outcome({ ...V1, kernel: 12, process_pagetables: 4 }), ['leak true', 'page-tables 4', 'slab 8', 'ends']);
  });
});

describe('page cache that becomes active', () => {
  const causes = (perHour: ByField<number>) => {
    const fields = new Map(entriesOf({ usage: 0, anon: 0, ...perHour }).map(([id, mib]) => [id, evaluated(mib * MIB)]));
    const { trend, leak, causes } = combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: null }, UNMOVED, DAY_S);
    return [trend, `leak ${leak}`, ...causes.map(({ cause, bytesPerHour }) => `${cause} ${bytesPerHour / MIB}`)];
  };
  test('is what makes the working set grow while usage is flat', () =>
    assert.deepEqual(causes({ working_set: 12, active_file: 12 }), ['growing', 'leak false', 'active-cache 12']));
  test('is no cause where the working set does not grow, or grows by something else', () => {
    assert.deepEqual(causes({ working_set: 0, active_file: 12 }), ['stable', 'leak false']);
    assert.deepEqual(causes({ usage: 12, working_set: 12, anon: 12, active_file: 0 }), ['growing', 'leak true', 'native 12']);
  });
  test('is no cause beside a rise of usage that may go on, and is many times as large', () => {
    const rise = {
      amount: 100 * MIB,
      share: 1,
      roseSeconds: 3000,
      standsSeconds: 600,
      pauseSeconds: 0,
      slopePerSecond: 0,
      rSquared: 0,
      levelNow: 0,
    };
    const causesBeside = (activeMib: number) => {
      const active = evaluated(activeMib * MIB);
      const usage: FieldEvaluation = { ...evaluated(0), trend: 'settling', undecidedRise: rise };
      const fields = new Map([
        ['usage', usage],
        ['working_set', active],
        ['active_file', active],
      ] as const);
      return combineFields(fields, NONE, { limit: 4096 * MIB, heapMax: null }, UNMOVED, DAY_S).causes.map(({ cause }) => cause);
    };
    assert.deepEqual([causesBeside(2), causesBeside(24), causesBeside(26)], [[], [], ['active-cache']]);
  });
  test('is page cache where the file itself is new', () => {
    const log = { usage: 12, file: 12, working_set: 10, active_file: 10 };
    assert.deepEqual(causes(log), ['growing', 'leak false', 'page-cache 12']);
    assert.deepEqual(causes({ ...log, working_set: 30, active_file: 30 }), [
      'growing',
      'leak false',
      'active-cache 18',
      'page-cache 12',
    ]);
  });
});
