import type { LedgerPartId, TopPartId } from '../../src/diagnosis/ledger/part-table.ts';
import type { FieldId } from '../../src/fields.ts';
import { residentHeap } from '../../src/memory-facts.ts';
import { type Collector, heapCountedIn } from '../../src/sources/jvm/collectors.ts';

/** A part of the stacked chart. Unreclaimable parts are solid and at the bottom; reclaimable parts are hatched and on top. */
export interface StackPart {
  readonly id: 'heap' | 'metaspace' | 'native' | 'hugetlb' | 'shmem' | 'kernel' | 'sock' | 'slab' | 'cache';
  readonly title: string;
  readonly hue: string;
  readonly reclaimable: boolean;
  /** The top-level ledger part to which it belongs. */
  readonly ledgerPart: TopPartId;
  readonly bytes: (v: Values) => number | null;
}

export type Values = (field: FieldId) => number | null;

const nonNegativeDifference = (a: number | null, b: number | null): number | null =>
  a === null ? null : Math.max(0, a - (b ?? 0));

function heapInAnon(v: Values): number | null {
  const [anon, most] = [v('anon'), v('heap_committed') ?? v('heap_used')];
  if (anon === null || most === null) return null;
  return residentHeap(anon, v('metaspace') ?? 0, { used: v('heap_used') ?? 0, committed: most });
}

function heapInShmem(v: Values): number | null {
  const [shmem, most] = [v('shmem'), v('heap_committed') ?? v('heap_used')];
  return shmem === null || most === null ? null : Math.min(shmem, most);
}

/** The parts, bottom first. Ids, titles and order do not depend on where the heap is counted. On cgroup v1, socket buffers are not part of usage. */
function partsWithHeapIn(place: 'anon' | 'shmem', version: 1 | 2): readonly StackPart[] {
  const heap = place === 'anon' ? heapInAnon : heapInShmem;
  const restOf = (field: 'anon' | 'shmem', v: Values): number | null =>
    nonNegativeDifference(v(field), field === place ? heap(v) : 0);
  return [
    { id: 'heap', title: 'Java heap', hue: 'heap', reclaimable: false, ledgerPart: place, bytes: heap },
    {
      id: 'metaspace',
      title: 'metaspace',
      hue: 'meta',
      reclaimable: false,
      ledgerPart: 'anon',
      bytes: (v) => (v('metaspace') === null ? null : Math.min(v('metaspace')!, restOf('anon', v) ?? 0)),
    },
    {
      id: 'native',
      title: 'other anonymous',
      hue: 'native',
      reclaimable: false,
      ledgerPart: 'anon',
      bytes: (v) => nonNegativeDifference(restOf('anon', v), v('metaspace')),
    },
    {
      id: 'hugetlb',
      title: 'huge pages',
      hue: 'native',
      reclaimable: false,
      ledgerPart: 'hugetlb',
      bytes: (v) => v('hugetlb') ?? 0,
    },
    {
      id: 'shmem',
      title: 'tmpfs, shared',
      hue: 'shmem',
      reclaimable: false,
      ledgerPart: 'shmem',
      bytes: (v) => restOf('shmem', v),
    },
    {
      id: 'kernel',
      title: 'kernel',
      hue: 'kernel',
      reclaimable: false,
      ledgerPart: 'kernel',
      bytes: (v) => nonNegativeDifference(v('kernel'), v('slab_reclaimable')),
    },
    {
      id: 'sock',
      title: 'socket buffers',
      hue: 'kernel',
      reclaimable: false,
      ledgerPart: 'sock',
      bytes: (v) => (version === 1 ? 0 : v('sock')),
    },
    {
      id: 'slab',
      title: 'reclaimable slab',
      hue: 'kernel',
      reclaimable: true,
      ledgerPart: 'kernel',
      bytes: (v) => v('slab_reclaimable'),
    },
    {
      id: 'cache',
      title: 'page cache',
      hue: 'cache',
      reclaimable: true,
      ledgerPart: 'page-cache',
      bytes: (v) => nonNegativeDifference(v('file'), v('shmem')),
    },
  ];
}

const PARTS = {
  anon: { 1: partsWithHeapIn('anon', 1), 2: partsWithHeapIn('anon', 2) },
  shmem: { 1: partsWithHeapIn('shmem', 1), 2: partsWithHeapIn('shmem', 2) },
};

/** The facts that decide how memory is divided: the JVM's collector (null: no JVM, or not known), and the cgroup version. */
export interface StackBasis {
  readonly collector: Collector | null;
  readonly version: 1 | 2;
}

/** The parts of a container, bottom first. */
export const stackParts = ({ collector, version }: StackBasis): readonly StackPart[] => PARTS[heapCountedIn(collector)][version];

/** The top-level ledger part that contains the files of a part of the chart. */
export const FILE_PARTS = { cache: 'page-cache', shmem: 'shmem' } as const satisfies Partial<
  Record<StackPart['id'], LedgerPartId>
>;
