import type { History } from '../history/history.ts';
import type { StoredFolder } from '../history/store/folder-owner.ts';
import type { Store } from '../history/store/store.ts';
import type { Status } from '../outlets/status.ts';
import type { TargetSearch } from '../sources/target/search-outcome.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import { HOUR_S, MINUTE_MS, SECOND_MS } from '../units.ts';
import { ContainerRegistry } from './container-registry.ts';
import { finalReportOf } from './final-report.ts';
import { Messages } from './messages.ts';
import { StatusAnswers } from './status-answers.ts';
import type { ContainerOptions, WatchedContainer } from './watched-container.ts';

export interface WatcherOptions extends ContainerOptions {
  readonly everySeconds: number;
  readonly store: Store;
  /** `represented`: see `SearchOptions`. */
  readonly search: (represented: ReadonlySet<string>) => Promise<TargetSearch>;
  /** What an earlier memhound has left in the data folder. */
  readonly stored: readonly StoredFolder[];
  readonly log: { readonly info: (details: object, message: string) => void };
  readonly self: () => Readonly<Record<string, unknown>>;
}

/** Containers come and go rarely, and a search walks /proc: so it is done this often, and at once when a target is gone. */
const SEARCH_EVERY_MS = MINUTE_MS;
/** Until a JVM is in sight: a container that starts beside memhound is a shell at first. */
const SEARCH_FOR_JVM_MS = 10_000;

/** The work of `watch`, tick by tick: searches, samples, scans, evaluates and stores. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #containers: ContainerRegistry;
  readonly #messages = new Messages();
  readonly #evaluateEveryMs: number;
  /** What every outlet asks. */
  readonly status: Status;
  /** Later containers' histories are read as they come. */
  #restoring = false;
  #reportedAmbiguous = false;
  #nextSearchMs = 0;
  #nextEvaluationMs = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#containers = new ContainerRegistry(options, options.stored);
    this.status = new StatusAnswers({
      containers: this.#containers.lookup,
      messages: this.#messages,
      store: options.store,
      memoryRequestBytes: options.pod.memoryRequestBytes,
      mayAttach: options.mayAttach,
      self: options.self,
    });
    // Each minute by default, each tick or two in experiments with a short --min-history.
    this.#evaluateEveryMs = Math.max(options.everySeconds, options.minHistorySeconds / 15) * SECOND_MS;
  }

  /** Takes the outcome of the first search, which the caller has made to report bad options before anything is served. */
  async begin(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#reconcile(found, nowMs);
    this.#nextSearchMs = nowMs + this.#searchPauseMs();
  }

  #searchPauseMs(): number {
    return this.#containers.defaultIsJvm ? SEARCH_EVERY_MS : SEARCH_FOR_JVM_MS;
  }

  /** `first`: what is expensive is left for later, so that a first sample is there at once, however long the stored history is. */
  async tick(nowMs: number, { first = false } = {}): Promise<void> {
    const { store } = this.#options;
    const gone = [...this.#containers].some((c) => !c.alive);
    if (nowMs >= this.#nextSearchMs || gone || this.#containers.size === 0) {
      this.#nextSearchMs = nowMs + this.#searchPauseMs();
      await this.#reconcile(await this.#options.search(this.#containers.represented()), nowMs);
    }
    for (const watched of this.#containers) {
      if (!watched.alive) continue;
      const { tick, oomKilled } = watched.sample(nowMs);
      if (oomKilled)
        this.#messages.emit({
          type: 'restart',
          kind: 'oom-kill',
          target: watched.target.id,
          at: iso(nowMs),
          reason: 'OOM kill in the container',
        });
      if (!tick.alive && watched.restored) await this.#finalize(watched, nowMs);
      else if (!tick.alive) continue;
      else
        this.#messages.emit({
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

  /** Reads what is stored of the containers that the first search found, evaluates them, and stores what was sampled meanwhile. */
  async restore(nowMs: number): Promise<void> {
    this.#restoring = true;
    for (const watched of this.#containers) await this.#restore(watched, nowMs);
    this.#evaluateAll(nowMs);
    for (const watched of this.#containers) await this.#options.store.save(watched.key);
  }

  async #restore(watched: WatchedContainer, nowMs: number): Promise<void> {
    if (watched.restored) return;
    const history = await this.#options.store.load(watched.key);
    recordStart(history, nowMs / SECOND_MS);
    watched.restore(history);
    this.#saveOwner(watched);
  }

  #saveOwner({ key, target }: WatchedContainer): void {
    this.#options.store.setOwner(key, { identity: target.identity, instance: instanceOf(target.cgroup.path, target.process) });
  }

  #evaluateAll(nowMs: number): void {
    this.#nextEvaluationMs = nowMs + this.#evaluateEveryMs - (this.#options.everySeconds * SECOND_MS) / 2;
    for (const watched of this.#containers) if (watched.alive && watched.restored) this.#evaluate(watched, nowMs);
  }

  /** The files behind the page cache and the JVM's mappings, as their budgets allow. */
  async scanFilesAndMappings(nowMs: number): Promise<void> {
    await Promise.all([...this.#containers].map((c) => c.scanFiles(nowMs)));
    for (const watched of this.#containers)
      if (watched.alive) await watched.mappings(watched.needsMappings ? 'trend' : 'routine');
  }

  async close(): Promise<void> {
    for (const watched of this.#containers) await watched.close();
    await this.#options.store.close();
  }

  #evaluate(watched: WatchedContainer, nowMs: number): void {
    const verdict = watched.evaluate(nowMs);
    this.#messages.emit({ type: 'verdict', target: watched.target.id, verdict });
  }

  async #finalize(watched: WatchedContainer, nowMs: number): Promise<void> {
    this.#nextSearchMs = 0;
    if (watched.history.length === 0) return;
    const report = finalReportOf(watched, nowMs, this.#options.everySeconds);
    await this.#options.store.saveFinalReport(watched.key, report);
    this.#messages.emit({ type: 'verdict', target: watched.target.id, verdict: report.verdict });
  }

  async #reconcile(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#containers.reconcile(found, {
      onRemoved: (watched) => this.#finalize(watched, nowMs),
      onReplaced: (watched) => {
        watched.history.recordEvent({ t: nowMs / SECOND_MS, type: 'restart' });
        this.#messages.emit({
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
        if (this.#reportedAmbiguous) return;
        this.#reportedAmbiguous = true;
        this.#options.log.info(
          { folders },
          'folders of version 0.1 may be of several targets: they are left as they are, and new ones are begun',
        );
      },
    });
    for (const watched of this.#containers) if (watched.restored) this.#saveOwner(watched);
  }
}

/** Marks why there is a gap: memhound did not run. At most one mark an hour, since history keeps few: memhound may restart each minute. */
function recordStart(history: History, nowS: number): void {
  const last = history.events.at(-1);
  if (history.length > 0 && !(last?.type === 'memhound_start' && nowS - last.t < HOUR_S))
    history.recordEvent({ t: nowS, type: 'memhound_start' });
}

const iso = (ms: number): string => new Date(ms).toISOString();
