import { findCulprit } from '../../src/culprit/find-culprit.ts';
import type { AnsweringContainer } from '../../src/daemon/answering-container.ts';
import { ContainerLookup } from '../../src/daemon/container-lookup.ts';
import { CulpritRuns } from '../../src/daemon/culprit-runs.ts';
import { EvaluationSchedule } from '../../src/daemon/evaluation-schedule.ts';
import { Messages } from '../../src/daemon/messages.ts';
import { StatusAnswers } from '../../src/daemon/status-answers.ts';
import { ledgerOf, type ReadTick } from '../../src/daemon/tick-answers.ts';
import { composeVerdict, NOT_WATCHED } from '../../src/diagnosis/compose-verdict.ts';
import { fileRows } from '../../src/diagnosis/file-rows.ts';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import type { History } from '../../src/history/history.ts';
import { createApi } from '../../src/outlets/http.ts';
import { attachLive } from '../../src/outlets/live.ts';
import { createLog } from '../../src/outlets/log.ts';
import type { ApiError, HistogramTake, LiveMessage, Status } from '../../src/outlets/status.ts';
import type { FileReading, JvmReading } from '../../src/sources/types.ts';

import { processRef, ROOTS } from './process-ref.ts';

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

/** What a replayed container needs of the program: its history grows by `valuesAt` instead of by the kernel; the rest is as in `watch`. */
class ReplayedContainer implements AnsweringContainer {
  readonly key: string;
  readonly alive = true;
  readonly failures = [];
  readonly history: History;
  readonly verdict: Verdict;
  readonly #target: ReplayTarget;
  readonly #evaluations = new EvaluationSchedule();

  constructor(target: ReplayTarget, nowS: number) {
    this.key = target.info.id;
    this.#target = target;
    this.history = target.history(nowS);
    this.verdict = this.evaluate(nowS * 1000);
  }

  /** The row of `t`, and the message that a tick sends. */
  sample(t: number): LiveMessage {
    const { info, valuesAt } = this.#target;
    const values = valuesAt(t);
    this.history.row(t, values);
    return { type: 'sample', target: info.id, at: iso(t), limitBytes: info.limitBytes, values };
  }

  get tick(): ReadTick {
    const { info, jvm: read } = this.#target;
    const values = newestRow(this.history);
    const atMs = (this.history.lastS ?? 0) * 1000;
    const jvm = read(this.history);
    return {
      sample: { atMs, epoch: 'replayed', values, limitBytes: info.limitBytes, heapMaxBytes: jvm?.heapMax ?? null, failures: [] },
      cgroup: {
        state: 'read',
        atMs,
        value: {
          version: info.cgroup.version,
          values,
          limitBytes: info.limitBytes,
          problems: [],
        },
      },
      jvm: jvm === null ? { state: 'absent', reason: 'this container runs no JVM' } : { state: 'read', value: jvm, atMs },
      alive: true,
    };
  }

  evaluate(nowMs: number): Verdict {
    const { info, jvm, minHistorySeconds = 900, memoryRequestBytes = null } = this.#target;
    return composeVerdict({
      atMs: nowMs,
      target: info,
      series: this.history.series(WHOLE),
      events: this.history.events,
      evaluation: this.#evaluations.evaluate(this.history, { minHistorySeconds, final: false }),
      jvm: jvm(this.history),
      pod: { memoryRequestBytes, ephemeralStorageLimitBytes: null },
      ...NOT_WATCHED,
    });
  }

  ledger = async () => this.lastLedger();
  lastLedger = () =>
    ledgerOf(this.tick, { files: this.#target.files, namedFiles: [], mappings: null, cpusOnline: 4, others: [] });
  fileRows = () => fileRows(this.history.series(WHOLE).files);
  info = () => this.#target.info;
  /** There is no JVM to attach to: class histograms as one gives them, in which the sessions become more. An hour takes ten seconds. */
  readonly culprits = new CulpritRuns((question) => {
    let look = 0;
    const ask = async () => ({ state: 'read' as const, atMs: 0, value: histogramText(++look) });
    return findCulprit(
      {
        ...question,
        roots: ROOTS,
        process: processRef(process.pid),
        mayRecord: false,
        readNative: async () => ({ state: 'absent', reason: 'recorded' }),
        forMs: question.forMs / 360,
      },
      ask,
    );
  });
  /** There is no JVM to attach to: an answer as one gives it. */
  histogram = async () => ({
    state: 'read' as const,
    atMs: this.tick.sample.atMs,
    value: { ...HISTOGRAM, at: iso(this.history.lastS ?? 0) },
  });
}

class ReplayLookup extends ContainerLookup<ReplayedContainer> {
  error: ApiError | null = null;

  override [Symbol.iterator](): IterableIterator<ReplayedContainer> {
    return this.error === null ? super[Symbol.iterator]() : [].values();
  }

  override require(id: string | undefined): ReplayedContainer {
    if (this.error !== null) throw this.error;
    return super.require(id);
  }
}

/** Made histories behind the real server: evaluated, worded, served and pushed by the program's own code; only the kernel is missing. */
export class Replay extends StatusAnswers {
  readonly #containers: ReplayLookup;
  readonly #messages: Messages;
  #nowS: number;

  constructor(targets: readonly ReplayTarget[], { nowS = Date.now() / 1000, noTarget = null as ApiError | null } = {}) {
    const containers = new ReplayLookup();
    const messages = new Messages();
    super({
      containers,
      messages,
      store: {
        state: () => ({ ...STORED, ok: true }),
        finalReports: () => [],
        envelope: () => Promise.reject(new Error('a replay stores no segments')),
      },
      memoryRequestBytes: targets[0]?.memoryRequestBytes ?? null,
      mayAttach: true,
      self: () => SELF,
    });
    for (const target of targets) containers.add(new ReplayedContainer(target, nowS));
    containers.defaultKey = targets[0]?.info.id ?? null;
    containers.error = noTarget;
    this.#containers = containers;
    this.#messages = messages;
    this.#nowS = nowS;
  }

  /** The next row, `seconds` later, and the message that a tick sends. */
  tick(seconds = 1): void {
    this.#nowS += seconds;
    for (const container of this.#containers) this.emit(container.sample(this.#nowS));
  }

  /** What the watcher does when the container was started again. */
  restart(): void {
    const container = this.#containers.require(undefined);
    container.history.recordEvent({ t: this.#nowS, type: 'restart' });
    this.emit({
      type: 'restart',
      kind: 'restart',
      target: container.key,
      at: iso(this.#nowS),
      reason: 'the container was restarted',
    });
  }

  /** From now on every question is answered so; null: as before. */
  failWith(error: ApiError | null): void {
    this.#containers.error = error;
  }

  emit(message: LiveMessage): void {
    this.#messages.emit(message);
  }
}

const histogramText = (look: number): string =>
  [
    ['com.example.orders.Session', 80_000 + 9000 * look, 40_000_000 + 4_500_000 * look],
    ['[B', 211_402, 61_203_144 + 300_000 * look],
    ['java.util.HashMap$Node', 90_000 + 9000 * look, 2_880_000 + 288_000 * look],
  ]
    .map(([name, instances, bytes], n) => `${String(n + 1).padStart(4)}: ${instances} ${bytes}  ${name}`)
    .join('\n');
const HISTOGRAM: Omit<HistogramTake, 'at'> = {
  since: null,
  largest: [
    { name: '[B', instances: 211_402, bytes: 61_203_144 },
    { name: 'com.example.orders.Session', instances: 88_114, bytes: 44_902_008 },
  ],
  grown: [],
  durationMs: 412,
};
const STORED = { bytes: 11.2 * 2 ** 20, maxBytes: 64 * 2 ** 20, segments: 1, rows: 1, oldest: null, dir: null };
const SELF = {
  rssBytes: 58 * 2 ** 20,
  anonBytes: 19 * 2 ** 20,
  cpuShare: 0.0031,
  writtenBytes: 3 * 2 ** 20,
  uptimeSeconds: 4400,
  missedTicks: 0,
  history: { ok: true, bytes: 11.2 * 2 ** 20, maxBytes: 64 * 2 ** 20 },
};

const iso = (t: number): string => new Date(t * 1000).toISOString();

const WHOLE = { fields: null, fromS: null, toS: null, points: null, epoch: 'current' } as const;

/** The last row: absent values left out. */
export function newestRow(history: History): Record<string, number> {
  const { fields } = history.series({ ...WHOLE, fromS: history.lastS });
  return Object.fromEntries([...fields].map(([id, c]) => [id, c[c.length - 1]!]).filter(([, v]) => Number.isFinite(v)));
}

export interface Served {
  readonly url: string;
  /** Live connections. */
  readonly clients: () => number;
  readonly close: () => Promise<void>;
}

/** The real HTTP and WebSocket servers over any status. `port`: to listen again on a port that was used before. */
export async function serve(
  status: Status,
  { port = 0, everySeconds = 10, token = null as string | null, webDir = 'dist/web' } = {},
): Promise<Served> {
  const log = createLog({ format: 'json', level: 'error' });
  const guarded = { allowHosts: [], token };
  const api = await createApi(status, { ...guarded, host: '127.0.0.1', port, webDir, version: '0.0.0', log });
  const live = attachLive(api, status, { ...guarded, version: '0.0.0', everySeconds, attach: token !== null, log });
  return {
    url: api.url,
    clients: () => live.clients(),
    close: async () => {
      await live.close();
      await api.close();
    },
  };
}
