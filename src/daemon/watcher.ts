import { Due } from '../clock.ts';
import { costOf } from '../culprit/questions.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { safeName } from '../format.ts';
import type { History } from '../history/history.ts';
import type { StoredFolder } from '../history/store/folder-owner.ts';
import type { Store } from '../history/store/store.ts';
import type { Log } from '../outlets/log.ts';
import type { Status } from '../outlets/status.ts';
import type { TargetSearch } from '../sources/target/search-outcome.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import { HOUR_S, MINUTE_MS, MINUTE_S, SECOND_MS } from '../units.ts';
import { beginningNoCollection } from './collect-garbage.ts';
import { ContainerRegistry } from './container-registry.ts';
import { CulpritOnAlarm } from './culprit-on-alarm.ts';
import { FailureLog } from './failure-log.ts';
import { FileScans } from './file-scans.ts';
import { finalReportOf } from './final-report.ts';
import { lastEndOf } from './last-end.ts';
import { Messages } from './messages.ts';
import { otherJvmsOf } from './other-jvms.ts';
import { StatusAnswers } from './status-answers.ts';
import type { ContainerOptions, WatchedContainer } from './watched-container.ts';

export interface WatcherOptions extends Omit<ContainerOptions, 'lastEnd' | 'otherJvms' | 'fileScans'> {
  readonly everySeconds: number;
  /** --attach=auto was given: the JVM is asked for the culprit of an alarm. */
  readonly asksOnAlarm: boolean;
  readonly store: Store;
  /** `represented`: see `SearchOptions`. */
  readonly search: (represented: ReadonlySet<string>) => Promise<TargetSearch>;
  /** Folders of an earlier memhound in the data folder. */
  readonly stored: readonly StoredFolder[];
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly self: () => Readonly<Record<string, unknown>>;
}

/** Time between searches, because containers seldom change and a search walks /proc. If a target ends, the next search is immediate. */
const SEARCH_EVERY_MS = MINUTE_MS;
/** The same while no JVM is visible: a container that starts at the same time as memhound is a shell at first. */
const SEARCH_FOR_JVM_MS = 10_000;

/** The work of `watch`, tick by tick: searches, samples, scans, evaluates and stores. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #containers: ContainerRegistry;
  readonly #messages = new Messages();
  readonly #failures: FailureLog;
  readonly #culpritOnAlarm = new CulpritOnAlarm();
  readonly #evaluateEveryMs: number;
  /** The answers for all outlets. */
  readonly status: Status;
  /** True after `restore` has begun. From then on, the history of a new container is read when the container appears. */
  #restoring = false;
  #reportedAmbiguous = false;
  #saving: Promise<void> | null = null;
  readonly #searchDue = new Due();
  readonly #evaluationDue = new Due();

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#failures = new FailureLog(options.log);
    this.#containers = new ContainerRegistry(
      {
        ...options,
        fileScans: new FileScans(options.roots, options.pidsOf),
        lastEnd: (watched) => lastEndOf(watched, options.store),
        otherJvms: (watched) => otherJvmsOf(watched, this.#containers),
      },
      options.stored,
    );
    this.status = new StatusAnswers({
      containers: this.#containers.lookup,
      messages: this.#messages,
      store: options.store,
      memoryRequestBytes: options.pod.memoryRequestBytes,
      mayAttach: options.mayAttach,
      self: options.self,
    });
    // Once a minute by default; every tick or two in experiments with a short --min-history.
    this.#evaluateEveryMs = Math.max(options.everySeconds, options.minHistorySeconds / 15) * SECOND_MS;
  }

  /** Starts with the result of the first search. The caller makes that search, to report bad options before anything is served. */
  async begin(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#reconcile(found, nowMs);
    this.#searchDue.wait(nowMs, this.#searchPauseMs());
  }

  #searchPauseMs(): number {
    return this.#containers.defaultIsJvm ? SEARCH_EVERY_MS : SEARCH_FOR_JVM_MS;
  }

  /** `first`: skip expensive work, so that the first sample is ready at once, even with a long stored history. */
  async tick(nowMs: number, { first = false } = {}): Promise<void> {
    const gone = this.#containers.hasEndedAlone;
    if (this.#searchDue.isDue(nowMs) || gone || this.#containers.size === 0) {
      this.#searchDue.wait(nowMs, this.#searchPauseMs());
      await this.#search(nowMs);
    }
    for (const watched of this.#containers) {
      if (!watched.alive) continue;
      const { tick, oomKilled, failures } = watched.sample(nowMs);
      this.#failures.report(watched.target.id, failures, nowMs);
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
    if (this.#evaluationDue.isDue(nowMs)) this.#evaluateAll(nowMs);
    this.#save();
  }

  async #search(nowMs: number): Promise<void> {
    await this.#separately('search', 'all', nowMs, async () => {
      const found = await this.#options.search(this.#containers.represented());
      if (found.state === 'found' && found.skipped > 0)
        this.#failures.report(
          'all',
          [
            {
              source: 'search for targets',
              error: `${found.skipped} processes were not looked at: a search has a second of CPU time for those that are new`,
              remediation: '--pid N or --cgroup DIR names the target',
            },
          ],
          nowMs,
        );
      await this.#reconcile(found, nowMs);
    });
  }

  /** Reads what is not part of the samples. If that fails, the log says so and the tick continues. */
  async #separately(source: string, target: string, nowMs: number, read: () => Promise<unknown>): Promise<void> {
    try {
      await read();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#failures.report(target, [{ source, error: text, remediation: null }], nowMs);
    }
  }

  /** Reads the stored histories of the containers from the first search, evaluates them, and stores the samples taken meanwhile. */
  async restore(nowMs: number): Promise<void> {
    this.#restoring = true;
    for (const watched of this.#containers) await this.#restore(watched, nowMs);
    for (const { key } of this.#containers.unclaimed) await this.#options.store.loadFinalReports(key);
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
    this.#evaluationDue.wait(nowMs, this.#evaluateEveryMs - (this.#options.everySeconds * SECOND_MS) / 2);
    for (const watched of this.#containers) if (watched.alive && watched.restored) this.#evaluate(watched, nowMs);
  }

  /** Scans the files in the page cache and reads the JVM's mappings, within their budgets. */
  async scanFilesAndMappings(nowMs: number): Promise<void> {
    const containers = [...this.#containers];
    await Promise.all(containers.map((c) => this.#separately('files', c.target.id, nowMs, () => c.scanFiles(nowMs))));
    for (const c of containers) this.#failures.report(c.target.id, c.skippedMounts, nowMs);
    for (const c of containers) if (c.alive) await this.#separately('mappings', c.target.id, nowMs, () => c.readParts(nowMs));
  }

  /** A tick does not wait for it: what comes while a slow volume takes the rows goes with the next. */
  #save(): void {
    this.#saving ??= this.#saveAll()
      .catch((error: unknown) =>
        this.#options.log.warn({ error: String(error) }, 'rows were not stored; the next tick stores them'),
      )
      .finally(() => {
        this.#saving = null;
      });
  }

  async #saveAll(): Promise<void> {
    await this.#options.store.renewLock();
    for (const watched of this.#containers) if (watched.restored) await this.#options.store.save(watched.key);
  }

  /** Resolves when the rows of the ticks so far are stored, or cannot be. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  async close(): Promise<void> {
    await this.#saving;
    for (const watched of this.#containers) await watched.close();
    await this.#options.store.close();
  }

  #evaluate(watched: WatchedContainer, nowMs: number): void {
    const verdict = beginningNoCollection(() => watched.evaluate(nowMs));
    this.#messages.emit({ type: 'verdict', target: watched.target.id, verdict });
    if (this.#options.asksOnAlarm) this.#askOnAlarm(watched, verdict);
  }

  #askOnAlarm(watched: WatchedContainer, verdict: Verdict): void {
    const jvm = watched.tick?.jvm;
    const heapBytes = jvm?.state === 'read' ? jvm.value.heapUsed.value : null;
    const isBusy = this.#containers.lookup.searched !== null;
    const cause = this.#culpritOnAlarm.consider({ verdict, culprits: watched.culprits, heapBytes }, isBusy);
    if (cause !== null)
      this.#options.log.info({ target: watched.target.id, cause, cost: costOf(cause, true) }, 'the JVM is asked what grows');
  }

  async #finalize(watched: WatchedContainer, nowMs: number): Promise<void> {
    this.#searchDue.now();
    if (watched.history.length === 0) return;
    const report = finalReportOf(watched, nowMs, this.#options.everySeconds);
    await this.#options.store.saveFinalReport(watched.key, report);
    this.#messages.emit({ type: 'verdict', target: watched.target.id, verdict: report.verdict });
  }

  async #reconcile(found: TargetSearch, nowMs: number): Promise<void> {
    await this.#containers.reconcile(found, {
      onRemoved: (watched) => this.#finalize(watched, nowMs),
      onReplaced: (watched, isBeside) => {
        const { history } = watched;
        const ranSeconds = nowMs / SECOND_MS - Math.max(history.epoch.startS, history.firstS ?? 0);
        history.recordEvent({ t: nowMs / SECOND_MS, type: 'restart' });
        // A JVM that another one starts for each piece of work, again and again, is no news.
        if (isBeside && ranSeconds < BRIEF_RUN_S) return;
        this.#messages.emit({
          type: 'restart',
          kind: 'restart',
          target: watched.target.id,
          at: iso(nowMs),
          reason: isBeside
            ? `${safeName(watched.target.identity.name)} was started again; its container runs on`
            : 'the container was restarted',
        });
      },
      onAdded: async (watched) => {
        if (this.#restoring) await this.#restore(watched, nowMs);
      },
      onAdopted: async (folder, wanted) => {
        const key = await this.#options.store.renameFolder(folder, wanted);
        this.#options.log.info({ folder, renamed: key }, 'a folder of version 0.1 contains the history of this target');
        return key;
      },
      onAmbiguous: (folders) => {
        if (this.#reportedAmbiguous) return;
        this.#reportedAmbiguous = true;
        this.#options.log.info(
          { folders },
          'folders of version 0.1 may belong to several targets: they are not used, and new folders are created',
        );
      },
    });
    for (const watched of this.#containers) if (watched.restored) this.#saveOwner(watched);
  }
}

/** A JVM that ran beside another one for less is a helper of it. */
const BRIEF_RUN_S = 10 * MINUTE_S;

/** Records that memhound started, which explains a gap. At most one event an hour, because history keeps few and memhound may restart every minute. */
function recordStart(history: History, nowS: number): void {
  const last = history.events.at(-1);
  if (history.length > 0 && !(last?.type === 'memhound_start' && nowS - last.t < HOUR_S))
    history.recordEvent({ t: nowS, type: 'memhound_start' });
}

const iso = (ms: number): string => new Date(ms).toISOString();
