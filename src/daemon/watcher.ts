import { EventEmitter } from 'node:events';
import { ledger } from '../diagnosis/ledger/ledger.ts';
import type { PodResources } from '../diagnosis/rule-context.ts';
import { views } from '../diagnosis/tool-views.ts';
import type { FileRow, Ledger, TargetInfo, Verdict, View } from '../diagnosis/types.ts';
import { isField } from '../fields.ts';
import type { History } from '../history/history.ts';
import { toSeriesJson } from '../history/series-json.ts';
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
import type { TargetSearch } from '../sources/target/target-search.ts';
import type { JvmReading, Roots, Target } from '../sources/types.ts';
import { Slots } from './container-registry.ts';
import type { Slot } from './watched-container.ts';

export interface WatcherOptions {
  readonly roots: Roots;
  readonly everySeconds: number;
  readonly minHistorySeconds: number;
  readonly pod: PodResources;
  readonly store: Store;
  readonly search: () => Promise<TargetSearch>;
  /** pids of the container that a target stands for. */
  readonly pids: (target: Target) => number[];
  /** --attach was given. */
  readonly mayAttach: boolean;
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
  readonly #slots: Slots;
  readonly #events = new EventEmitter();
  readonly #evaluateEveryMs: number;
  /** Later containers' histories are read as they come. */
  #restoring = false;
  #nextSearchMs = 0;
  #nextEvaluationMs = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#slots = new Slots(options);
    this.#events.setMaxListeners(0);
    // Each minute by default, each tick or two in experiments with a short --min-history.
    this.#evaluateEveryMs = Math.max(options.everySeconds, options.minHistorySeconds / 15) * 1000;
  }

  /** Takes the outcome of the first search, which the caller has made to report bad options before anything is served. */
  async begin(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#adopt(found, nowMs);
    this.#nextSearchMs = nowMs + this.#searchPauseMs();
  }

  #searchPauseMs(): number {
    return this.#slots.mainIsJvm ? SEARCH_EVERY_MS : SEARCH_FOR_JVM_MS;
  }

  /** `first`: what is dear is left for later, so that a first sample is there at once, however long the stored history is. */
  async tick(nowMs: number, { first = false } = {}): Promise<void> {
    const { store } = this.#options;
    const gone = [...this.#slots].some((s) => !s.alive);
    if (nowMs >= this.#nextSearchMs || gone || this.#slots.size === 0) {
      this.#nextSearchMs = nowMs + this.#searchPauseMs();
      await this.#adopt(await this.#options.search(), nowMs);
    }
    for (const slot of this.#slots) {
      if (!slot.alive) continue;
      const { tick, oomKilled } = slot.sample(nowMs);
      if (oomKilled) this.#emit({ type: 'restart', target: slot.target.id, at: iso(nowMs), reason: 'OOM kill in the container' });
      if (!tick.alive && slot.restored) await this.#bury(slot, nowMs);
      else if (!tick.alive) continue;
      else
        this.#emit({
          type: 'sample',
          target: slot.target.id,
          at: iso(nowMs),
          limitBytes: tick.sample.limitBytes,
          values: tick.sample.values,
        });
    }
    if (first) return;
    await this.look(nowMs);
    if (nowMs >= this.#nextEvaluationMs) this.#evaluateAll(nowMs);
    for (const slot of this.#slots) if (slot.restored) await store.save(slot.key);
  }

  /** Reads what is stored of the containers that the first search found, judges them, and stores what was sampled meanwhile. */
  async restore(nowMs: number): Promise<void> {
    this.#restoring = true;
    for (const slot of this.#slots) await this.#restore(slot, nowMs);
    this.#evaluateAll(nowMs);
    for (const slot of this.#slots) await this.#options.store.save(slot.key);
  }

  async #restore(slot: Slot, nowMs: number): Promise<void> {
    if (slot.restored) return;
    const history = await this.#options.store.load(slot.key);
    markStart(history, nowMs / 1000);
    slot.restore(history);
  }

  #evaluateAll(nowMs: number): void {
    this.#nextEvaluationMs = nowMs + this.#evaluateEveryMs - (this.#options.everySeconds * 1000) / 2;
    for (const slot of this.#slots) if (slot.alive && slot.restored) this.#evaluate(slot, nowMs);
  }

  /** The files behind the page cache and the JVM's mappings, as their budgets allow. */
  async look(nowMs: number): Promise<void> {
    await Promise.all([...this.#slots].map((s) => s.lookAtFiles(nowMs)));
    for (const slot of this.#slots) if (slot.alive) await slot.mappings(slot.wantsMappings ? 'trend' : 'routine');
  }

  async close(): Promise<void> {
    for (const slot of this.#slots) await slot.close();
    await this.#options.store.close();
  }

  #evaluate(slot: Slot, nowMs: number): void {
    const verdict = slot.evaluate(nowMs, this.#options.minHistorySeconds, this.#options.pod);
    this.#emit({ type: 'verdict', target: slot.target.id, verdict });
  }

  /** A container that died keeps its last hour, cause and final headline. */
  async #bury(slot: Slot, nowMs: number): Promise<void> {
    this.#nextSearchMs = 0;
    if (slot.history.length === 0) return;
    const killS = slot.history.events.findLast((e) => e.type === 'oom_kill')?.t ?? 0;
    const oomKilled = killS * 1000 > nowMs - 2 * this.#options.everySeconds * 1000 - 1000;
    const verdict = slot.evaluate(nowMs, this.#options.minHistorySeconds, this.#options.pod, { atMs: nowMs, oomKilled });
    const lastHour = toSeriesJson(
      slot.history.series({ fields: null, fromS: nowMs / 1000 - 3600, toS: null, points: LAST_HOUR_POINTS, epoch: 'current' }),
    );
    await this.#options.store.keepObituary(slot.key, { atMs: nowMs, verdict, lastHour });
    this.#emit({ type: 'verdict', target: slot.target.id, verdict });
  }

  async #adopt(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#slots.adopt(found, {
      leaves: (slot) => this.#bury(slot, nowMs),
      reborn: (slot) => {
        slot.history.event({ t: nowMs / 1000, type: 'restart' });
        this.#emit({ type: 'restart', target: slot.target.id, at: iso(nowMs), reason: 'the container was started anew' });
      },
      born: async (slot) => {
        if (this.#restoring) await this.#restore(slot, nowMs);
      },
    });
  }

  #emit(message: LiveMessage): void {
    this.#events.emit('message', message);
  }

  targets(): readonly TargetInfo[] {
    return [...this.#slots].filter((s) => s.alive).map((s) => s.info());
  }

  verdict(target?: string, epoch?: number): Verdict {
    if (epoch !== undefined && epoch < 0) {
      const key = this.#slots.keyOf(target);
      const obituary = key === null ? null : this.#options.store.obituary(key, -epoch);
      if (obituary === null)
        throw new ApiError(
          'no-data-yet',
          404,
          `no container has ended ${-epoch === 1 ? 'yet' : `${-epoch} times yet`} since memhound watches`,
        );
      return obituary.verdict as Verdict;
    }
    const slot = this.#slots.awake(target);
    // Before the first evaluation is due an answer is owed all the same.
    return (
      slot.verdict ?? slot.evaluate(slot.tick?.sample.atMs ?? Date.now(), this.#options.minHistorySeconds, this.#options.pod)
    );
  }

  async ledger(target?: string, asked: 'once' | 'open' = 'once'): Promise<Ledger> {
    const slot = this.#slots.awake(target);
    const mappings = await slot.mappings(asked === 'once' ? 'demand' : 'trend');
    const { target: subject } = slot;
    // Read now, too: beside a tick of ten seconds ago the mappings would claim what has grown since.
    const tick = slot.fresh(Date.now());
    if (tick?.cgroup.state !== 'read') throw new ApiError('no-data-yet', 503, 'the cgroup has not been read yet');
    return ledger({
      atMs: tick.sample.atMs,
      version: tick.cgroup.value.version,
      values: tick.cgroup.value.values,
      limitBytes: tick.sample.limitBytes,
      cpusOnline: onlineCpus(this.#options.roots.proc),
      jvm: tick.jvm.state === 'read' ? tick.jvm.value : null,
      files: slot.files,
      mappings,
      others: otherProcesses(
        this.#options.roots.proc,
        this.#options.pids(subject),
        subject.jvm === null ? null : (subject.process?.pid ?? null),
      ),
    });
  }

  views(target?: string): readonly View[] {
    const { tick } = this.#slots.awake(target);
    if (tick?.cgroup.state !== 'read') throw new ApiError('no-data-yet', 503, 'the cgroup has not been read yet');
    return views(tick.cgroup.value.values, tick.cgroup.value.version, tick.rssBytes);
  }

  files(target?: string): readonly FileRow[] {
    return this.#slots.awake(target).fileRows();
  }

  jvm(target?: string): { readonly jvm: JvmReading } | { readonly jvm: null; readonly reason: string } {
    const { tick } = this.#slots.awake(target);
    if (tick === null) return { jvm: null, reason: 'no sample has been taken yet' };
    const { jvm } = tick;
    if (jvm.state === 'read') return { jvm: jvm.value };
    return { jvm: null, reason: jvm.state === 'absent' ? jvm.why : jvm.error };
  }

  async histogram(target?: string): Promise<HistogramTake> {
    const slot = this.#slots.awake(target);
    if (!this.#options.mayAttach)
      throw new ApiError(
        'forbidden',
        403,
        'a histogram signals the JVM and costs it a full collection, so memhound takes one only where it was started with --attach',
        'MEMHOUND_ATTACH=true',
      );
    const reading = await slot.histogram();
    if (reading === null) throw new ApiError('no-jvm', 409, 'there is no JVM in this container that could be asked');
    if (reading.state === 'read') return reading.value;
    throw new ApiError(
      'no-answer',
      502,
      reading.state === 'absent' ? reading.why : reading.error,
      reading.state === 'failed' ? reading.mend : null,
    );
  }

  async samples(query: SamplesQuery): Promise<SamplesAnswer> {
    const slot = this.#slots.awake(query.target);
    const unknown = query.fields?.find((id) => !isField(id) && !slot.history.has(id));
    if (unknown !== undefined)
      throw new ApiError(
        'unknown-field',
        400,
        `there is no field ${JSON.stringify(unknown.slice(0, 60))}; without fields= all are given`,
      );
    const { fields, fromS, toS, points } = query;
    const wanted = { fields, fromS, toS, points, epoch: 'all' } as const;
    const answer = {
      ...toSeriesJson(slot.history.series(wanted)),
      request_bytes: this.#options.pod.memoryRequestBytes,
    };
    if (!query.spread) return answer;
    const { min, max } = await this.#options.store.spread(slot.key, wanted);
    return { ...answer, min, max };
  }

  self(): Readonly<Record<string, unknown>> {
    return this.#options.self();
  }

  ready(): { readonly ready: boolean; readonly reason: string } {
    const state = this.#options.store.state();
    const { blind } = this.#slots;
    if (blind !== null) return { ready: false, reason: blind.reason };
    if (![...this.#slots].some((s) => s.alive && s.tick !== null))
      return { ready: false, reason: 'no container has been sampled yet' };
    return { ready: true, reason: state.ok ? 'sampling' : `sampling from memory; history cannot be stored: ${state.reason}` };
  }

  latest() {
    return [...this.#slots]
      .filter((s) => s.alive)
      .map((s) => ({ target: s.info(), sample: s.tick?.sample ?? null, verdict: s.verdict }));
  }

  on(listener: (message: LiveMessage) => void): () => void {
    this.#events.on('message', listener);
    return () => this.#events.off('message', listener);
  }
}

/** Why there is a gap: memhound was not there. One that is started anew each minute leaves one mark an hour, since history keeps few. */
function markStart(history: History, nowS: number): void {
  const last = history.events.at(-1);
  if (history.length > 0 && !(last?.type === 'memhound_start' && nowS - last.t < 3600))
    history.event({ t: nowS, type: 'memhound_start' });
}

const iso = (ms: number): string => new Date(ms).toISOString();
