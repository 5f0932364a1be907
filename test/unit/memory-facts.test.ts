import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FieldId, fieldName, fieldRow, partsOf } from '../../src/fields.ts';
import {
  headroom,
  limitWithSwap,
  readerOf,
  residentHeap,
  UNRECLAIMABLE_FIELDS,
  unreclaimable,
  unreclaimableWithSwap,
  versionOf,
} from '../../src/memory-facts.ts';
import { MIB } from '../../src/units.ts';

const of = (values: Record<string, number>, version: 1 | 2 = 2) => unreclaimable(readerOf(values), version);

test('anon, tmpfs, kernel memory less reclaimable slab, and socket buffers cannot be reclaimed', () => {
  assert.equal(of({ anon: 1700, shmem: 7, kernel: 60, slab_reclaimable: 40, sock: 300, file: 27 }), 1700 + 7 + 20 + 300);
});

test('on cgroup v1 socket buffers have a separate limit and do not count', () => {
  assert.equal(of({ anon: 1700, kernel: 60, sock: 300 }, 1), 1760);
});

test('if the sum of kernel memory is missing, its parts replace it', () => {
  assert.equal(of({ anon: 100, slab: 50, slab_reclaimable: 30, kernel_stack: 5, pagetables: 7 }), 100 + 20 + 5 + 7);
});

test('page cache that is locked in memory counts, locked anonymous memory counts once', () => {
  const lists = { anon: 100, active_anon: 60, inactive_anon: 40, file: 80, active_file: 20, inactive_file: 30, unevictable: 30 };
  assert.equal(of(lists), 130, 'all of the unevictable list is page cache');
  assert.equal(of({ ...lists, active_anon: 40 }), 110, '20 of the 30 on the list are anonymous');
  assert.equal(of({ ...lists, unevictable: 500 }), 180, 'no more than there is page cache');
});

test('without anon it is not known, and a value that is not finite counts as missing', () => {
  assert.equal(of({ shmem: 5 }), null);
  assert.equal(of({ anon: Number.NaN }), null);
  assert.equal(of({ anon: 5, sock: Number.NaN }), 5);
});

test('headroom is what is left until the limit, never less than none, and not known without a limit', () => {
  const read = readerOf({ anon: 1700 * MIB, sock: 300 * MIB });
  assert.equal(headroom(read, 2048 * MIB, 2), 48 * MIB);
  assert.equal(headroom(read, 1024 * MIB, 2), 0);
  assert.equal(headroom(read, 'max', 2), null);
  assert.equal(headroom(read, null, 2), null);
  assert.equal(headroom(readerOf({}), 2048 * MIB, 2), null);
});

/** What a field is a part of, and what that is a part of in turn. */
function sumsAbove(id: FieldId): FieldId[] {
  const above = fieldRow(id).partOf;
  return above === null ? [] : [above, ...sumsAbove(above)];
}

test('each field of the table that the kernel cannot take back, and that is part of another, counts once', () => {
  assert.ok(UNRECLAIMABLE_FIELDS.includes('anon') && UNRECLAIMABLE_FIELDS.includes('kernel_stack'));
  for (const id of UNRECLAIMABLE_FIELDS) {
    assert.equal(fieldRow(id).reclaimable, false, id);
    const sums = sumsAbove(id);
    assert.deepEqual(
      sums.filter((sum) => UNRECLAIMABLE_FIELDS.includes(sum)),
      [],
      `${id} would count twice`,
    );
    const values = Object.fromEntries([id, ...sums].map((field) => [field, 700]));
    assert.equal(of({ anon: 0, ...values, file: 0 }), 700, `${id} counts: see unreclaimable() in src/memory-facts.ts`);
  }
});

test('a part of kernel memory counts where the kernel gives no sum', () => {
  for (const id of partsOf('kernel')) assert.equal(of({ anon: 100, [id]: 7 }), 107, id);
});

test('the resident heap lies between used and committed, and leaves room for metaspace and native memory', () => {
  const heap = (anon: number, used: number, committed: number) =>
    residentHeap(anon * MIB, 10 * MIB, { used: used * MIB, committed: committed * MIB }) / MIB;
  assert.equal(heap(500, 100, 300), 300, 'anon holds more than the committed heap');
  assert.equal(heap(242, 100, 300), 200, 'anon less metaspace and 32 MiB of native memory');
  assert.equal(heap(120, 100, 300), 100, 'no less than what is used');
  assert.equal(heap(80, 100, 300), 80, 'no more than there is anon');
});

test('the cgroup version of a series is that of the fields which only one version has', () => {
  const version = (...ids: string[]) => versionOf(new Set(ids.map(fieldName)));
  assert.equal(version('usage', 'anon', 'kernel', 'memsw_usage'), 1);
  assert.equal(version('usage', 'anon', 'kernel', 'sock'), 1);
  assert.equal(version('usage', 'kernel', 'slab_unreclaimable'), 2);
  assert.equal(version('usage', 'pagetables'), 2);
  assert.equal(version('usage', 'anon', 'sock'), 2, 'v1 has one figure for kernel memory as well');
});

test('a limit that is shared is what others leave of it', () => {
  const read = readerOf({ anon: 100 * MIB, held_elsewhere: 300 * MIB });
  assert.equal(limitWithSwap(read, 1024 * MIB), 724 * MIB);
  assert.equal(limitWithSwap(read, 'max'), 'max');
  assert.equal(limitWithSwap(readerOf({ held_elsewhere: 900 }), 400), 0);
});

test('what is swapped out counts with what cannot be reclaimed, and ends at the limit of memory and swap', () => {
  const read = (values: Record<string, number>) =>
    readerOf(Object.fromEntries(Object.entries(values).map(([id, mib]) => [id, mib * MIB])));
  const swapping = { anon: 900, swap: 400 };
  assert.equal(unreclaimableWithSwap(read(swapping)), 1300 * MIB);
  assert.equal(limitWithSwap(read({ ...swapping, swap_limit: 500 }), 1024 * MIB), 1524 * MIB);
  assert.equal(limitWithSwap(read({ ...swapping, memsw_limit: 2000 }), 1024 * MIB, 1), 2000 * MIB);
  assert.equal(limitWithSwap(read(swapping), 1024 * MIB), null, 'swap has no limit of its own');
  assert.equal(limitWithSwap(read(swapping), 1024 * MIB, 1), null);
  assert.equal(limitWithSwap(read({ ...swapping, swap: 0, swap_limit: 500 }), 1024 * MIB), 1024 * MIB, 'swap is not used');
  assert.equal(limitWithSwap(read({ ...swapping, swap: 0 }), 'max'), 'max');
});
