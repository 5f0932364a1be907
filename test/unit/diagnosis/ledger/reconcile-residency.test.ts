import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcileResidency } from '../../../../src/diagnosis/ledger/reconcile-residency.ts';

const file = (residentBytes: number | null, kind: 'disk' | 'tmpfs' | null = 'disk') => ({
  residentBytes,
  fileSystem: kind === null ? null : { kind, freeBytes: 1, totalBytes: 2 },
});

test('files on disks and in tmpfs are added up apart, and what no file explains is left', () => {
  const files = [file(30), file(20, null), file(null), file(10, 'tmpfs')];
  assert.deepEqual(reconcileResidency(files, 100, 15), {
    tmpfsBytes: 10,
    diskBytes: 50,
    unattributedBytes: 40,
    diskScale: 1,
    tmpfsScale: 1,
    exceeds: false,
    note: null,
  });
});

test('files that hold more than the container is charged for are scaled, each kind by itself, and it is said', () => {
  const disk = reconcileResidency([file(200), file(10, 'tmpfs')], 120, 20);
  assert.deepEqual([disk.diskScale, disk.tmpfsScale, disk.unattributedBytes, disk.exceeds], [0.5, 1, 10, true]);
  assert.match(disk.note ?? '', /first touched by another container/);
  const tmpfs = reconcileResidency([file(50), file(80, 'tmpfs')], 120, 20);
  assert.deepEqual([tmpfs.diskScale, tmpfs.tmpfsScale, tmpfs.unattributedBytes, tmpfs.exceeds], [1, 0.25, 50, true]);
});

test('counters lag, so up to two hundredths more are no contradiction', () => {
  assert.equal(reconcileResidency([file(102)], 100, 0).diskScale, 1);
  assert.equal(reconcileResidency([file(103)], 100, 0).diskScale, 100 / 103);
  assert.equal(reconcileResidency([file(102)], 100, 0).unattributedBytes, 0);
});

test('without a figure for shared memory the files of tmpfs count as it, at most all of the cache', () => {
  assert.equal(reconcileResidency([file(100), file(50, 'tmpfs')], 100, null).diskScale, 0.5);
  assert.equal(reconcileResidency([file(100), file(500, 'tmpfs')], 100, null).diskScale, 0);
  assert.equal(reconcileResidency([file(100)], 10, 50).diskScale, 0);
});

test('without a figure for the cache nothing is scaled or left over', () => {
  const { diskScale, tmpfsScale, unattributedBytes, exceeds } = reconcileResidency([file(100)], null, null);
  assert.deepEqual([diskScale, tmpfsScale, unattributedBytes, exceeds], [1, 1, null, false]);
});
