import { bytesText } from '../../format.ts';
import type { JcmdReport } from '../../sources/jvm/jcmd-report.ts';
import type { AnonPart, AnonPartId } from './anon-kinds.ts';

/** Categories of native memory tracking whose mappings have a separate part. The mappings of all others belong to the VM. */
const NMT_CATEGORIES_WITH_PART: ReadonlySet<string> = new Set([
  'Java Heap',
  'Class',
  'Metaspace',
  'Thread',
  'Thread Stack',
  'Code',
  'Shared class space',
]);

/**
 * Divides unnamed memory by native memory tracking, and adds the JVM's value to each part. `namedBytes`: committed bytes of the VM's mappings
 * that have a name already. The sum does not change. Pure.
 */
export function withNativeMemory(parts: readonly AnonPart[], answers: JcmdReport | null, namedBytes = 0): AnonPart[] {
  const byId = new Map(parts.map((p) => [p.id, p]));
  const code = byId.get('code-cache');
  if (answers !== null && answers.codeCacheBytes !== null && code !== undefined)
    byId.set('code-cache', { ...code, reportedByJvm: `reserved for code: ${bytesText(answers.codeCacheBytes)}` });
  if (answers !== null && answers.native !== null) divideByNmt(byId, answers.native, namedBytes);
  return [...byId.values()].filter((p) => p.high > 0);
}

/**
 * Unnamed memory is the VM's own mappings or blocks of malloc above 128 KiB. Native memory tracking knows the committed bytes of the VM's
 * mappings, which are much more than the resident bytes, because tables are written as the heap fills. It also knows the VM's bytes from malloc.
 * Those that are in no arena are separate blocks, or belong to another allocator (jemalloc), which names none of its memory.
 */
function divideByNmt(parts: Map<AnonPartId, AnonPart>, native: NonNullable<JcmdReport['native']>, namedBytes: number): void {
  const vm = parts.get('vm-structures');
  const pool = (vm?.bytes ?? 0) + (parts.get('direct-buffers')?.bytes ?? 0);
  const others = native.categories.filter((c) => !NMT_CATEGORIES_WITH_PART.has(c.name));
  const tracked = others.reduce((sum, c) => sum + c.mmapBytes, 0);
  // The stacks of ZGC's marking threads are not tracked by JDK 11.
  const mapped = tracked > namedBytes ? tracked - namedBytes : tracked;
  const malloc = native.categories.reduce((sum, c) => sum + c.mallocBytes + c.arenaBytes, 0);
  // "Other" contains direct buffers and Unsafe since JDK 9; before that, "Internal" does.
  const buffers =
    (native.categories.find((c) => c.name === 'Other') ?? native.categories.find((c) => c.name === 'Internal'))?.mallocBytes ?? 0;
  const inArenas = (parts.get('malloc-heap')?.bytes ?? 0) + (parts.get('malloc-arenas')?.bytes ?? 0);
  if (pool > 0) {
    const vmHigh = Math.min(pool, mapped);
    const isOtherAllocator = inArenas < (malloc - buffers) / 2;
    const vmLow = isOtherAllocator ? 0 : pool - (malloc - inArenas);
    const vmBytes = Math.max(0, Math.min(vmHigh, pool - buffers, Math.max(vm?.bytes ?? 0, vmLow)));
    parts.set('direct-buffers', {
      id: 'direct-buffers',
      bytes: pool - vmBytes,
      low: pool - vmHigh,
      high: pool,
      count: 1,
      reportedByJvm: `the JVM counts ${bytesText(buffers)} of direct buffers and Unsafe memory${
        isOtherAllocator ? `, and ${bytesText(malloc)} of malloc in all, most of it in no arena of glibc` : ''
      }`,
    });
    parts.set('vm-structures', {
      id: 'vm-structures',
      bytes: vmBytes,
      low: 0,
      high: vmHigh,
      count: 1,
      reportedByJvm: others
        .filter((c) => c.mmapBytes >= 2 ** 20)
        .map((c) => `${c.name} ${bytesText(c.mmapBytes)} committed`)
        .join(', '),
    });
  }
  const heap = parts.get('malloc-heap');
  if (heap !== undefined)
    parts.set('malloc-heap', {
      ...heap,
      reportedByJvm: `the JVM itself holds ${bytesText(malloc)} of malloc, in this, the arenas and large blocks; what is more there is libraries' own, or free and not given back`,
    });
}
