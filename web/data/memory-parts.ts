/** The parts of the stack, bottom first: what can kill is solid and lies below; what can be taken back is hatched, on top. */
export interface StackPart {
  readonly id: string;
  readonly title: string;
  readonly hue: string;
  readonly reclaimable: boolean;
  /** Name of the ledger part that it belongs to, for the tool table. */
  readonly ledgerPart: string;
  readonly bytes: (v: Values) => number | null;
}

export type Values = (field: string) => number | null;

const nonNegativeDifference = (a: number | null, b: number | null): number | null =>
  a === null ? null : Math.max(0, a - (b ?? 0));

/** What a JVM of usual size has beside heap and metaspace, as the ledger takes it, too (ledger/anon.ts). */
const TYPICAL_NATIVE_BYTES = 32 * 2 ** 20;
/** ZGC keeps the Java heap in shared memory. */
let heapIsShared = false;
export const setCollector = (collector: string | null): void => {
  heapIsShared = collector === 'ZGC';
};

/** The resident heap lies between used and committed; within that it is what anon has beyond a usual JVM's own. */
const heap = (v: Values): number | null => {
  const whole = v(heapIsShared ? 'shmem' : 'anon');
  const most = v('heap_committed') ?? v('heap_used');
  if (whole === null || most === null) return null;
  if (heapIsShared) return Math.min(whole, most);
  const likely = whole - (v('metaspace') ?? 0) - TYPICAL_NATIVE_BYTES;
  return Math.min(whole, most, Math.max(likely, v('heap_used') ?? 0));
};
const heapOf = (v: Values, shared: boolean): number | null => (shared === heapIsShared ? heap(v) : 0);

export const PARTS: readonly StackPart[] = [
  {
    id: 'heap',
    title: 'Java heap',
    hue: 'heap',
    reclaimable: false,
    get ledgerPart() {
      return heapIsShared ? 'tmpfs and shared memory' : 'anon';
    },
    bytes: heap,
  },
  {
    id: 'metaspace',
    title: 'metaspace',
    hue: 'meta',
    reclaimable: false,
    ledgerPart: 'anon',
    bytes: (v) =>
      v('metaspace') === null ? null : Math.min(v('metaspace')!, nonNegativeDifference(v('anon'), heapOf(v, false)) ?? 0),
  },
  {
    id: 'native',
    title: 'other anonymous',
    hue: 'native',
    reclaimable: false,
    ledgerPart: 'anon',
    bytes: (v) => nonNegativeDifference(nonNegativeDifference(v('anon'), heapOf(v, false)), v('metaspace')),
  },
  {
    id: 'shmem',
    title: 'tmpfs, shared',
    hue: 'shmem',
    reclaimable: false,
    ledgerPart: 'tmpfs and shared memory',
    bytes: (v) => nonNegativeDifference(v('shmem'), heapOf(v, true)),
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
    ledgerPart: 'page cache',
    bytes: (v) => nonNegativeDifference(v('file'), v('shmem')),
  },
];
