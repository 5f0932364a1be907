import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { NO_PARTS } from '../../../src/history/part-readings.ts';
import type { Series } from '../../../src/history/series.ts';
import { KIB, MIB } from '../../../src/units.ts';
import { verdictOn } from '../../support/verdict-on.ts';

const N = 300;
const INTERVAL_S = 60;
const t = Float64Array.from({ length: N }, (_, i) => 1_600_000_000 + INTERVAL_S * i);
const noise = (i: number): number => ((i * 7919) % 13) * KIB;

/** A service that stands still for five hours but for one kind of memory, which grows by 120 MiB and takes usage with it. */
function growing(kind: string, version: 1 | 2, also: Readonly<Record<string, number>> = {}): Verdict {
  const still: Readonly<Record<string, number>> =
    version === 2
      ? {
          ...{ anon: 200, file: 40, shmem: 0, kernel: 20, sock: 1, slab: 6, slab_reclaimable: 4, slab_unreclaimable: 2 },
          ...{ kernel_stack: 1, pagetables: 3, sec_pagetables: 0, percpu: 1, vmalloc: 1 },
          ...{ active_anon: 1, inactive_anon: 199, active_file: 20, inactive_file: 20, unevictable: 0, hugetlb: 0 },
        }
      : { anon: 200, file: 40, shmem: 0, kernel: 20, sock: 1, process_pagetables: 2 };
  const grown: Readonly<Record<string, number>> = { [kind]: 120, ...also };
  const uncounted = version === 1 && (kind === 'sock' || kind === 'process_pagetables') ? 0 : 120;
  const column = (mib: number, by: number): Float64Array => t.map((_, i) => Math.round((mib + (by * i) / N) * MIB) + noise(i));
  const fields = new Map(Object.entries(still).map(([id, mib]) => [id, column(mib, grown[id] ?? 0)]));
  fields.set('usage', column(261, uncounted));
  fields.set('threads', kind === 'kernel_stack' ? t.map((_, i) => 30 + i) : t.map(() => 30));
  const series: Series = {
    t,
    fields: fields as Series['fields'],
    intervalS: INTERVAL_S,
    limitBytes: 512 * MIB,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
  };
  return verdictOn(series, { cgroup: { version, path: 'made' }, pid: 7 });
}

interface Expected {
  readonly kind: string;
  readonly also?: Readonly<Record<string, number>>;
  readonly rule: string;
  readonly headline: string;
  readonly advice: RegExp;
}

/** On cgroup v2 each kind is a leak with an end: 174 MiB are left of 512 at 24 MiB an hour, since page cache gives way. */
const V2: readonly Expected[] = [
  {
    kind: 'sock',
    rule: 'sock-growth',
    headline:
      'Socket buffers grow 25 MB an hour: data that was received and not read, or sent and not taken by the peer. OOM kill in 7 hours.',
    advice: /`ss -tm`/,
  },
  {
    kind: 'pagetables',
    also: { kernel: 120 },
    rule: 'page-table-growth',
    headline:
      'Page tables grow 25 MB an hour, 123 MiB now: many processes, or mappings of which little is touched. OOM kill in 7 hours.',
    advice: /grep VmPTE/,
  },
  {
    kind: 'percpu',
    also: { kernel: 120 },
    rule: 'kernel-growth',
    headline: 'Kernel memory (per-CPU data) grows 25 MB an hour, and the kernel cannot take it back. OOM kill in 7 hours.',
    advice: /bpf maps/,
  },
  {
    kind: 'vmalloc',
    also: { kernel: 120 },
    rule: 'kernel-growth',
    headline: 'Kernel memory (vmalloc) grows 25 MB an hour, and the kernel cannot take it back. OOM kill in 7 hours.',
    advice: /bpf maps/,
  },
  {
    kind: 'kernel',
    rule: 'kernel-growth',
    headline:
      'Kernel memory (pipes, io_uring, bpf and the like) grows 25 MB an hour, and the kernel cannot take it back. OOM kill in 7 hours.',
    advice: /io_uring/,
  },
  {
    kind: 'slab_unreclaimable',
    also: { kernel: 120, slab: 120 },
    rule: 'slab-growth',
    headline:
      'Kernel memory grows 25 MB an hour on its own: kernel objects that the kernel cannot take back. OOM kill in 7 hours.',
    advice: /slabtop/,
  },
  {
    kind: 'kernel_stack',
    also: { kernel: 120 },
    rule: 'thread-growth',
    headline: 'Threads grow by 60 an hour, 329 now; their stacks and kernel memory take 25 MB an hour. OOM kill in 7 hours.',
    advice: /Thread\.print/,
  },
  {
    kind: 'hugetlb',
    rule: 'huge-page-growth',
    headline: 'Huge pages (hugetlb) grow 25 MB an hour, and the kernel cannot take them back. OOM kill in 7 hours.',
    advice: /UseLargePages/,
  },
  {
    kind: 'unevictable',
    also: { file: 120 },
    rule: 'locked-cache-growth',
    headline:
      'Page cache that is locked in memory (mlock) grows 25 MB an hour. Dashboards count it as cache, but the kernel cannot take it back. OOM kill in 7 hours.',
    advice: /VmLck/,
  },
];

describe('each kind of kernel memory on cgroup v2 is a leak with its cause, its advice and its end', () => {
  for (const { kind, also, rule, headline, advice } of V2)
    test(kind, () => {
      const verdict = growing(kind, 2, also);
      assert.equal(verdict.headline, headline);
      assert.deepEqual([verdict.trend, verdict.leak, verdict.causes.length], ['growing', true, 1]);
      assert.equal(verdict.findings[0]?.rule, rule);
      assert.match(verdict.findings[0]?.advice ?? '', advice);
      assert.equal(verdict.eta?.event, 'oom-kill');
      const hours = verdict.eta!.seconds / 3600;
      assert.ok(hours > 6.5 && hours < 8, `${hours} hours`);
    });
});

describe('cgroup v1 has one figure for kernel memory', () => {
  test('it says that it cannot tell per-CPU data, slab and the rest apart, and calls none of it a leak', () => {
    const verdict = growing('kernel', 1);
    assert.equal(
      verdict.headline,
      'Kernel memory grows 25 MB an hour on its own: cgroup v1 does not say how much of it the kernel can take back; dentries and inodes can be.',
    );
    assert.deepEqual([verdict.trend, verdict.leak, verdict.eta?.event ?? null], ['growing', null, 'reclaim']);
  });
  test('of page tables it knows those of the process, which kernel memory contains', () => {
    const verdict = growing('process_pagetables', 1, { kernel: 120 });
    assert.match(verdict.headline, /^Page tables grow 25 MB an hour, 122 MiB now/);
    assert.deepEqual([verdict.leak, verdict.findings[0]?.rule], [true, 'page-table-growth']);
  });
  test('sockets do not count toward the limit', () => {
    assert.match(growing('sock', 1).headline, /^Socket buffers grow 25 MB an hour.* memory\.kmem\.tcp\.limit_in_bytes/);
  });
});
