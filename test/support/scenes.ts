import type { TargetInfo } from '../../src/diagnosis/types.ts';
import { History } from '../../src/history/history.ts';
import { ApiError } from '../../src/outlets/status.ts';
import type { FileObservation, Limit } from '../../src/sources/types.ts';
import { GIB, MIB } from '../../src/units.ts';
import { syntheticPod } from './made-pod.ts';
import type { PodShape } from './pod-history.ts';
import { recordedPod } from './recorded-pod.ts';
import { Replay, type ReplayTarget } from './replay.ts';

const DISK = { kind: 'disk', freeBytes: 1.37e9, totalBytes: 10 * GIB } as const;

const jvmTarget = (limitBytes: Limit): TargetInfo => ({
  id: '3f9c1a7e2b40',
  name: 'orders',
  container: 'orders',
  pid: 7,
  reach: 'shared-pid-namespace',
  cgroup: { version: 2, path: '/kubepods.slice/burstable/pod42/3f9c1a7e2b40' },
  limitBytes,
  otherJvms: [],
  jvm: { evidence: 'hsperfdata', version: '17.0.13+11', collector: 'G1' },
});

const pod = (shape: Partial<PodShape> & { readonly hours: number }, rest: Partial<ReplayTarget> = {}): ReplayTarget => {
  const limitBytes = shape.limitBytes ?? 1 * GIB;
  return syntheticPod(jvmTarget(limitBytes), { limitBytes, heapMaxBytes: 512 * MIB, ...shape }, rest);
};

const file = (path: string, sizeBytes: number, rest: Partial<FileObservation> = {}): FileObservation => ({
  path,
  sizeBytes,
  residentBytes: sizeBytes,
  openBy: [],
  deleted: false,
  kind: 'file',
  files: 1,
  residency: { state: 'known', method: 'mincore' },
  fileSystem: DISK,
  ...rest,
});

const hourly = 4.76e6;
const log = (h: number, name = '/tmp/spring.log'): FileObservation =>
  file(name, Math.round(20e6 + hourly * h), {
    openBy: [{ pid: 7, fd: 27, mode: 'w' }],
    fileSystem: { ...DISK, freeBytes: DISK.freeBytes + hourly * (168 - h) },
  });
const others: readonly FileObservation[] = [
  file('/app/orders.jar', 61 * MIB, { residentBytes: 38 * MIB, openBy: [{ pid: 7, fd: 4, mode: 'r' }] }),
  file('/usr/lib/jvm/17/lib/modules', 129 * MIB, { residentBytes: 22 * MIB, openBy: [{ pid: 7, fd: 3, mode: 'r' }] }),
  file('/tmp/upload-8812.part', 9 * MIB, { deleted: true, openBy: [{ pid: 7, fd: 61, mode: 'rw' }] }),
  file('/var/lib/shared/index.bin', 14 * MIB, {
    residentBytes: null,
    residency: { state: 'unknown', reason: 'owned by uid 0, asked by uid 1000' },
  }),
];

export const HTML_INJECTION = '<img src=x onerror=alert(1)>';
/** Turns round what follows it (U+202E), hides (U+200B), forges a line, rings a bell, is no UTF-8, or is as long as a path can be. */
const HOSTILE: readonly FileObservation[] = [
  '/tmp/\u202egpj.exe',
  '/tmp/a\u200bb\u2066c',
  '/tmp/x\ny\r\x1b[31mred\x07',
  '/tmp/bytes-\ufffd\ufffd',
  `/tmp/${'long/'.repeat(815)}end`,
  `/tmp/</title><script>alert(2)</script>"'>`,
].map((path, i) => file(path, (30 - i) * MIB));

/** The states in which the page is tested. Each call makes a new one, so that a test may move its clock. */
export const PAGE_SCENARIOS = {
  /** A log at DEBUG for a week: page cache grows, nothing leaks. */
  story: () =>
    new Replay([
      pod(
        {
          hours: 168,
          limitBytes: 2 * GIB,
          cache: (h) => 80 * MIB + hourly * h,
          files: (h) => [log(h), ...others],
        },
        { memoryRequestBytes: GIB },
      ),
    ]),
  heapLeak: () =>
    new Replay([pod({ hours: 14, limitBytes: 1 * GIB, heapFloor: (h) => 120 * MIB + 18 * MIB * h, files: () => others })]),
  native: () => new Replay([pod({ hours: 60, limitBytes: 2 * GIB, native: (h) => 96 * MIB + 12e6 * h, files: () => others })]),
  /** The same without a limit: only the node's memory ends it. */
  noLimit: () => new Replay([pod({ hours: 60, limitBytes: 'max', native: (h) => 96 * MIB + 12e6 * h, files: () => others })]),
  /** Native memory, and a tmpfs that grows more slowly. */
  twoCauses: () =>
    new Replay([
      pod({
        hours: 60,
        limitBytes: 4 * GIB,
        native: (h) => 96 * MIB + 12e6 * h,
        shmem: (h) => 40 * MIB + 4e6 * h,
        files: () => others,
      }),
    ]),
  settling: () => new Replay([pod({ hours: 1.5, native: (h) => 96 * MIB + 220 * MIB * (1 - Math.exp(-h)) })]),
  fine: () => new Replay([pod({ hours: 76, limitBytes: 2 * GIB, files: () => others })]),
  tooShort: () => new Replay([pod({ hours: 0.2 })]),
  restarted: () =>
    new Replay([
      pod({
        hours: 45,
        cache: () => 60 * MIB,
        native: (h) => 96 * MIB + (h < 18 ? 14 * MIB * h : 8 * MIB * (h - 18)),
        gaps: [
          [7, 8.5],
          [17.98, 18.05],
        ],
        events: [
          { h: 8.5, type: 'memhound_start' },
          { h: 17.97, type: 'oom_kill' },
          { h: 18.05, type: 'restart' },
        ],
        files: () => others,
      }),
    ]),
  several: () => {
    const orders = pod({ hours: 26, limitBytes: 2 * GIB, files: () => others });
    const shipper = syntheticPod(
      {
        ...orders.info,
        id: '77aa01b2c3d4',
        name: 'log-shipper',
        container: 'log-shipper',
        pid: 31,
        limitBytes: 256 * MIB,
        jvm: null,
      },
      { hours: 26, limitBytes: 256 * MIB, heapMaxBytes: null, native: () => 41 * MIB, cache: () => 30 * MIB },
    );
    return new Replay([orders, shipper]);
  },
  evil: () =>
    new Replay([
      pod(
        {
          hours: 48,
          limitBytes: 2 * GIB,
          cache: (h) => 300 * MIB + hourly * h,
          files: (h) => [log(h, `/tmp/${HTML_INJECTION}`), ...HOSTILE],
        },
        {
          info: {
            ...jvmTarget(2 * GIB),
            name: `java${HTML_INJECTION}`,
            container: `app\u202e${HTML_INJECTION}${'x'.repeat(4000)}`,
            otherJvms: [{ pid: 99, name: `</script>${HTML_INJECTION}\u001b[31m` }],
          },
        },
      ),
    ]),
  noTarget: () =>
    new Replay([], {
      noTarget: new ApiError(
        'no-target',
        503,
        'memhound sees only itself: the pod shares no process namespace',
        'spec:\n  shareProcessNamespace: true\n  securityContext:\n    runAsUser: 1000\n    runAsGroup: 1000',
      ),
    }),
  /** v1 without a limit, a JVM, files or a split of kernel memory, and a name as long as Kubernetes allows. */
  bare: () => {
    const limitBytes = 1 * GIB;
    const info: TargetInfo = {
      ...jvmTarget(limitBytes),
      container: `${'payments-'.repeat(6)}settlement`.slice(0, 63),
      cgroup: { version: 1, path: '/docker/3f9c1a7e2b40' },
      limitBytes: 'max',
      jvm: null,
    };
    const made = syntheticPod(info, { hours: 5, limitBytes, heapMaxBytes: null, cache: () => 0 });
    const unsplit = ({ slab, slab_reclaimable, slab_unreclaimable, kernel_stack, pagetables, ...rest }: Record<string, number>) =>
      rest;
    return new Replay([
      {
        ...made,
        history: (nowS) => {
          const [whole, history] = [made.history(nowS), new History()];
          history.resume('bare', nowS - 5 * 3600);
          history.limitBytes = 'max';
          const { t, fields } = whole.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'all' });
          for (const [i, at] of t.entries())
            history.row(at, unsplit(Object.fromEntries([...fields].map(([id, column]) => [id, column[i]!]))));
          return history;
        },
        valuesAt: (t) => unsplit({ ...made.valuesAt(t) }),
      },
    ]);
  },
  /** A thousand files with names of different lengths. */
  crowded: () =>
    new Replay([
      pod({
        hours: 20,
        files: () =>
          Array.from({ length: 1000 }, (_, i) => file(`/data/${'segment-'.repeat(1 + (i % 30))}${i}.idx`, 4096 * (1000 - i))),
      }),
    ]),
  /** Opened with the very first sample. */
  newborn: () => new Replay([pod({ hours: 0 })]),
  /** Recorded in real groups on real kernels, a minute or two each, under heavy load: what a scene made up would leave out. */
  recordedHeap: () => new Replay([recordedPod('b-heap-leak.v2')]),
  recordedLog: () => new Replay([recordedPod('c-log-growth.v1')]),
  recordedNative: () => new Replay([recordedPod('e-native-direct.v1')]),
  recordedRotation: () => new Replay([recordedPod('m-log-rotation.v1')]),
  /** Six days as Prometheus kept them: no JVM, no files, rows ten minutes apart. */
  recordedWeek: () => new Replay([recordedPod('examples/missing-800mb.json')]),
  /** As long as history goes back by default: what the page's speed is measured with. */
  fortnight: () =>
    new Replay([
      pod({ hours: 14 * 24, limitBytes: 3 * GIB, cache: (h) => 80 * MIB + hourly * h, files: (h) => [log(h), ...others] }),
    ]),
} as const;
