import { EventEmitter } from 'node:events';
import { buildLedger } from '../diagnosis/ledger/ledger.ts';
import type { PodResources } from '../diagnosis/rule-context.ts';
import { toolViews } from '../diagnosis/tool-views.ts';
import type { FileRow, Ledger, TargetInfo, Verdict, View } from '../diagnosis/types.ts';
import { isField } from '../fields.ts';
import type { History } from '../history/history.ts';
import { toSeriesJson } from '../history/series-json.ts';
import type { StoredFolder } from '../history/store/folder-owner.ts';
import type { Store } from '../history/store/store.ts';
import {
  ApiError,
  type HistogramTake,
  type LiveMessage,
  type SamplesAnswer,
  type SamplesQuery,
  type Status,
} from '../outlets/status.ts';
import { otherProcesses } from '../sources/process/other-processes.ts';
import { onlineCpus } from '../sources/process/procfs.ts';
import type { TargetSearch } from '../sources/target/search-outcome.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import type { JvmReading, Roots, Target } from '../sources/types.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import { ContainerRegistry } from './container-registry.ts';
import type { WatchedContainer } from './watched-container.ts';

export interface WatcherOptions {
  readonly roots: Roots;
  readonly everySeconds: number;
  readonly minHistorySeconds: number;
  readonly pod: PodResources;
  readonly store: Store;
  /** `represented`: see `SearchOptions`. */
  readonly search: (represented: ReadonlySet<string>) => Promise<TargetSearch>;
  /** What an earlier memhound has left in the data folder. */
  readonly stored: readonly StoredFolder[];
  readonly log: { readonly info: (details: object, message: string) => void };
  /** pids of the container that a target stands for. */
  readonly pidsOf: (target: Target) => number[];
  /** --attach was given. */
  readonly mayAttach: boolean;
  readonly evaluationCache: EvaluationCache;
  readonly self: () => Readonly<Record<string, unknown>>;
}

/** Containers come and go rarely; looking for them walks /proc, so it is done this often, and at once when a target is gone. */
const SEARCH_EVERY_MS = 60_000;
/** Until a JVM is in sight: a container that starts beside memhound is a shell at first. */
const SEARCH_FOR_JVM_MS = 10_000;
/** Enough to draw the end of a container, and small enough to keep for several. */
const LAST_HOUR_POINTS = 120;

/** The running program behind every outlet: samples the slots, judges them, and answers as `Status`. */
export class Watcher implements Status {
  readonly #options: WatcherOptions;
  readonly #containers: ContainerRegistry;
  readonly #events = new EventEmitter();
  readonly #evaluateEveryMs: number;
  /** Later containers' histories are read as they come. */
  #restoring = false;
  #toldAmbiguous = false;
  #nextSearchMs = 0;
  #nextEvaluationMs = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#containers = new ContainerRegistry(options, options.stored);
    this.#events.setMaxListeners(0);
    // Each minute by default, each tick or two in experiments with a short --min-history.
    this.#evaluateEveryMs = Math.max(options.everySeconds, options.minHistorySeconds / 15) * 1000;
  }

  /** Takes the outcome of the first search, which the caller has made to report bad options before anything is served. */
  async begin(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#reconcile(found, nowMs);
    this.#nextSearchMs = nowMs + this.#searchPauseMs();
  }

  #searchPauseMs(): number {
    return this.#containers.defaultIsJvm ? SEARCH_EVERY_MS : SEARCH_FOR_JVM_MS;
  }

  /** `first`: what is dear is left for later, so that a first sample is there at once, however long the stored history is. */
  async tick(nowMs: number, { first = false } = {}): Promise<void> {
    const { store } = this.#options;
    const gone = [...this.#containers].some((s) => !s.alive);
    if (nowMs >= this.#nextSearchMs || gone || this.#containers.size === 0) {
      this.#nextSearchMs = nowMs + this.#searchPauseMs();
      await this.#reconcile(await this.#options.search(this.#containers.represented()), nowMs);
    }
    for (const watched of this.#containers) {
      if (!watched.alive) continue;
      const { tick, oomKilled } = watched.sample(nowMs);
      if (oomKilled)
        this.#emit({
          type: 'restart',
          kind: 'oom-kill',
          target: watched.target.id,
          at: iso(nowMs),
          reason: 'OOM kill in the container',
        });
      if (!tick.alive && watched.restored) await this.#finalize(watched, nowMs);
      else if (!tick.alive) continue;
      else
        this.#emit({
          type: 'sample',
          target: watched.target.id,
          at: iso(nowMs),
          limitBytes: tick.sample.limitBytes,
          values: tick.sample.values,
        });
    }
    if (first) return;
    await this.scanFilesAndMappings(nowMs);
    if (nowMs >= this.#nextEvaluationMs) this.#evaluateAll(nowMs);
    for (const watched of this.#containers) if (watched.restored) await store.save(watched.key);
  }

  /** Reads what is stored of the containers that the first search found, judges them, and stores what was sampled meanwhile. */
  async restore(nowMs: number): Promise<void> {
    this.#restoring = true;
    for (const watched of this.#containers) await this.#restore(watched, nowMs);
    this.#evaluateAll(nowMs);
    for (const watched of this.#containers) await this.#options.store.save(watched.key);
  }

  async #restore(watched: WatchedContainer, nowMs: number): Promise<void> {
    if (watched.restored) return;
    const history = await this.#options.store.load(watched.key);
    recordStart(history, nowMs / 1000);
    watched.restore(history);
    this.#saveOwner(watched);
  }

  #saveOwner({ key, target }: WatchedContainer): void {
    this.#options.store.setOwner(key, { identity: target.identity, instance: instanceOf(target.cgroup.path, target.process) });
  }

  #evaluateAll(nowMs: number): void {
    this.#nextEvaluationMs = nowMs + this.#evaluateEveryMs - (this.#options.everySeconds * 1000) / 2;
    for (const watched of this.#containers) if (watched.alive && watched.restored) this.#evaluate(watched, nowMs);
  }

  /** The files behind the page cache and the JVM's mappings, as their budgets allow. */
  async scanFilesAndMappings(nowMs: number): Promise<void> {
    await Promise.all([...this.#containers].map((s) => s.scanFiles(nowMs)));
    for (const watched of this.#containers)
      if (watched.alive) await watched.mappings(watched.needsMappings ? 'trend' : 'routine');
  }

  async close(): Promise<void> {
    for (const watched of this.#containers) await watched.close();
    await this.#options.store.close();
  }

  #evaluate(watched: WatchedContainer, nowMs: number): void {
    const verdict = watched.evaluate(nowMs, this.#options.minHistorySeconds, this.#options.pod);
    this.#emit({ type: 'verdict', target: watched.target.id, verdict });
  }

  /** A container that died keeps its last hour, cause and final headline. */
  async #finalize(watched: WatchedContainer, nowMs: number): Promise<void> {
    this.#nextSearchMs = 0;
    if (watched.history.length === 0) return;
    const killS = watched.history.events.findLast((e) => e.type === 'oom_kill')?.t ?? 0;
    const oomKilled = killS * 1000 > nowMs - 2 * this.#options.everySeconds * 1000 - 1000;
    const verdict = watched.evaluate(nowMs, this.#options.minHistorySeconds, this.#options.pod, { atMs: nowMs, oomKilled });
    const lastHour = toSeriesJson(
      watched.history.series({ fields: null, fromS: nowMs / 1000 - 3600, toS: null, points: LAST_HOUR_POINTS, epoch: 'current' }),
    );
    await this.#options.store.saveFinalReport(watched.key, { atMs: nowMs, verdict, lastHour });
    this.#emit({ type: 'verdict', target: watched.target.id, verdict });
  }

  async #reconcile(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#containers.reconcile(found, {
      onRemoved: (watched) => this.#finalize(watched, nowMs),
      onReplaced: (watched) => {
        watched.history.recordEvent({ t: nowMs / 1000, type: 'restart' });
        this.#saveOwner(watched);
        this.#emit({
          type: 'restart',
          kind: 'restart',
          target: watched.target.id,
          at: iso(nowMs),
          reason: 'the container was restarted',
        });
      },
      onAdded: async (watched) => {
        if (this.#restoring) await this.#restore(watched, nowMs);
      },
      onAdopted: async (folder, wanted) => {
        const key = await this.#options.store.renameFolder(folder, wanted);
        this.#options.log.info({ folder, renamed: key }, 'a folder of version 0.1 holds the history of this target');
        return key;
      },
      onAmbiguous: (folders) => {
        if (this.#toldAmbiguous) return;
        this.#toldAmbiguous = true;
        this.#options.log.info(
          { folders },
          'folders of version 0.1 may be of several targets: they are left as they are, and new ones are begun',
        );
      },
    });
  }

  #emit(message: LiveMessage): void {
    this.#events.emit('message', message);
  }

  targets(): readonly TargetInfo[] {
    return [...this.#containers].filter((s) => s.alive).map((s) => s.info());
  }

  verdict(target?: string, epoch?: number): Verdict {
    if (epoch !== undefined && epoch < 0) {
      const key = this.#containers.keyOf(target);
      const report = key === null ? null : this.#options.store.finalReport(key, -epoch);
      if (report === null)
        throw new ApiError(
          'no-data-yet',
          404,
          `no container has ended ${-epoch === 1 ? 'yet' : `${-epoch} times yet`} since memhound watches`,
        );
      return report.verdict as Verdict;
    }
    const watched = this.#containers.requireTarget(target);
    // Before the first evaluation is due an answer is owed all the same.
    return (
      watched.verdict ??
      watched.evaluate(watched.tick?.sample.atMs ?? Date.now(), this.#options.minHistorySeconds, this.#options.pod)
    );
  }

  async ledger(target?: string, purpose: 'once' | 'open' = 'once'): Promise<Ledger> {
    const watched = this.#containers.requireTarget(target);
    const mappings = await watched.mappings(purpose === 'once' ? 'demand' : 'trend');
    const { target: subject } = watched;
    // Read now, too: beside a tick of ten seconds ago the mappings would claim what has grown since.
    const tick = watched.readNow(Date.now());
    if (tick?.cgroup.state !== 'read') throw new ApiError('no-data-yet', 503, 'the cgroup has not been read yet');
    return buildLedger({
      atMs: tick.sample.atMs,
      version: tick.cgroup.value.version,
      values: tick.cgroup.value.values,
      limitBytes: tick.sample.limitBytes,
      cpusOnline: onlineCpus(this.#options.roots.proc),
      jvm: tick.jvm.state === 'read' ? tick.jvm.value : null,
      files: watched.files,
      mappings,
      others: otherProcesses(
        this.#options.roots.proc,
        this.#options.pidsOf(subject),
        subject.jvm === null ? null : (subject.process?.pid ?? null),
      ),
    });
  }

  views(target?: string): readonly View[] {
    const { tick } = this.#containers.requireTarget(target);
    if (tick?.cgroup.state !== 'read') throw new ApiError('no-data-yet', 503, 'the cgroup has not been read yet');
    return toolViews(tick.cgroup.value.values, tick.cgroup.value.version, tick.rssBytes);
  }

  files(target?: string): readonly FileRow[] {
    return this.#containers.requireTarget(target).fileRows();
  }

  jvm(target?: string): { readonly jvm: JvmReading } | { readonly jvm: null; readonly reason: string } {
    const { tick } = this.#containers.requireTarget(target);
    if (tick === null) return { jvm: null, reason: 'no sample has been taken yet' };
    const { jvm } = tick;
    if (jvm.state === 'read') return { jvm: jvm.value };
    return { jvm: null, reason: jvm.state === 'absent' ? jvm.reason : jvm.error };
  }

  async histogram(target?: string): Promise<HistogramTake> {
    const watched = this.#containers.requireTarget(target);
    if (!this.#options.mayAttach)
      throw new ApiError(
        'forbidden',
        403,
        'a histogram signals the JVM and costs it a full collection, so memhound takes one only where it was started with --attach',
        'MEMHOUND_ATTACH=true',
      );
    const reading = await watched.histogram();
    if (reading === null) throw new ApiError('no-jvm', 409, 'there is no JVM in this container that could be asked');
    if (reading.state === 'read') return reading.value;
    throw new ApiError(
      'no-answer',
      502,
      reading.state === 'absent' ? reading.reason : reading.error,
      reading.state === 'failed' ? reading.remediation : null,
    );
  }

  async samples(query: SamplesQuery): Promise<SamplesAnswer> {
    const watched = this.#containers.requireTarget(query.target);
    const unknown = query.fields?.find((id) => !isField(id) && !watched.history.has(id));
    if (unknown !== undefined)
      throw new ApiError(
        'unknown-field',
        400,
        `there is no field ${JSON.stringify(unknown.slice(0, 60))}; without fields= all are given`,
      );
    const { fields, fromS, toS, points } = query;
    const wanted = { fields, fromS, toS, points, epoch: 'all' } as const;
    const answer = {
      ...toSeriesJson(watched.history.series(wanted)),
      request_bytes: this.#options.pod.memoryRequestBytes,
    };
    if (!query.envelope) return answer;
    const { min, max } = await this.#options.store.envelope(watched.key, wanted);
    return { ...answer, min, max };
  }

  self(): Readonly<Record<string, unknown>> {
    return this.#options.self();
  }

  ready(): { readonly ready: boolean; readonly reason: string } {
    const state = this.#options.store.state();
    const { noTarget } = this.#containers;
    if (noTarget !== null) return { ready: false, reason: noTarget.reason };
    if (![...this.#containers].some((s) => s.alive && s.tick !== null))
      return { ready: false, reason: 'no container has been sampled yet' };
    return { ready: true, reason: state.ok ? 'sampling' : `sampling from memory; history cannot be stored: ${state.reason}` };
  }

  latest() {
    return [...this.#containers]
      .filter((s) => s.alive)
      .map((s) => ({ target: s.info(), sample: s.tick?.sample ?? null, verdict: s.verdict }));
  }

  on(listener: (message: LiveMessage) => void): () => void {
    this.#events.on('message', listener);
    return () => this.#events.off('message', listener);
  }
}

/** Why there is a gap: memhound was not there. One that is started anew each minute leaves one mark an hour, since history keeps few. */
function recordStart(history: History, nowS: number): void {
  const last = history.events.at(-1);
  if (history.length > 0 && !(last?.type === 'memhound_start' && nowS - last.t < 3600))
    history.recordEvent({ t: nowS, type: 'memhound_start' });
}

const iso = (ms: number): string => new Date(ms).toISOString();
