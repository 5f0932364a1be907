import assert from 'node:assert/strict';
import { test } from 'node:test';
import { culpritText } from '../../../src/culprit/culprit-text.ts';
import { nativeCulprit } from '../../../src/culprit/find-native.ts';
import type { Looked } from '../../../src/culprit/looks.ts';
import { bufferCounts, type PoolAt } from '../../../src/culprit/native-looks.ts';
import { hasPoolEvent, readPool } from '../../../src/culprit/pool-recording.ts';
import type { Culprit } from '../../../src/culprit/types.ts';
import { MIB } from '../../../src/units.ts';
import { madeChunk, varint } from '../../support/made-jfr.ts';

const OFF = '-XX:NativeMemoryTracking=summary';
const refusal = { state: 'failed', cause: 'native', error: 'off', remediation: OFF } as const;

interface At {
  /** Categories of native memory tracking, in MiB; null: it is off. */
  readonly tracked?: Readonly<Record<string, number>> | null;
  /** MiB in malloc's arenas and in its large blocks. */
  readonly arenas?: number;
  readonly large?: number;
  readonly stacks?: number;
  readonly buffers?: number;
}

/** Seven looks, one a second. */
const looksAt = (at: (n: number) => At): readonly [Looked, ...Looked[]] =>
  Array.from({ length: 7 }, (_, n): Looked => {
    const { tracked = null, arenas = 10, large = 0, stacks = 2, buffers = 0 } = at(n);
    return {
      state: 'looked',
      atMs: n * 1000,
      groups: Object.entries(tracked ?? {}).map(([name, mib]) => ({
        name,
        size: mib * MIB,
        counts: {},
        stand: null,
        parent: null,
      })),
      wider: null,
      beside: null,
      buffers: { direct: buffers, mapped: 0 },
      mappings: {
        kinds: [
          { name: 'malloc arenas', bytes: arenas * MIB, isMalloc: true },
          { name: 'direct buffers, large malloc or mmap', bytes: large * MIB, isMalloc: true },
          { name: 'thread stacks', bytes: stacks * MIB, isMalloc: false },
        ],
        mappedFileBytes: 0,
      },
      refusal: tracked === null ? refusal : null,
    };
  }) as unknown as readonly [Looked, ...Looked[]];

const poolOf = (mib: (n: number) => number): PoolAt[] =>
  Array.from({ length: 13 }, (_, i) => ({ atMs: i * 500, count: Math.round(16 * mib(i / 2)), bytes: mib(i / 2) * MIB }));

const named = (found: Culprit) => (found.state === 'named' ? found.culprit.name : found.state === 'unknown' && found.because);

test('without native memory tracking direct buffers are named by their pool, whose memory is in two kinds of mappings', () => {
  const found = nativeCulprit(
    looksAt((n) => ({ arenas: 10 + 15 * n, large: 15 * n, buffers: 480 * n })),
    poolOf((n) => 30 * n),
  );
  assert.deepEqual(culpritText(found), [
    'native: direct buffers (java.nio) grew from 0 bytes to 180 MiB, 100 % of what grew: 2,880 more buffers',
    '  By kind of mapping: malloc arenas from 10 MiB to 100 MiB; direct buffers, large malloc or mmap from 0 bytes to 90 MiB.',
    '  Buffers of java.nio: 2,880 direct of 180 MiB, 0 mapped.',
    `  Native memory tracking is off, so the mappings tell it. It is turned on at the JVM's start by ${OFF}.`,
  ]);
  assert.equal(found.native?.by, 'mappings');
});

test('where the JDK does not tell the size of the pool, malloc is named, with the number of buffers', () => {
  const found = nativeCulprit(
    looksAt((n) => ({ arenas: 10 + 30 * n, buffers: 480 * n })),
    null,
  );
  assert.match(
    culpritText(found)[0]!,
    /^native: malloc, which has direct buffers as well grew .*; 2,880 more direct buffers \(java\.nio\)$/,
  );
});

test('malloc that grows beside a stable pool of buffers is not taken for buffers', () => {
  const found = nativeCulprit(
    looksAt((n) => ({ arenas: 60 + 10 * n })),
    poolOf(() => 50),
  );
  assert.equal(named(found), 'malloc without the buffers of java.nio');
});

test('a pool of buffers that breathes is not named, nor one that is full', () => {
  const breathing = [10, 60, 20, 70, 30, 80, 40];
  const at = (sizes: readonly number[]) => (n: number) => ({ arenas: 10 + sizes[n]! });
  const pool = (sizes: readonly number[]) => poolOf((n) => sizes[Math.round(n)]!);
  assert.equal(named(nativeCulprit(looksAt(at(breathing)), pool(breathing))), 'not-steady');
  const full = [0, 30, 60, 60, 60, 60, 60];
  assert.equal(named(nativeCulprit(looksAt(at(full)), pool(full))), 'not-steady');
});

test('stacks are named by their kind of mapping', () => {
  const found = nativeCulprit(
    looksAt((n) => ({ stacks: 2 + n })),
    poolOf(() => 1),
  );
  assert.equal(named(found), 'thread stacks');
});

test('native memory tracking comes before the mappings, and the pool of buffers stands beside its category', () => {
  const found = nativeCulprit(
    looksAt((n) => ({ tracked: { Other: 5 + 30 * n, Class: 9 }, arenas: 10 + 30 * n, buffers: 480 * n })),
    poolOf((n) => 30 * n),
  );
  assert.match(
    culpritText(found)[0]!,
    /^native: Other grew .*; 180 MiB more of direct buffers \(java\.nio\), 2,880 more of them$/,
  );
  assert.equal(found.native?.remediation, null);
});

test('malloc that grows while tracked memory does not is named: a native library has it, or malloc keeps it', () => {
  const found = nativeCulprit(
    looksAt((n) => ({ tracked: { Other: 5, Class: 9 }, arenas: 10 + 10 * n })),
    poolOf(() => 1),
  );
  assert.equal(named(found), 'malloc without the buffers of java.nio');
  assert.match(culpritText(found).at(-1)!, /tracking sees no growth/);
});

test('growth of the mappings by less than 4 MiB is noise', () => {
  assert.equal(
    named(
      nativeCulprit(
        looksAt((n) => ({ arenas: 10 + n / 2 })),
        null,
      ),
    ),
    'no-growth',
  );
});

test('buffers are counted by the objects that free them, in JDK 8 and 25: slices and duplicates have no memory of their own', () => {
  const rows = (...names: readonly string[]) => names.map((name, i) => ` ${i + 1}:  ${i + 3}  99  ${name}`).join('\n');
  assert.deepEqual(
    bufferCounts(
      rows('java.nio.DirectByteBuffer', 'java.nio.DirectByteBuffer$Deallocator', 'sun.nio.ch.FileChannelImpl$Unmapper'),
    ),
    { direct: 4, mapped: 5 },
  );
  assert.deepEqual(
    bufferCounts(
      rows('java.nio.DirectByteBuffer$Deallocator (java.base@25)', 'sun.nio.ch.FileChannelImpl$DefaultUnmapper (java.base@25)'),
    ),
    { direct: 3, mapped: 4 },
  );
});

test('a JDK has the event of the pool since version 15', () => {
  for (const [text, has] of [
    ['OpenJDK 64-Bit Server VM version 25.412-b08\nJDK 8.0_412', false],
    ['x\nJDK 11.0.33', false],
    ['x\nJDK 17.0.21', true],
    ['x\nJDK 25.0.5', true],
  ] as const)
    assert.equal(hasPoolEvent(text), has, text);
});

test('the pool is read from a recording with the time of each event', async () => {
  const [LONG, POOL] = [9, 100];
  const fields = ['startTime', 'count', 'memoryUsed'].map((name) => [name, LONG] as const);
  const classes = [
    { id: LONG, name: 'long' },
    { id: POOL, name: 'jdk.DirectBufferStatistics', fields },
  ];
  const event = (ticks: number, count: number) => [POOL, [ticks, count, 64 * count].flatMap(varint)] as const;
  const pool = await readPool(madeChunk({ classes, events: [event(1_002_000_000, 20), event(1_001_000_000, 10)] }));
  assert.deepEqual(
    pool.map(({ count, bytes }) => [count, bytes]),
    [
      [10, 640],
      [20, 1280],
    ],
  );
  assert.ok(Math.abs(pool[1]!.atMs - pool[0]!.atMs - 1) < 1, JSON.stringify(pool));
});
