import type { FieldValues } from '../fields.ts';
import { readerOf, unreclaimable } from '../memory-facts.ts';
import type { JvmReading } from '../sources/types.ts';
import type { TopPartId } from './ledger/part-table.ts';
import type { View, ViewId } from './types.ts';

/** One number that a tool would show for this container now. `bytes` null: memhound cannot know it. */
interface ToolRow {
  readonly id: ViewId;
  readonly tool: string;
  readonly metric: string;
  readonly v1: string;
  readonly v2: string;
  readonly note: string;
  readonly counts: readonly TopPartId[];
  /** The parts on v1, if they differ from those on v2. */
  readonly countsV1?: readonly TopPartId[];
  readonly bytes: (v: FieldValues, version: 1 | 2) => number | null;
}

type Values = FieldValues;

const ALL: readonly TopPartId[] = ['anon', 'page-cache', 'shmem', 'kernel', 'sock'];
const usage = (v: Values) => v.usage ?? null;
const anon = (v: Values) => v.anon ?? null;
const file = (v: Values) => v.file ?? null;

/** At least 0, as in cAdvisor, because inactive_file may exceed usage for an instant. */
const workingSet = (v: Values) => (v.usage === undefined ? null : Math.max(0, v.usage - (v.inactive_file ?? 0)));

const WORKING_SET = {
  v1: 'usage_in_bytes - total_inactive_file',
  v2: 'memory.current - inactive_file',
  counts: ALL,
} as const;
const RAW = { v1: 'usage_in_bytes', v2: 'memory.current', counts: ALL } as const;

const TOOLS: readonly ToolRow[] = [
  {
    id: 'kubectl-top',
    tool: 'kubectl top, k9s, metrics-server',
    metric: 'working set',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'Leaves out only inactive page cache; active page cache and slab stay in, which is what evictions go by',
  },
  {
    id: 'cadvisor-working-set',
    tool: 'cAdvisor',
    metric: 'container_memory_working_set_bytes',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'The same number that kubectl top shows',
  },
  {
    id: 'cadvisor-usage',
    tool: 'cAdvisor',
    metric: 'container_memory_usage_bytes',
    ...RAW,
    bytes: usage,
    note: 'Counts all page cache, so it climbs with every file written',
  },
  {
    id: 'cadvisor-rss',
    tool: 'cAdvisor',
    metric: 'container_memory_rss',
    v1: 'total_rss',
    v2: 'anon',
    counts: ['anon'],
    bytes: anon,
    note: 'Anonymous memory, not the resident set: mapped files are not in it',
  },
  {
    id: 'cadvisor-cache',
    tool: 'cAdvisor',
    metric: 'container_memory_cache',
    v1: 'total_cache',
    v2: 'file',
    counts: ['page-cache', 'shmem'],
    bytes: file,
    note: 'Includes tmpfs and shared memory, which cannot be taken back',
  },
  {
    id: 'docker-stats',
    tool: 'docker stats',
    metric: 'MEM USAGE',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'Since 20.10; 17.06 to 19.03 subtracted all cache and so hid tmpfs; before that raw usage',
  },
  {
    id: 'podman-stats',
    tool: 'podman stats',
    metric: 'MEM USAGE',
    v1: 'usage_in_bytes',
    v2: 'anon',
    counts: ['anon'],
    countsV1: ALL,
    bytes: (v, version) => (version === 1 ? usage(v) : anon(v)),
    note: 'Raw usage on v1; on v2 anon alone since containers/common #870, so it leaves out cache, tmpfs and kernel memory',
  },
  {
    id: 'crictl-stats',
    tool: 'crictl stats, containerd',
    metric: 'working set',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'As the kubelet; CRI-O before 1.17 did not subtract inactive_file',
  },
  {
    id: 'ecs-memory-utilized',
    tool: 'Amazon ECS, Container Insights',
    metric: 'MemoryUtilized',
    v1: 'usage_in_bytes - cache',
    v2: 'memory.current',
    counts: ALL,
    countsV1: ['anon', 'kernel'],
    bytes: (v, version) => (version === 1 && v.usage !== undefined ? Math.max(0, v.usage - (v.file ?? 0)) : usage(v)),
    note: 'On v1 all cache is subtracted, tmpfs with it; on v2 the key that is subtracted does not exist, so it is raw usage',
  },
  {
    id: 'newrelic-used',
    tool: 'New Relic',
    metric: 'memoryUsedBytes',
    ...RAW,
    bytes: usage,
    note: 'The kubelet usageBytes, all page cache included: this is the one that climbs with a log file',
  },
  {
    id: 'newrelic-working-set',
    tool: 'New Relic',
    metric: 'memoryWorkingSetBytes',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'The same as kubectl top; memoryUtilization, though, is raw usage over the limit, so 100 % is normal with cache',
  },
  { id: 'datadog-usage', tool: 'Datadog', metric: 'container.memory.usage', ...RAW, bytes: usage, note: 'Raw usage' },
  {
    id: 'datadog-working-set',
    tool: 'Datadog',
    metric: 'container.memory.working_set',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'Agents before 2025-08 could underflow to huge values when inactive_file exceeded usage',
  },
  {
    id: 'datadog-rss',
    tool: 'Datadog',
    metric: 'container.memory.rss',
    v1: 'total_rss',
    v2: 'anon',
    counts: ['anon'],
    bytes: anon,
    note: 'Anonymous memory',
  },
  {
    id: 'netdata',
    tool: 'Netdata',
    metric: 'used without cache',
    ...WORKING_SET,
    bytes: workingSet,
    note: 'cgroup.mem_usage, ram; Debian 12 has 1.37.1, which leaves out inactive_file alone, as kubectl top; older ones left out all cache and so hid tmpfs',
  },
  {
    id: 'coroot-rss',
    tool: 'Coroot',
    metric: 'RSS',
    v1: 'total_rss + total_mapped_file',
    v2: 'anon + file_mapped',
    counts: ['anon'],
    bytes: (v) => (v.anon === undefined ? null : v.anon + (v.file_mapped ?? 0)),
    note: 'Adds mapped files, so libraries and jars count',
  },
  {
    id: 'oom-killer',
    tool: 'OOM killer',
    metric: 'usage after reclaim has failed',
    ...RAW,
    bytes: usage,
    note: 'All charges count against the limit, but cache goes first: only what cannot be reclaimed kills',
  },
  {
    id: 'unreclaimable',
    tool: 'memhound',
    metric: 'cannot be reclaimed',
    v1: 'total_rss + total_shmem + kmem + locked page cache',
    v2: 'anon + shmem + kernel - slab_reclaimable + sock + locked page cache',
    counts: ['anon', 'shmem', 'kernel', 'sock'],
    bytes: (v, version) => unreclaimable(readerOf(v), version),
    note: 'What is left when the kernel has taken back all it can; set alerts on this one',
  },
];

/** The node's values. Tools inside the container show them, but they do not describe the container. */
const NODE_TOOLS: readonly View[] = [
  {
    id: 'free',
    tool: 'free, top in the container',
    metric: 'used',
    bytes: null,
    formula: '/proc/meminfo',
    note: 'Shows the node, not the container: /proc/meminfo knows no cgroup',
    countedParts: [],
  },
];

/** The JVM's own values: committed or used memory, not resident memory. */
const jvmViews = (jvm: JvmReading | null): View[] => [
  {
    id: 'micrometer-heap-used',
    tool: 'Micrometer, JMX',
    metric: 'jvm_memory_used_bytes, area heap',
    bytes: jvm?.heapUsed.value ?? null,
    formula: 'used bytes of the heap spaces',
    note: 'Objects, dead ones too until a collection. The container holds every heap page that was ever touched, and all that is outside the heap',
    countedParts: ['anon'],
  },
  {
    id: 'micrometer-heap-committed',
    tool: 'Micrometer, JMX',
    metric: 'jvm_memory_committed_bytes, area heap',
    bytes: jvm?.heapCommitted.value ?? null,
    formula: 'capacity of the heap spaces',
    note: 'What the JVM may use: pages of it that were never touched are not resident. Direct buffers are in jvm_buffer_memory_used_bytes, malloc and stacks in no metric',
    countedParts: ['anon'],
  },
  {
    id: 'nmt-committed',
    tool: 'jcmd VM.native_memory (NMT)',
    metric: 'Total, committed',
    bytes: null,
    formula: 'all that the JVM has reserved and committed for itself',
    note: 'Committed is not resident, and libraries, JNI code, malloc that was freed and page cache are not in it. Needs -XX:NativeMemoryTracking; memhound asks with --attach and narrows the ledger by it',
    countedParts: ['anon'],
  },
];

/** A number with kernel memory has huge pages too, where the kernel charges them to the container. */
const countedIn = (counts: readonly TopPartId[], { hugetlb = 0 }: Values): readonly TopPartId[] =>
  hugetlb > 0 && counts.includes('kernel') ? [...counts, 'hugetlb'] : counts;

/** The number that each tool shows for this container at this instant, largest first. The formulas are from the tools' sources. Pure. */
export function toolViews(values: Values, version: 1 | 2, rssBytes: number | null, jvm: JvmReading | null): View[] {
  const rows = TOOLS.map(
    (t): View => ({
      id: t.id,
      tool: t.tool,
      metric: t.metric,
      bytes: t.bytes(values, version),
      formula: version === 1 ? t.v1 : t.v2,
      note: t.note,
      countedParts: countedIn(version === 1 ? (t.countsV1 ?? t.counts) : t.counts, values),
    }),
  );
  rows.push({
    id: 'ps-rss',
    tool: 'ps, top (the process)',
    metric: 'RSS',
    bytes: rssBytes,
    formula: 'VmRSS = RssAnon + RssFile + RssShmem',
    note: 'One process, shared libraries counted in full; no kernel memory, no unmapped page cache',
    countedParts: ['anon'],
  });
  rows.push(...jvmViews(jvm));
  return [...rows.sort((a, b) => (b.bytes ?? -1) - (a.bytes ?? -1)), ...NODE_TOOLS];
}
