import { bytesText } from '../../format.ts';
import type { JcmdReport } from '../../sources/jvm/jcmd-report.ts';
import { MIB } from '../../units.ts';
import type { AnonPart, AnonPartId, AnonSplit } from './anon-split.ts';

/** Categories of native memory tracking whose mappings have their own part; what all others map belongs to the VM. */
const NMT_CATEGORIES_WITH_PART = /^(?:Java Heap|Class|Metaspace|Thread|Thread Stack|Code|Shared class space)$/;

/**
 * A split by mappings, narrowed by what the JVM says. The mappings know what is resident, the JVM what it is for: no part becomes
 * larger than what the JVM has committed for it, and what it maps for itself is separated from what malloc maps. The sum does not change. Pure.
 */
export function withJcmdReport(split: AnonSplit, answers: JcmdReport): AnonSplit {
  const parts = new Map(split.parts.map((p) => [p.id, p]));
  const change = (id: AnonPartId, to: Partial<AnonPart>): void => {
    const part = parts.get(id);
    if (part !== undefined) parts.set(id, { ...part, ...to });
  };
  /** At most `committed` bytes belong to a part; the rest belongs to the other. */
  const atMost = (id: AnonPartId, committed: number, other: AnonPartId): void => {
    const part = parts.get(id);
    if (part === undefined) return;
    const excess = Math.max(0, part.bytes - committed);
    const bytes = part.bytes - excess;
    parts.set(id, { ...part, bytes, low: Math.min(part.low, bytes), high: Math.max(bytes, Math.min(part.high, committed)) });
    if (excess === 0) return;
    const rest = parts.get(other) ?? { id: other, bytes: 0, low: 0, high: 0, count: 1 };
    parts.set(other, { ...rest, bytes: rest.bytes + excess, high: Math.max(rest.high, rest.bytes + excess) });
  };
  const { metaspace, native, heap } = answers;
  if (metaspace !== null) {
    atMost('metaspace', metaspace.nonClass.committedBytes, 'malloc-arenas');
    if (metaspace.class !== null) atMost('class-space', metaspace.class.committedBytes, 'vm-structures');
  }
  if (heap !== null && split.sharedHeap === null) {
    const spaces = heap.areas.filter((a) => !/metaspace|class space/i.test(a.name) && a.committedBytes !== null);
    const committed = spaces.reduce((sum, a) => sum + a.committedBytes!, 0);
    if (committed > 0) {
      // HeapCommitted leaves out one survivor space: never more than a tenth of it.
      atMost('java-heap', committed * 1.1, 'vm-structures');
      const part = parts.get('java-heap');
      if (part !== undefined) change('java-heap', { low: part.bytes });
    }
  }
  if (answers.codeCacheBytes !== null)
    change('code-cache', { reportedByJvm: `reserved for code: ${bytesText(answers.codeCacheBytes)}` });
  if (native !== null) divideByNmt(parts, native);
  return { ...split, parts: [...parts.values()].filter((p) => p.bytes > 0 || p.high > 0).sort((a, b) => b.bytes - a.bytes) };
}

/** What has no name is the VM's own mappings, which native memory tracking counts, or malloc's blocks past 128 KiB. */
function divideByNmt(parts: Map<AnonPartId, AnonPart>, native: NonNullable<JcmdReport['native']>): void {
  const vm = parts.get('vm-structures');
  const direct = parts.get('direct-buffers');
  const pool = (vm?.bytes ?? 0) + (direct?.bytes ?? 0);
  const others = native.categories.filter((c) => !NMT_CATEGORIES_WITH_PART.test(c.name));
  const mapped = others.reduce((sum, c) => sum + c.mmapBytes, 0);
  const malloc = native.categories.reduce((sum, c) => sum + c.mallocBytes + c.arenaBytes, 0);
  // "Other" holds direct buffers and Unsafe since JDK 9; before that "Internal" does.
  const buffers =
    (native.categories.find((c) => c.name === 'Other') ?? native.categories.find((c) => c.name === 'Internal'))?.mallocBytes ?? 0;
  if (pool > 0) {
    const vmHigh = Math.min(pool, mapped);
    // Committed is not resident: buffers are touched when they are made (zeroed), tables are not.
    const directBytes = Math.min(pool, Math.max(pool - vmHigh, buffers));
    parts.set('direct-buffers', {
      id: 'direct-buffers',
      bytes: directBytes,
      low: pool - vmHigh,
      high: pool,
      count: 1,
      reportedByJvm: `the JVM counts ${bytesText(buffers)} of direct buffers and Unsafe memory`,
    });
    parts.set('vm-structures', {
      id: 'vm-structures',
      bytes: pool - directBytes,
      low: 0,
      high: vmHigh,
      count: 1,
      reportedByJvm: others
        .filter((c) => c.mmapBytes >= MIB)
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
