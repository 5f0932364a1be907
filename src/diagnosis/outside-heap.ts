import type { FieldId } from '../fields.ts';
import { residentHeap } from '../memory-facts.ts';
import { heapCountedIn } from '../sources/jvm/collectors.ts';
import { KIB, SECOND_MS } from '../units.ts';
import { newestValue, type RuleContext, unreclaimableNow } from './rule-context.ts';

/** Older readings of the mappings are not used. */
const MAX_AGE_S = 600;

type Known = Pick<RuleContext, 'series' | 'jvm' | 'target' | 'atMs'>;

/** Kernel memory of a thread: its stack and its task. */
const KERNEL_PER_THREAD_BYTES = 24 * KIB;

/** Kernel memory of cgroup v1 that may be dentries and inodes, which the kernel takes back: all but page tables and what threads have. */
function openKernelBytes(context: Known): number {
  if (context.target.cgroup.version !== 1) return 0;
  const of = (id: FieldId): number => newestValue(context, id) ?? 0;
  return Math.max(0, of('kernel') - of('process_pagetables') - of('threads') * KERNEL_PER_THREAD_BYTES);
}

/** Unreclaimable bytes without the resident heap; null: neither the mappings nor the JVM tell the heap from the rest. */
export function outsideHeapBytes(context: Known): number | null {
  const held = unreclaimableNow(context);
  const all = held === null ? null : held - openKernelBytes(context);
  const [anon, used, committed] = [
    newestValue(context, 'anon'),
    newestValue(context, 'heap_used'),
    newestValue(context, 'heap_committed'),
  ];
  if (all === null || anon === null) return null;
  const measured = anonOutsideHeap(context);
  if (measured !== null) return all - anon + measured;
  if (used === null || committed === null) return null;
  const shared = heapCountedIn(context.jvm?.collector ?? null) === 'shmem';
  const heap = shared
    ? Math.min(newestValue(context, 'shmem') ?? 0, committed)
    : residentHeap(anon, newestValue(context, 'metaspace') ?? 0, { used, committed });
  return all - Math.min(all, heap);
}

/** Anonymous memory outside the heap by the newest reading of the mappings; null: they contain no heap, or are not known. */
function anonOutsideHeap(context: Known): number | null {
  const parts = partsNow(context);
  if (parts === null || !parts.some(({ id, bytes }) => id === 'java-heap' && bytes > 0)) return null;
  return parts.reduce((sum, { id, bytes }) => sum + (id === 'java-heap' ? 0 : bytes), 0);
}

/** The parts by the newest reading of the mappings; null: there is none, or it is old. */
export function partsNow({
  series,
  atMs,
}: Pick<RuleContext, 'series' | 'atMs'>): readonly { readonly id: string; readonly bytes: number }[] | null {
  const { t, parts } = series.parts;
  const at = t.at(-1);
  if (at === undefined || atMs / SECOND_MS - at > MAX_AGE_S) return null;
  return parts.map((part) => ({ id: part.id, bytes: part.bytes.at(-1) ?? 0 }));
}
