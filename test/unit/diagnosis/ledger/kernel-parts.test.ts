import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLedger } from '../../../../src/diagnosis/ledger/ledger.ts';
import { toolViews } from '../../../../src/diagnosis/tool-views.ts';
import { fieldRow, smallestPartsOf } from '../../../../src/fields.ts';

const ledgerOf = (values: Record<string, number>, version: 1 | 2 = 2) =>
  buildLedger({
    atMs: 0,
    version,
    values,
    limitBytes: 'max',
    cpusOnline: 1,
    jvm: null,
    files: [],
    namedFiles: [],
    mappings: null,
    others: [],
  });
const kernelOf = (values: Record<string, number>, version: 1 | 2 = 2) =>
  ledgerOf(values, version).parts.find(({ id }) => id === 'kernel');

test('each smallest part of kernel memory in the table of fields is a part of the ledger, and what is left is other', () => {
  const fields = smallestPartsOf('kernel');
  assert.ok(fields.length > 3);
  const bytes = (i: number) => 1000 + i;
  const values = Object.fromEntries(fields.map((id, i) => [id, bytes(i)]));
  const sum = fields.reduce((all, _, i) => all + bytes(i), 0);
  const parts = kernelOf({ ...values, kernel: sum + 5 })?.parts ?? [];
  assert.deepEqual(
    parts.map((part) => [part.bytes, part.reclaimable]),
    [...fields.map((id, i) => [bytes(i), fieldRow(id).reclaimable]), [5, null]],
  );
  for (const [i, id] of fields.entries()) assert.ok(parts[i]!.name.startsWith(fieldRow(id).title.slice(1).split(' ')[0]!, 1), id);
  assert.equal(parts.at(-1)!.name, 'other kernel memory');
});

test('cgroup v1 has one figure for all of it', () => {
  assert.equal(kernelOf({ kernel: 900, slab_reclaimable: 100 }, 1)?.parts, undefined);
});

test('huge pages are a part where the kernel charges them to the container, and no part where it does not', () => {
  const values = { usage: 1300, anon: 100, kernel: 100, sock: 100, hugetlb: 1000 };
  const ledger = ledgerOf(values);
  assert.equal(ledger.unexplainedBytes, 0);
  const { name, bytes, reclaimable } = ledger.parts.find(({ id }) => id === 'hugetlb')!;
  assert.deepEqual([name, bytes, reclaimable], ['huge pages (hugetlb)', 1000, false]);
  assert.ok(ledgerOf({ ...values, hugetlb: 0 }).parts.every(({ id }) => id !== 'hugetlb'));
  const counting = (huge: number) =>
    toolViews({ ...values, hugetlb: huge }, 2, null, null).filter(({ countedParts }) => countedParts.includes('hugetlb'));
  assert.ok(counting(1000).some(({ id }) => id === 'kubectl-top') && counting(1000).some(({ id }) => id === 'unreclaimable'));
  assert.deepEqual(counting(0), []);
});
