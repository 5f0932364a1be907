import { EventEmitter } from 'node:events';
import { fileRows } from '../../src/diagnosis/file-rows.ts';
import { buildLedger } from '../../src/diagnosis/ledger/ledger.ts';
import { toolViews } from '../../src/diagnosis/tool-views.ts';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import { diagnose } from '../../src/diagnosis/verdict.ts';
import type { History } from '../../src/history/history.ts';
import { toSeriesJson } from '../../src/history/series-json.ts';
import { createApi } from '../../src/outlets/http.ts';
import { attachLive } from '../../src/outlets/live.ts';
import { createLog } from '../../src/outlets/log.ts';
import { ApiError, type HistogramTake, type LiveMessage, type SamplesQuery, type Status } from '../../src/outlets/status.ts';
import type { FileReading, JvmReading } from '../../src/sources/types.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';

/** One container of a replayed pod: made (made-pod.ts) or recorded (recorded-pod.ts). */
export interface ReplayTarget {
  readonly info: TargetInfo;
  /** All there is at the beginning, its end being `nowS`. */
  readonly history: (nowS: number) => History;
  /** The row at a later moment. */
  readonly valuesAt: (t: number) => Readonly<Record<string, number>>;
  readonly files: readonly FileReading[];
  readonly jvm: (history: History) => JvmReading | null;
  readonly minHistorySeconds?: number;
  readonly memoryRequestBytes?: number;
}

/** A made history behind the real server: judged, put into words, served and pushed by the program's own code; only the kernel is missing. */
export class Replay implements Status {
  readonly #targets: { readonly t: ReplayTarget; readonly history: History; verdict: Verdict }[];
  readonly #events = new EventEmitter();
  #error: ApiError | null;
  #nowS: number;

  constructor(targets: readonly ReplayTarget[], { nowS = Date.now() / 1000, blind = null as ApiError | null } = {}) {
    this.#nowS = nowS;
    this.#error = blind;
    this.#targets = targets.map((t) => {
      const history = t.history(nowS);
      return { t, history, verdict: evaluateTarget(t, history, nowS) };
    });
  }

  /** The next row, `seconds` later, and the message that a tick sends. */
  tick(seconds = 1): void {
    this.#nowS += seconds;
    for (const { t, history } of this.#targets) {
      const values = t.valuesAt(this.#nowS);
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

  /** What the watcher does when the container was restarted. */
  restart(): void {
    const { t, history } = this.#targets[0]!;
    history.recordEvent({ t: this.#nowS, type: 'restart' });
    this.emit({
      type: 'restart',
      kind: 'restart',
      target: t.info.id,
      at: new Date(this.#nowS * 1000).toISOString(),
      reason: 'the container was restarted',
    });
  }

  /** From now on every question is answered so; null: as before. */
  failWith(error: ApiError | null): void {
    this.#error = error;
  }

  emit(message: LiveMessage): void {
    this.#events.emit('message', message);
  }

  #of(id: string | undefined) {
    if (this.#error !== null) throw this.#error;
    const found = id === undefined ? this.#targets[0] : this.#targets.find((x) => x.t.info.id === id);
    if (found === undefined) throw new ApiError('unknown-target', 404, `there is no target ${JSON.stringify(id)}`);
    return found;
  }

  targets = (): readonly TargetInfo[] => (this.#error === null ? this.#targets.map((x) => x.t.info) : []);
  verdict = (target?: string): Verdict => this.#of(target).verdict;

  async ledger(target?: string) {
    const { t, history } = this.#of(target);
    return buildLedger({
      atMs: this.#nowS * 1000,
      version: t.info.cgroup.version,
      values: newestRow(history),
      limitBytes: t.info.limitBytes,
      cpusOnline: 4,
      jvm: t.jvm(history),
      files: t.files,
      mappings: null,
      others: [],
    });
  }

  views(target?: string) {
    const { t, history } = this.#of(target);
    const values = newestRow(history);
    return toolViews(values, t.info.cgroup.version, values.rss ?? null);
  }

  files = (target?: string) => fileRows(this.#of(target).history.series(WHOLE).files);

  jvm(target?: string) {
    const { t, history } = this.#of(target);
    const jvm = t.jvm(history);
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
    durationMs: 412,
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

/** The last row: absent values left out. */
export function newestRow(history: History): Record<string, number> {
  const { fields } = history.series({ ...WHOLE, fromS: history.lastS });
  return Object.fromEntries([...fields].map(([id, c]) => [id, c[c.length - 1]!]).filter(([, v]) => Number.isFinite(v)));
}

function evaluateTarget(t: ReplayTarget, history: History, nowS: number): Verdict {
  const { info, minHistorySeconds = 900, memoryRequestBytes } = t;
  const series = history.series(WHOLE);
  return diagnose({
    atMs: nowS * 1000,
    target: info,
    evaluation: evaluateSeries(series, { minHistorySeconds }),
    series: { ...series, events: history.events },
    files: fileRows(series.files),
    jvm: t.jvm(history),
    pod: { memoryRequestBytes: memoryRequestBytes ?? null, ephemeralStorageLimitBytes: null },
    ended: null,
  });
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
  { port = 0, everySeconds = 10, token = null as string | null, webDir = 'dist/web' } = {},
): Promise<Served> {
  const log = createLog({ format: 'json', level: 'error' });
  const guarded = { allowHosts: [], token };
  const api = await createApi(status, { ...guarded, host: '127.0.0.1', port, webDir, version: '0.0.0', log });
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
