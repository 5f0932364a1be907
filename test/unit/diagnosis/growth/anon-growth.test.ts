import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonGrowth, causeOfPart } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { LEDGER_PARTS, type LedgerPartId } from '../../../../src/diagnosis/ledger/part-table.ts';
import { MIB } from '../../../../src/units.ts';

const columns = (t: readonly number[], parts: Readonly<Record<string, readonly number[]>>) => ({
  t: Float64Array.from(t),
  parts: Object.entries(parts).map(([id, mib]) => ({
    id,
    name: id,
    process: null,
    bytes: Float64Array.from(mib, (m) => m * MIB),
  })),
});

const rounded = (bytes: number): number => Math.round(bytes / MIB);

test('the growth of the parts adds up to the growth of the whole, also where some shrink', () => {
  const t = [0, 60, 120, 180];
  const growth = anonGrowth(columns(t, { 'java-heap': [50, 40, 45, 38], 'malloc-arenas': [10, 31, 48, 70] }), 0, 180)!;
  assert.equal(growth.parts[0]!.id, 'malloc-arenas');
  const sum = growth.parts.reduce((all, { grewBytes }) => all + grewBytes, 0);
  assert.ok(Math.abs(sum - growth.grewBytes) < 1);
  assert.equal(rounded(growth.parts[0]!.grewBytes), 59);
  assert.equal(rounded(growth.parts[0]!.bytesPerHour), 1182);
  assert.ok(growth.parts[1]!.grewBytes < 0);
});

test('only readings since the trend began count, with the one just before it', () => {
  const parts = columns([0, 50, 95, 200, 300], { 'direct-buffers': [500, 0, 10, 110, 210] });
  const growth = anonGrowth(parts, 100, 300)!;
  assert.deepEqual([growth.fromS, growth.toS, growth.readings], [95, 300, 3]);
  assert.equal(rounded(growth.grewBytes), 200);
});

test('a reading in the trend counts as its first one if it is nearer to its start than the one before', () => {
  const parts = columns([0, 50, 120, 200], { 'direct-buffers': [0, 500, 10, 110] });
  assert.equal(anonGrowth(parts, 100, 200)!.fromS, 120);
});

test('the bytes of a part are those of its newest reading; a part without any, or that the ledger does not know, is left out', () => {
  const growth = anonGrowth(columns([0, 60], { 'malloc-heap': [5, 30], metaspace: [0, 0], 'of-tomorrow': [0, 90] }), 0, 60)!;
  assert.deepEqual(
    growth.parts.map(({ id, bytes }) => [id, rounded(bytes)]),
    [['malloc-heap', 30]],
  );
});

test('where a trend has just begun, the last two readings that are 8 seconds apart count', () => {
  const close = anonGrowth(columns([0, 60, 120, 122], { 'java-heap': [0, 0, 30, 30] }), 121, 122)!;
  assert.deepEqual([close.fromS, close.toS], [60, 122]);
  assert.equal(anonGrowth(columns([0, 8], { 'java-heap': [0, 30] }), 8, 8)!.fromS, 0);
  const growth = anonGrowth(columns([0, 10, 20], { 'java-heap': [0, 0, 30] }), 25, 26)!;
  assert.deepEqual([growth.fromS, growth.toS], [10, 20]);
});

test('one reading, readings within seconds, or growth of less than 4 MiB tell nothing', () => {
  assert.equal(anonGrowth(columns([], {}), 0, 100), null);
  assert.equal(anonGrowth(columns([0], { 'java-heap': [10] }), 0, 100), null);
  assert.equal(anonGrowth(columns([0, 5], { 'java-heap': [10, 90] }), 0, 100), null);
  assert.equal(anonGrowth(columns([0, 60], { 'malloc-arenas': [10, 13] }), 0, 100), null);
  assert.notEqual(anonGrowth(columns([0, 60], { 'malloc-arenas': [10, 14] }), 0, 100), null);
});

test('of a heap 1 MiB tells, if it is most of what grew: its pages are touched for the first time', () => {
  const grew = (heap: number, arenas: number) =>
    anonGrowth(columns([0, 60], { 'java-heap': [10, 10 + heap], 'malloc-arenas': [5, 5 + arenas] }), 0, 100) !== null;
  assert.deepEqual([grew(1, 0), grew(0.9, 0), grew(1.5, 0.5), grew(1.5, 1)], [true, false, true, false]);
});

test('readings after the time of the verdict do not count', () => {
  assert.equal(anonGrowth(columns([0, 60, 120], { 'java-heap': [10, 10, 90] }), 0, 60), null);
});

test('a part of anonymous memory indicates a cause, other parts of the ledger none', () => {
  const of = (cause: string) => Object.keys(LEDGER_PARTS).filter((id) => causeOfPart(id as LedgerPartId) === cause);
  assert.deepEqual(of('heap'), ['java-heap']);
  assert.deepEqual(of('metaspace').sort(), ['class-archive', 'class-space', 'metaspace']);
  assert.deepEqual(of('threads'), ['thread-stacks']);
  assert.deepEqual(of('process'), ['other-process']);
  assert.equal(of('native').length, 7);
  assert.equal(causeOfPart('page-cache'), null);
});

test('what a process of the same name held that was killed before is no part of the growth of the living one', () => {
  const helper = (t: readonly number[], mib: readonly number[], sinceS: number) => ({
    t: Float64Array.from(t),
    parts: [
      {
        ...{ id: 'other-process', name: 'convert' },
        process: { processes: 1, pid: 9, parent: null, lives: { sinceS, earlier: null } },
        bytes: Float64Array.from(mib, (m) => m * MIB),
      },
    ],
  });
  const paceSince = (fromS: number, ...args: Parameters<typeof helper>) =>
    Math.round(anonGrowth(helper(...args), fromS, 20)!.parts[0]!.bytesPerHour / MIB / 3600);
  assert.equal(paceSince(16, [10, 12, 15, 17, 18, 20], [90, 110, 130, 5, 14, 32], 17), 9);
  assert.equal(paceSince(19, [10, 12, 15, 20], [90, 110, 130, 15], 20), 3, 'read once, it grew from nothing');
  // A trend that goes on across its end: the one that is there now replaces the other.
  assert.equal(paceSince(10, [10, 12, 15, 17, 18, 20], [30, 30, 30, 30, 30, 62], 17), 2);
});

test('a process that lived for a moment, such as jcmd, has not grown once it is gone', () => {
  const heap = columns([0, 10, 20, 30], { 'java-heap': [10, 10, 40, 44] });
  const jcmd = (mib: readonly number[]) => ({
    ...{ id: 'other-process', name: 'jcmd', process: { processes: 1, pid: 9, parent: null, lives: null } },
    bytes: Float64Array.from(mib, (m) => m * MIB),
  });
  const grown = (mib: readonly number[]) => anonGrowth({ ...heap, parts: [...heap.parts, jcmd(mib)] }, 0, 30)!;
  assert.deepEqual(
    grown([0, 0, 20, 0]).parts.map(({ name }) => name),
    ['java-heap'],
  );
  assert.deepEqual(
    grown([0, 0, 20, 25]).parts.map(({ name }) => name),
    ['java-heap', 'jcmd'],
  );
});
