import { EventEmitter } from 'node:events';
import { Random } from '../../bench/random.ts';
import { fileRows } from '../../src/diagnosis/file-growth.ts';
import { ledger } from '../../src/diagnosis/ledger/ledger.ts';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import { diagnose } from '../../src/diagnosis/verdict.ts';
import { views } from '../../src/diagnosis/views.ts';
import type { History } from '../../src/history/history.ts';
import { toSeriesJson } from '../../src/history/samples.ts';
import { createApi } from '../../src/outlets/http.ts';
import { attachLive } from '../../src/outlets/live.ts';
import { createLog } from '../../src/outlets/log.ts';
import { ApiError, type HistogramTake, type LiveMessage, type SamplesQuery, type Status } from '../../src/outlets/status.ts';
import type { FileReading, JvmReading } from '../../src/sources/types.ts';
import { judge } from '../../src/trends/judge.ts';
import { type PodShape, podHistory, podValues } from './pod-history.ts';

/** One container of a replayed pod. `history` instead of `shape`: a recorded one. */
export interface ReplayTarget {
  readonly info: TargetInfo;
  readonly shape: PodShape;
  readonly minHistorySeconds?: number;
  readonly memoryRequestBytes?: number;
}

/** A made history behind the real server: judged, put into words, served and pushed by the program's own code; only the kernel is missing. */
export class Replay implements Status {
  readonly #targets: { readonly t: ReplayTarget; readonly history: History; verdict: Verdict }[];
  readonly #events = new EventEmitter();
  readonly #blind: ApiError | null;
  readonly #random = new Random(3);
  readonly #endS: number;
  #nowS: number;

  constructor(targets: readonly ReplayTarget[], { nowS = Date.now() / 1000, blind = null as ApiError | null } = {}) {
    this.#nowS = nowS;
    this.#endS = nowS;
    this.#blind = blind;
    this.#targets = targets.map((t) => {
      const history = podHistory(t.shape, nowS);
      return { t, history, verdict: evaluate(t, history, nowS) };
    });
  }

  /** The next row, `seconds` later, and the message that a tick sends. */
  tick(seconds = 1): void {
    this.#nowS += seconds;
    for (const { t, history } of this.#targets) {
      const values = podValues(t.shape, t.shape.hours + (this.#nowS - this.#endS) / 3600, this.#random);
      history.row(this.#nowS, values);
      this.emit({
        type: 'sample',
        target: t.info.id,
        at: new Date(this.#nowS * 1000).toISOString(),
        limitBytes: t.info.limitBytes,
        values,
      });
    }
  }

  /** What the watcher does when the container was started anew. */
  restart(): void {
    const { t, history } = this.#targets[0]!;
    history.event({ t: this.#nowS, type: 'restart' });
    this.emit({
      type: 'restart',
      target: t.info.id,
      at: new Date(this.#nowS * 1000).toISOString(),
      reason: 'the container was started anew',
    });
  }

  emit(message: LiveMessage): void {
    this.#events.emit('message', message);
  }

  #of(id: string | undefined) {
    if (this.#blind !== null) throw this.#blind;
    const found = id === undefined ? this.#targets[0] : this.#targets.find((x) => x.t.info.id === id);
    if (found === undefined) throw new ApiError('unknown-target', 404, `there is no target ${JSON.stringify(id)}`);
    return found;
  }

  targets = (): readonly TargetInfo[] => (this.#blind === null ? this.#targets.map((x) => x.t.info) : []);
  verdict = (target?: string): Verdict => this.#of(target).verdict;

  async ledger(target?: string) {
    const { t, history } = this.#of(target);
    return ledger({
      atMs: this.#nowS * 1000,
      version: t.info.cgroup.version,
      values: newest(history),
      limitBytes: t.info.limitBytes,
      cpusOnline: 4,
      jvm: reading(history, t),
      files: t.shape.files === undefined ? [] : fileReadings(t.shape),
      mappings: null,
      others: [],
    });
  }

  views(target?: string) {
    const { t, history } = this.#of(target);
    const values = newest(history);
    return views(values, t.info.cgroup.version, values.rss ?? null);
  }

  files = (target?: string) => fileRows(this.#of(target).history.series(WHOLE).files);

  jvm(target?: string) {
    const { t, history } = this.#of(target);
    const jvm = reading(history, t);
    return jvm === null ? { jvm: null, reason: 'this container runs no JVM' } : { jvm };
  }

  async samples(query: SamplesQuery) {
    const { fields, fromS, toS, points } = query;
    const { t, history } = this.#of(query.target);
    return {
      ...toSeriesJson(history.series({ fields, fromS, toS, points, epoch: 'all' })),
      request_bytes: t.memoryRequestBytes ?? null,
    };
  }

  histogram = async (): Promise<HistogramTake> => ({
    at: new Date(this.#nowS * 1000).toISOString(),
    since: null,
    largest: [
      { name: '[B', instances: 211_402, bytes: 61_203_144 },
      { name: 'com.example.orders.Session', instances: 88_114, bytes: 44_902_008 },
    ],
    grown: [],
    tookMs: 412,
  });
  self = () => ({
    rssBytes: 58 * 2 ** 20,
    anonBytes: 19 * 2 ** 20,
    cpuShare: 0.0031,
    writtenBytes: 3 * 2 ** 20,
    uptimeSeconds: 4400,
    missedTicks: 0,
    history: { ok: true, bytes: 11.2 * 2 ** 20, maxBytes: 64 * 2 ** 20 },
  });
  ready = () => ({ ready: true, reason: 'sampling' });
  latest = () => [];

  on(listener: (message: LiveMessage) => void): () => void {
    this.#events.on('message', listener);
    return () => this.#events.off('message', listener);
  }
}

const WHOLE = { fields: null, fromS: null, toS: null, points: null, epoch: 'current' } as const;

function newest(history: History): Record<string, number> {
  const { fields } = history.series({ ...WHOLE, fromS: history.lastS });
  return Object.fromEntries([...fields].map(([id, c]) => [id, c[c.length - 1]!]).filter(([, v]) => Number.isFinite(v)));
}

const fileReadings = (shape: PodShape): FileReading[] =>
  shape.files!(shape.hours).map((f, i) => ({
    ...f,
    dev: 1,
    ino: i + 1,
    allocatedBytes: f.sizeBytes,
    mtimeMs: null,
    dirtyBytes: 0,
  }));

function evaluate({ info, minHistorySeconds = 900, memoryRequestBytes }: ReplayTarget, history: History, nowS: number): Verdict {
  const series = history.series(WHOLE);
  return diagnose({
    atMs: nowS * 1000,
    target: info,
    judgement: judge(series, { minHistorySeconds }),
    series,
    files: fileRows(series.files),
    jvm: null,
    pod: { memoryRequestBytes: memoryRequestBytes ?? null, ephemeralStorageLimitBytes: null },
    ended: null,
  });
}

/** A JVM's figures to the newest row, as hsperfdata would tell them. */
function reading(history: History, { shape, info }: ReplayTarget): JvmReading | null {
  const v = newest(history);
  if (v.heap_used === undefined || info.jvm === null) return null;
  const atMs = (history.lastS ?? 0) * 1000;
  const young = v.heap_used - v.old_used!;
  return {
    nspid: 1,
    vendor: 'Eclipse Adoptium',
    version: info.jvm.version,
    collector: info.jvm.collector,
    generations: [
      {
        name: 'new',
        capacityBytes: v.heap_committed! - v.old_used! * 1.1,
        maxBytes: shape.heapMaxBytes,
        spaces: [
          { name: 'eden', usedBytes: young * 0.94, capacityBytes: young * 1.2 },
          { name: 'survivor', usedBytes: young * 0.06, capacityBytes: young * 0.1 },
        ],
      },
      {
        name: 'old',
        capacityBytes: v.old_used! * 1.1,
        maxBytes: shape.heapMaxBytes,
        spaces: [{ name: 'old', usedBytes: v.old_used!, capacityBytes: v.old_used! * 1.1 }],
      },
    ],
    heapUsed: { value: v.heap_used, atMs: atMs - 1000 },
    heapCommitted: { value: v.heap_committed!, atMs: atMs - 1000 },
    heapMax: shape.heapMaxBytes,
    oldUsed: { value: v.old_used!, atMs: atMs - 1000 },
    metaspace: { used: { value: v.metaspace!, atMs: atMs - 95_000 }, committed: v.metaspace! * 1.03, maxBytes: null },
    compressedClass: { used: { value: v.metaspace! * 0.12, atMs: atMs - 95_000 }, committed: v.metaspace! * 0.13 },
    classes: { loaded: v.classes! + 14, unloaded: 14 },
    threads: { live: v.threads!, daemon: 31, peak: 52, started: 1204 },
    collectors: [
      { name: 'G1 young', count: v.gc_count!, seconds: v.gc_seconds! },
      { name: 'G1 full', count: v.full_gc_count!, seconds: 0.4 },
    ],
    gcCount: v.gc_count!,
    fullGcCount: v.full_gc_count!,
    gcSeconds: v.gc_seconds!,
    uptimeSeconds: shape.hours * 3600,
    flags: ['-Xmx512m', '-XX:+UseG1GC'],
  };
}

export interface Served {
  readonly url: string;
  /** Live connections. */
  readonly clients: () => number;
  readonly close: () => Promise<void>;
}

/** The real HTTP and WebSocket servers over any status. `port`: to come back where one was. */
export async function serve(
  status: Status,
  { port = 0, everySeconds = 10, token = null as string | null } = {},
): Promise<Served> {
  const log = createLog({ format: 'json', level: 'error' });
  const guarded = { allowHosts: [], token };
  const api = await createApi(status, { ...guarded, host: '127.0.0.1', port, webDir: 'dist/web', version: '0.0.0', log });
  const live = attachLive(api.server, status, { ...guarded, version: '0.0.0', everySeconds, attach: token !== null, log });
  return {
    url: api.url,
    clients: () => live.clients(),
    close: async () => {
      await live.close();
      await api.close();
    },
  };
}
