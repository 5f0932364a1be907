import type { FieldValues } from '../../fields.ts';
import type { ProcessesByName } from '../../sources/process/other-processes.ts';
import type { FileReading, JvmReading, Limit } from '../../sources/types.ts';
import { KIB } from '../../units.ts';
import type { Ledger, LedgerPart } from '../types.ts';
import { anonParts, type Mappings, sharedHeap } from './anon-part.ts';
import { exactPart, sumOfParts, withParts } from './ledger-part.ts';
import { pageCacheParts, tmpfsParts } from './page-cache-part.ts';
import { KERNEL_LEDGER_PARTS, type NamedPartId } from './part-table.ts';

export interface LedgerInput {
  readonly atMs: number;
  readonly version: 1 | 2;
  /** The newest cgroup values by canonical field id, bytes. */
  readonly values: FieldValues;
  readonly limitBytes: Limit;
  /** CPUs online on the node, not those of the container: charge batches are per CPU. */
  readonly cpusOnline: number;
  readonly jvm: JvmReading | null;
  readonly files: readonly FileReading[];
  /** Folders and groups of files that the verdict names. */
  readonly namedFiles: readonly string[];
  /** The JVM's mappings; null: they were not read, so only hsperfdata is known. */
  readonly mappings: Mappings | null;
  /** The container's processes other than the JVM. */
  readonly others: readonly ProcessesByName[];
}

/** Per CPU, usage may run ahead by 64 pages since Linux 6.1 ("memcg: increase MEMCG_CHARGE_BATCH to 64"), 32 before. */
const CHARGE_BATCH_BYTES = 256 * KIB;

/**
 * Divides all bytes of the cgroup's usage into named parts. v2: current = anon + file + kernel + sock, and hugetlb if the cgroup tree is mounted with
 * memory_hugetlb_accounting; v1: usage = rss + cache + kmem
 * (kmem.tcp is a separate counter there and not part of usage). The remainder is `unexplained`, with its bound.
 */
export function buildLedger(input: LedgerInput): Ledger {
  const { values, version } = input;
  const at = new Date(input.atMs).toISOString();
  const read: Read = (id, bytes, rest = {}) => exactPart(id, bytes, { how: 'read', at, ...rest });
  const total = values.usage ?? 0;
  const shmem = values.shmem ?? 0;
  const cache = Math.max(0, (values.file ?? 0) - shmem);
  const heap = sharedHeap(input, shmem);
  const { mappings } = input;
  const mapped = mappings === null ? null : { files: mappings.split.mappedFiles, chargedBytes: values.file_mapped ?? null };
  const parts: LedgerPart[] = [
    read('anon', values.anon ?? 0, {
      ...(mappings?.split.heapInHugePages ? { note: HUGE_PAGES } : {}),
      ...(mappings?.split.heapInFile ? { note: HEAP_FILE } : {}),
      ...withParts(anonParts({ ...input, anonBytes: values.anon ?? 0 })),
    }),
    read('page-cache', cache, {
      how: 'derived',
      note: 'file less shmem',
      pageStates: pageStates(values),
      ...withParts(pageCacheParts(input.files, cache, at, mapped, input.namedFiles)),
    }),
    read('shmem', shmem, withParts([...heap, ...tmpfsParts(input.files, shmem - sumOfParts(heap), at, input.namedFiles)])),
    kernelPart(input, read),
  ];
  if (version === 2) parts.push(read('sock', values.sock ?? 0));
  if ((values.hugetlb ?? 0) > 0) parts.push(read('hugetlb', values.hugetlb!));
  const unexplained = total - sumOfParts(parts);
  return {
    at,
    totalBytes: total,
    limitBytes: input.limitBytes,
    boundBytes: Math.round(Math.max(0.02 * total, input.cpusOnline * CHARGE_BATCH_BYTES)),
    unexplainedBytes: unexplained,
    boundNote: `usage runs ahead by up to 256 KiB on each of the node's ${input.cpusOnline} CPUs (charge batches), and memory.stat lags by up to 2 s: an unexplained part below max(2 %, CPUs x 256 KiB) means nothing`,
    ...sharedLimitOf(values),
    parts,
  };
}

const sharedLimitOf = ({ held_elsewhere: elsewhere, held_by_ended: ended }: FieldValues): Pick<Ledger, 'sharedLimit'> =>
  elsewhere === undefined ? {} : { sharedLimit: { heldElsewhereBytes: elsewhere, heldByEndedBytes: ended ?? null } };

/** States of the page cache. A page is active or inactive, and may also be dirty or mapped, so these are not parts. */
function pageStates(values: FieldValues): Record<string, number> {
  const states = {
    activeBytes: values.active_file,
    inactiveBytes: values.inactive_file,
    dirtyBytes: values.file_dirty,
    writebackBytes: values.file_writeback,
    mappedBytes: values.file_mapped,
  };
  return Object.fromEntries(Object.entries(states).filter((e): e is [string, number] => e[1] !== undefined));
}

const HUGE_PAGES =
  'the Java heap is in reserved huge pages (-XX:+UseLargePages), which the kernel counts as hugetlb: not as anon, and in this usage only where a part says so';
const HEAP_FILE =
  'the Java heap is a file (-XX:AllocateHeapAt): its pages are page cache, or memory of a device, and only objects of the class data archive are anon';
const EXT4_SLAB = 'page cache on ext4 brings about 3 % of itself as slab: that goes with it and is no leak';

type Read = (id: NamedPartId, bytes: number, rest?: Partial<Omit<LedgerPart, 'id' | 'name'>>) => LedgerPart;

function kernelPart(input: LedgerInput, read: Read): LedgerPart {
  const kernel = input.values.kernel ?? 0;
  if (input.version === 1)
    return read('kernel', kernel, {
      note: `cgroup v1 gives one figure for all kernel memory; ${EXT4_SLAB}`,
    });
  const parts = KERNEL_LEDGER_PARTS.filter(({ field }) => (input.values[field] ?? 0) > 0).map(({ field, id }) =>
    read(id, input.values[field]!, id === 'slab-reclaimable' ? { note: EXT4_SLAB } : {}),
  );
  const rest = kernel - sumOfParts(parts);
  if (parts.length > 0 && rest > 0) parts.push(read('other-kernel', rest, { how: 'derived' }));
  return read('kernel', kernel, withParts(parts));
}
