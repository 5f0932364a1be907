/** The parts of the stack, bottom first: what can kill is solid and lies below; what can be taken back is hatched, on top. */
export interface Part {
  readonly id: string;
  readonly title: string;
  readonly hue: string;
  readonly reclaimable: boolean;
  /** Name of the ledger part that it belongs to, for the tool table. */
  readonly ledger: string;
  readonly bytes: (v: Values) => number | null;
}

export type Values = (field: string) => number | null;

const less = (a: number | null, b: number | null): number | null => (a === null ? null : Math.max(0, a - (b ?? 0)));

/** The resident heap lies between used and committed; the part of anon that may be heap is drawn as heap. */
const heap = (v: Values): number | null => {
  const anon = v('anon');
  const committed = v('heap_committed') ?? v('heap_used');
  return anon === null || committed === null ? null : Math.min(anon, committed);
};

export const PARTS: readonly Part[] = [
  { id: 'heap', title: 'Java heap', hue: 'heap', reclaimable: false, ledger: 'anon', bytes: heap },
  {
    id: 'metaspace',
    title: 'metaspace',
    hue: 'meta',
    reclaimable: false,
    ledger: 'anon',
    bytes: (v) => (v('metaspace') === null ? null : Math.min(v('metaspace')!, less(v('anon'), heap(v)) ?? 0)),
  },
  {
    id: 'native',
    title: 'other anonymous',
    hue: 'native',
    reclaimable: false,
    ledger: 'anon',
    bytes: (v) => less(less(v('anon'), heap(v)), v('metaspace')),
  },
  {
    id: 'shmem',
    title: 'tmpfs, shared',
    hue: 'shmem',
    reclaimable: false,
    ledger: 'tmpfs and shared memory',
    bytes: (v) => v('shmem'),
  },
  {
    id: 'kernel',
    title: 'kernel',
    hue: 'kernel',
    reclaimable: false,
    ledger: 'kernel',
    bytes: (v) => less(v('kernel'), v('slab_reclaimable')),
  },
  {
    id: 'slab',
    title: 'reclaimable slab',
    hue: 'kernel',
    reclaimable: true,
    ledger: 'kernel',
    bytes: (v) => v('slab_reclaimable'),
  },
  {
    id: 'cache',
    title: 'page cache',
    hue: 'cache',
    reclaimable: true,
    ledger: 'page cache',
    bytes: (v) => less(v('file'), v('shmem')),
  },
];
