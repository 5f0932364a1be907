import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonPart, AnonPartId } from '../../../../src/diagnosis/ledger/anon-kinds.ts';
import type { JvmFigures } from '../../../../src/diagnosis/ledger/jvm-figures.ts';
import { type CommittedByPart, reconcileParts } from '../../../../src/diagnosis/ledger/reconcile-parts.ts';
import { KIB, MIB } from '../../../../src/units.ts';
import { jvmFigures, space } from '../../../support/made-mappings.ts';

const part = (id: AnonPartId, mib: number, low = mib, high = mib): AnonPart => ({
  id,
  bytes: mib * MIB,
  low: low * MIB,
  high: high * MIB,
  count: 1,
});
const unnamed = (mib: number, low = mib, high = mib) => part('direct-buffers', mib, low, high);
const mib = (used: number, committed: number, given: Parameters<typeof space>[2] = {}) =>
  space(used * MIB, committed * MIB, given);
/** By default the mappings have committed what the JVM says. */
const reconcile = (
  parts: readonly AnonPart[],
  rest: AnonPart | null,
  figures: JvmFigures,
  isHeapConfirmed: boolean,
  committed: CommittedByPart = new Map([
    ['metaspace', figures.nonClass?.committedBytes ?? 0],
    ['class-space', figures.classSpace?.committedBytes ?? 0],
  ]),
) => reconcileParts(parts, rest, figures, isHeapConfirmed, committed);
/** Bytes, low and high of each part and of what has no name, MiB. */
const reconciled = (...given: Parameters<typeof reconcile>) => {
  const { parts, rest } = reconcile(...given);
  const figures = ({ bytes, low, high }: Pick<AnonPart, 'bytes' | 'low' | 'high'>) => [bytes / MIB, low / MIB, high / MIB];
  return { ...Object.fromEntries(parts.map((p) => [p.id, figures(p)])), rest: figures(rest) };
};
const disagreement = (id: AnonPartId, ...given: Parameters<typeof reconcile>): string | undefined =>
  reconcile(...given).parts.find((p) => p.id === id)?.disagreement;

test('without the JVM’s figures the parts stay as they are, but for empty ones', () => {
  const parts = [part('java-heap', 60), part('libraries', 0), part('metaspace', 0, 0, 3)];
  assert.deepEqual(reconcile(parts, null, jvmFigures(), false), {
    parts: [parts[0], parts[2]],
    rest: { bytes: 0, low: 0, high: 0 },
  });
  assert.deepEqual(reconciled(parts, unnamed(9, 8, 10), jvmFigures(), false).rest, [9, 8, 10]);
});

test('a part that the JVM’s figures contain stays exact', () => {
  for (const heap of [mib(50, 100), mib(60, 60)])
    assert.deepEqual(reconciled([part('java-heap', 60)], unnamed(9), jvmFigures({ heap }), false), {
      'java-heap': [60, 60, 60],
      rest: [9, 9, 9],
    });
});

test('a part that is smaller than what the JVM uses takes the rest from memory without a name, and says so', () => {
  const figures = jvmFigures({ classSpace: mib(40, 50) });
  const parts = [part('class-space', 20)];
  assert.deepEqual(reconciled(parts, unnamed(100, 90, 110), figures, false), {
    'class-space': [40, 20, 50],
    rest: [80, 60, 110],
  });
  assert.equal(
    disagreement('class-space', parts, unnamed(100), figures, false),
    'the JVM uses 40 MiB of the compressed class space, and the mappings show 20 MiB',
  );
});

test('a tenth and 4 MiB less than what the JVM uses is no contradiction', () => {
  const bytesWhere = (shown: number) =>
    reconciled([part('java-heap', shown)], unnamed(200), jvmFigures({ heap: mib(100, 120) }), false);
  assert.deepEqual(bytesWhere(86)['java-heap' as never], [86, 86, 86]);
  assert.deepEqual(bytesWhere(85)['java-heap' as never], [100, 85, 120]);
});

test('what memory without a name cannot give comes from what looks like arenas, which say so', () => {
  const figures = jvmFigures({ release: 17, nonClass: mib(60, 70) });
  const parts = [part('malloc-arenas', 50, 40, 50)];
  assert.deepEqual(reconciled(parts, unnamed(25), figures, false), {
    metaspace: [60, 0, 70],
    'malloc-arenas': [15, 0, 50],
    rest: [0, 0, 25],
  });
  assert.equal(disagreement('malloc-arenas', parts, unnamed(25), figures, false), 'some of these may be metaspace');
  assert.equal(
    disagreement('metaspace', parts, unnamed(25), figures, false),
    'the JVM uses 60 MiB of metaspace, and the mappings show 0 bytes',
  );
});

test('where memory without a name has all that is missing, arenas keep their bytes, and may be less: it is not known where it lies', () => {
  const figures = jvmFigures({ release: 17, nonClass: mib(60, 90) });
  const parts = [part('malloc-arenas', 50)];
  assert.deepEqual(reconciled(parts, unnamed(70), figures, false), {
    metaspace: [60, 0, 90],
    'malloc-arenas': [50, 0, 50],
    rest: [10, 0, 70],
  });
  assert.equal(disagreement('malloc-arenas', parts, unnamed(70), figures, false), 'some of these may be metaspace');
});

test('a part of which the mappings have less committed than the JVM is not exact, however little is missing', () => {
  const seen = (bytes: number): CommittedByPart => new Map([['metaspace', bytes]]);
  const figures = jvmFigures({ release: 17, nonClass: mib(13, 14, { asOf: 'last-collection' }) });
  const parts = [part('metaspace', 12), part('malloc-arenas', 3)];
  assert.deepEqual(reconciled(parts, unnamed(20), figures, false, seen(13 * MIB)), {
    metaspace: [13, 12, 14],
    'malloc-arenas': [3, 1, 3],
    rest: [19, 18, 20],
  });
  assert.equal(
    disagreement('metaspace', parts, unnamed(20), figures, false, seen(13 * MIB)),
    'the JVM has 14 MiB of metaspace committed, and the mappings show 13 MiB',
  );
  const exact = { metaspace: [12, 12, 12], 'malloc-arenas': [3, 3, 3], rest: [20, 20, 20] };
  assert.deepEqual(reconciled(parts, unnamed(20), figures, false, seen(14 * MIB - 64 * KIB + 4 * KIB)), exact);
  assert.deepEqual(reconciled(parts, unnamed(20), figures, false, seen(15 * MIB)), exact, 'it has grown since the collection');
});

test('a class space that no mapping was found for is taken from memory without a name, and is not exact', () => {
  const figures = jvmFigures({ classSpace: mib(3, 4) });
  assert.deepEqual(reconciled([], unnamed(20), figures, false, new Map()), { 'class-space': [3, 0, 4], rest: [17, 16, 20] });
});

test('where all together have less than the JVM uses, the part has what there is', () => {
  const figures = jvmFigures({ release: 17, nonClass: mib(90, 95) });
  assert.deepEqual(reconciled([part('metaspace', 10), part('malloc-arenas', 30)], unnamed(20), figures, false), {
    metaspace: [60, 10, 60],
    'malloc-arenas': [0, 0, 30],
    rest: [0, 0, 20],
  });
  assert.deepEqual(reconciled([part('metaspace', 10)], null, figures, false), { metaspace: [10, 10, 10], rest: [0, 0, 0] });
});

test('a part that is larger than what the JVM has committed now gives the excess to memory without a name, and says so', () => {
  const parts = [part('class-space', 60, 58, 62)];
  const figures = jvmFigures({ classSpace: mib(40, 50) });
  assert.deepEqual(reconciled(parts, unnamed(9, 8, 10), figures, false), { 'class-space': [50, 40, 62], rest: [19, 8, 20] });
  assert.equal(
    disagreement('class-space', parts, null, figures, false),
    'the JVM has 50 MiB of the compressed class space committed, and the mappings show 60 MiB',
  );
  assert.equal(disagreement('class-space', [part('class-space', 54)], null, figures, false), undefined, 'by 4 MiB');
  const old = jvmFigures({ classSpace: mib(40, 50, { asOf: 'last-collection' }) });
  assert.equal(disagreement('class-space', parts, null, old, false), undefined, 'it may have grown since');
});

test('an interval becomes as narrow as the JVM’s used and committed bytes', () => {
  const parts = [part('class-space', 45, 10, 90)];
  const now = jvmFigures({ classSpace: mib(40, 50) });
  assert.deepEqual(reconciled(parts, null, now, false), { 'class-space': [45, 40, 50], rest: [0, 0, 0] });
  const old = jvmFigures({ classSpace: mib(40, 50, { asOf: 'last-collection' }) });
  assert.deepEqual(reconciled(parts, null, old, false), { 'class-space': [45, 40, 90], rest: [0, 0, 0] });
  const outside = jvmFigures({ classSpace: mib(46, 47) });
  assert.deepEqual(reconciled([part('class-space', 45, 10, 46)], null, outside, false)['class-space' as never], [45, 45, 46]);
  assert.deepEqual(reconciled([part('class-space', 49, 10, 90)], null, outside, false)['class-space' as never], [49, 46, 49]);
});

test('what certainly belongs to the class space does not belong to the heap that the kernel counts together with it', () => {
  const parts = [part('java-heap', 100, 60, 140), part('class-space', 45, 10, 90)];
  const figures = jvmFigures({ classSpace: mib(40, 50) });
  assert.deepEqual(reconciled(parts, null, figures, false), {
    'java-heap': [100, 100, 110],
    'class-space': [45, 40, 50],
    rest: [0, 0, 0],
  });
  const wide = [part('java-heap', 100, 10, 110), part('class-space', 45, 10, 90)];
  assert.deepEqual(reconciled(wide, null, figures, false)['java-heap' as never], [100, 50, 100]);
});

test('the heap at a certain address is narrowed and never enlarged; it may be a tenth and 4 MiB below what is used', () => {
  const heap = mib(100, 120);
  assert.deepEqual(reconciled([part('java-heap', 50)], unnamed(90), jvmFigures({ heap }), true), {
    'java-heap': [50, 50, 50],
    rest: [90, 90, 90],
  });
  assert.deepEqual(reconciled([part('java-heap', 95, 20, 160)], null, jvmFigures({ heap }), true), {
    'java-heap': [95, 86, 120],
    rest: [0, 0, 0],
  });
  assert.deepEqual(reconciled([], null, jvmFigures({ heap }), true), { rest: [0, 0, 0] });
});

test('the heap of ZGC is not compared, because its pages are mapped more than once', () => {
  const figures = jvmFigures({ collector: 'ZGC', heap: mib(100, 120) });
  for (const isConfirmed of [true, false])
    assert.deepEqual(reconciled([part('java-heap', 50, 0, 200)], unnamed(90), figures, isConfirmed), {
      'java-heap': [50, 0, 200],
      rest: [90, 90, 90],
    });
});

test('before JDK 16 metaspace is taken from memory without a name: what is used, and a quarter of what else is committed', () => {
  const figures = jvmFigures({ release: 15, nonClass: mib(40, 60) });
  assert.deepEqual(reconciled([], unnamed(100, 90, 110), figures, false), { metaspace: [45, 40, 60], rest: [55, 30, 70] });
  assert.equal(disagreement('metaspace', [], unnamed(100), figures, false), undefined);
  assert.deepEqual(reconciled([], unnamed(50, 50, 50), figures, false), { metaspace: [45, 40, 50], rest: [5, 0, 10] });
  const newer = jvmFigures({ release: 16, nonClass: mib(40, 60) });
  assert.deepEqual(reconciled([part('metaspace', 50)], unnamed(100), newer, false), {
    metaspace: [50, 50, 50],
    rest: [100, 100, 100],
  });
  assert.deepEqual(reconciled([part('metaspace', 50)], unnamed(100), { ...newer, release: null }, false).rest, [100, 100, 100]);
});

test('where so much memory without a name is not there, metaspace has all of it and says so', () => {
  const figures = jvmFigures({ release: 8, nonClass: mib(40, 60) });
  assert.deepEqual(reconciled([], unnamed(30), figures, false), { metaspace: [30, 30, 30], rest: [0, 0, 0] });
  assert.equal(
    disagreement('metaspace', [], unnamed(30), figures, false),
    'the JVM uses 40 MiB of metaspace, and so much memory without a name is not there',
  );
  assert.equal(disagreement('metaspace', [], unnamed(40), figures, false), undefined);
});

test('metaspace as of the last collection may have grown until the next one is due', () => {
  const most = (used: number, committed: number, classUsed: number | null) => {
    const since = { asOf: 'last-collection' } as const;
    const classSpace = classUsed === null ? null : mib(classUsed, classUsed, since);
    const figures = jvmFigures({ release: 8, nonClass: mib(used, committed, since), classSpace });
    const parts = classUsed === null ? [] : [part('class-space', classUsed)];
    const { parts: found } = reconcile(parts, unnamed(1000), figures, false);
    return Math.round(found.find(({ id }) => id === 'metaspace')!.high / MIB);
  };
  assert.equal(most(6, 8, null), 22, 'the first collection is due at 22 MiB');
  assert.equal(most(6, 8, 3), 19, 'of which 3 MiB are class space');
  assert.equal(most(60, 70, null), 106, 'until two fifths are free, and a step');
  assert.equal(most(54, 70, 6), 100);
  assert.equal(most(60, 200, null), 200);
});
