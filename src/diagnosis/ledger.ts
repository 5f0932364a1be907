import { safeName } from '../format.ts';
import type { FileReading, JvmReading, Limit } from '../sources/types.ts';
import type { Ledger, LedgerPart } from './types.ts';

export interface LedgerInput {
  readonly atMs: number;
  readonly version: 1 | 2;
  /** The newest cgroup values by canonical field id, bytes. */
  readonly values: Readonly<Record<string, number>>;
  readonly limitBytes: Limit;
  /** CPUs online on the node, not those of the container: charge batches are per CPU. */
  readonly cpusOnline: number;
  readonly jvm: JvmReading | null;
  readonly files: readonly FileReading[];
  /** anon by its mappings, where smaps was read; empty: only what hsperfdata tells. */
  readonly anonParts: readonly LedgerPart[];
}

/** Per CPU, usage may run ahead by 64 pages since Linux 6.1 ("memcg: increase MEMCG_CHARGE_BATCH to 64"), 32 before. */
const CHARGE_BATCH_BYTES = 256 * 1024;

/**
 * Every byte of the cgroup's usage under a name. v2: current = anon + file + kernel + sock; v1: usage = rss + cache + kmem
 * (kmem.tcp is a counter of its own there and not part of usage). What is left is `unexplained`, and stands beside its bound.
 */
export function ledger(input: LedgerInput): Ledger {
  const { values, version } = input;
  const at = new Date(input.atMs).toISOString();
  const read = (name: string, bytes: number, reclaimable: boolean | null, rest: Partial<LedgerPart> = {}): LedgerPart => ({
    name,
    bytes,
    lowBytes: bytes,
    highBytes: bytes,
    reclaimable,
    how: 'read',
    at,
    ...rest,
  });
  const total = values.usage ?? 0;
  const shmem = values.shmem ?? 0;
  const cache = Math.max(0, (values.file ?? 0) - shmem);
  const parts: LedgerPart[] = [
    read('anon', values.anon ?? 0, false, withParts(anonParts(input, at))),
    read('page cache', cache, true, {
      how: 'derived',
      note: 'file less shmem',
      ...withParts(fileParts(input.files, 'disk', cache, at)),
    }),
    read(
      'tmpfs and shared memory',
      shmem,
      false,
      withParts([...sharedHeap(input, shmem, at), ...fileParts(input.files, 'tmpfs', shmem, at)]),
    ),
    kernelPart(input, read),
  ];
  if (version === 2) parts.push(read('socket buffers', values.sock ?? 0, false));
  const unexplained = total - parts.reduce((sum, p) => sum + p.bytes, 0);
  return {
    at,
    totalBytes: total,
    limitBytes: input.limitBytes,
    boundBytes: Math.round(Math.max(0.02 * total, input.cpusOnline * CHARGE_BATCH_BYTES)),
    unexplainedBytes: unexplained,
    boundNote: `usage runs ahead by up to 256 KiB on each of the node's ${input.cpusOnline} CPUs (charge batches), and memory.stat lags by up to 2 s: below max(2 %, CPUs x 256 KiB) nothing can be told`,
    parts,
  };
}

const withParts = (parts: readonly LedgerPart[]): { parts?: readonly LedgerPart[] } => (parts.length > 0 ? { parts } : {});

function anonParts(input: LedgerInput, at: string): LedgerPart[] {
  if (input.anonParts.length > 0) return [...input.anonParts];
  const anon = input.values.anon ?? 0;
  const { jvm } = input;
  if (jvm === null || anon === 0) return [];
  // ZGC keeps its heap in shared memory: nothing of it is anon.
  if (isZgc(jvm)) return [];
  const parts: LedgerPart[] = [];
  const heapHigh = Math.min(anon, jvm.heapCommitted.value);
  const heapLow = Math.min(heapHigh, jvm.heapUsed.value);
  parts.push({
    name: 'Java heap',
    bytes: heapHigh,
    lowBytes: heapLow,
    highBytes: heapHigh,
    reclaimable: false,
    how: 'estimated',
    at,
    note: 'between used and committed: committed pages that were never touched are not resident',
  });
  let rest = anon - heapHigh;
  if (jvm.metaspace !== null) {
    const bytes = Math.min(rest, jvm.metaspace.used.value);
    parts.push({
      name: 'metaspace',
      bytes,
      lowBytes: bytes,
      highBytes: Math.min(rest, Math.max(bytes, jvm.metaspace.committed)),
      reclaimable: false,
      how: 'estimated',
      at,
    });
    rest -= bytes;
  }
  parts.push({
    name: 'native: code cache, stacks, GC, malloc, direct buffers',
    bytes: rest,
    lowBytes: Math.max(0, rest),
    highBytes: rest + (heapHigh - heapLow),
    reclaimable: false,
    how: 'derived',
    at,
  });
  return parts;
}

/** ZGC keeps the Java heap in shared memory: what most tools call cache is heap there, and stays. */
function sharedHeap(input: LedgerInput, shmem: number, at: string): LedgerPart[] {
  const { jvm } = input;
  if (jvm === null || !isZgc(jvm) || shmem === 0) return [];
  const bytes = Math.min(shmem, jvm.heapCommitted.value);
  return [
    {
      name: 'Java heap',
      bytes,
      lowBytes: Math.min(bytes, jvm.heapUsed.value),
      highBytes: bytes,
      reclaimable: false,
      how: 'estimated',
      at,
      note: 'ZGC maps its heap as shared memory',
    },
  ];
}

const isZgc = (jvm: JvmReading): boolean => jvm.collector === 'ZGC';

/** Named files; residency is node-wide, so a sum above the cgroup's own figure is scaled down to it. */
function fileParts(files: readonly FileReading[], kind: 'disk' | 'tmpfs', whole: number, at: string): LedgerPart[] {
  const named = files.filter((f) => (f.fileSystem?.kind ?? 'disk') === kind && f.residentBytes !== null && f.residentBytes > 0);
  const sum = named.reduce((s, f) => s + f.residentBytes!, 0);
  const scale = sum > whole && sum > 0 ? whole / sum : 1;
  const parts = [...named]
    .sort((a, b) => b.residentBytes! - a.residentBytes!)
    .slice(0, 20)
    .map((f): LedgerPart => {
      const bytes = Math.round(f.residentBytes! * scale);
      return {
        name: safeName(f.path),
        bytes,
        lowBytes: scale < 1 ? 0 : bytes,
        highBytes: Math.min(whole, f.residentBytes!),
        reclaimable: kind === 'disk',
        how: scale < 1 ? 'estimated' : 'measured',
        at,
        note: f.method,
      };
    });
  const rest = whole - parts.reduce((s, p) => s + p.bytes, 0);
  if (parts.length > 0 && rest > 0)
    parts.push({
      name: kind === 'disk' ? 'other files, libraries and jars' : 'other tmpfs files',
      bytes: rest,
      lowBytes: 0,
      highBytes: rest,
      reclaimable: kind === 'disk',
      how: 'derived',
      at,
    });
  return parts;
}

const KERNEL_PARTS: readonly (readonly [string, string, boolean])[] = [
  ['slab_reclaimable', 'reclaimable slab (dentries, inodes, buffer heads)', true],
  ['slab_unreclaimable', 'unreclaimable slab', false],
  ['kernel_stack', 'kernel stacks', false],
  ['pagetables', 'page tables', false],
  ['sec_pagetables', 'secondary page tables', false],
  ['percpu', 'per-CPU', false],
  ['vmalloc', 'vmalloc', false],
];

function kernelPart(
  input: LedgerInput,
  read: (name: string, bytes: number, reclaimable: boolean | null, rest?: Partial<LedgerPart>) => LedgerPart,
): LedgerPart {
  const kernel = input.values.kernel ?? 0;
  if (input.version === 1)
    return read('kernel', kernel, null, {
      note: 'cgroup v1 gives one figure for all kernel memory; about 3 % of page cache on ext4 is slab that comes with it',
    });
  const parts = KERNEL_PARTS.filter(([id]) => (input.values[id] ?? 0) > 0).map(([id, name, reclaimable]) =>
    read(name, input.values[id]!, reclaimable),
  );
  const rest = kernel - parts.reduce((s, p) => s + p.bytes, 0);
  if (parts.length > 0 && rest > 0) parts.push(read('other kernel memory', rest, null, { how: 'derived' }));
  return read('kernel', kernel, null, withParts(parts));
}
