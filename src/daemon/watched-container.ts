import { fileRows } from '../diagnosis/file-rows.ts';
import type { Mappings } from '../diagnosis/ledger/anon-part.ts';
import type { PodResources, Scene } from '../diagnosis/rule-context.ts';
import type { FileRow, TargetInfo, Verdict } from '../diagnosis/types.ts';
import { diagnose } from '../diagnosis/verdict.ts';
import { History } from '../history/history.ts';
import { openSampler, type Sampler, type Tick } from '../sample/sampler.ts';
import type { Sample } from '../sample/types.ts';
import { FileWatcher } from '../sources/files/page-cache-scanner.ts';
import { isMove } from '../sources/files/tracked-files.ts';
import type { SmapsWish } from '../sources/mappings/smaps-budget.ts';
import type { FileReading, Reading, Roots, Target } from '../sources/types.ts';
import { Judging } from './evaluation-schedule.ts';
import { Histograms, type HistogramTake } from './histograms.ts';
import { MappingsReader } from './mappings-reader.ts';

/** What grows in a process's anonymous memory. */
const BY_MAPPINGS: ReadonlySet<string> = new Set(['heap', 'metaspace', 'native', 'threads', 'unknown']);
/** The watcher bounds its own work; this keeps looks that are dear all the same to a twentieth of the time. */
const FILES_SHARE = 0.05;
/** Where page cache and shared memory stand still, nothing is looked at for this many ticks: a deleted file changes neither. */
const QUIET_TICKS = 5;
/** Only the first look is dear by itself (it may take its whole burst): on a slow machine it must not put off the second for minutes. */
const MOST_PAUSE_MS = 10_000;

/**
 * One watched container through all its lives: a restarted container is another cgroup, but it is the same place in the pod
 * and has one history, with an epoch for each life.
 */
export class Slot {
  readonly key: string;
  #history: History = new History();
  /** Samples taken before the stored history was read; null: it has been. */
  #early: Sample[] | null = [];
  target: Target;
  tick: Tick | null = null;
  verdict: Verdict | null = null;
  files: readonly FileReading[] = [];
  alive = true;
  #sampler: Sampler;
  #watcher: FileWatcher | null;
  #mappings: MappingsReader | null;
  readonly #judging = new Judging();
  #roots: Roots;
  #mayAttach: boolean;
  #histograms: Histograms | null = null;
  #pids: (target: Target) => number[];
  #looking: Promise<void> | null = null;
  #nextLookMs = 0;
  #quietTicks = 0;
  #lookedAt: { readonly file: number | null; readonly shmem: number | null } | null = null;
  #oomKills: number | null = null;

  constructor(options: {
    key: string;
    target: Target;
    roots: Roots;
    pids: (target: Target) => number[];
    /** --attach: the JVM may be asked, not only read. */
    mayAttach: boolean;
  }) {
    this.key = options.key;
    this.target = options.target;
    this.#roots = options.roots;
    this.#pids = options.pids;
    this.#mayAttach = options.mayAttach;
    this.#sampler = openSampler(options.target, options.roots);
    this.#watcher = this.#openWatcher();
    this.#mappings = this.#openMappings();
  }

  get history(): History {
    return this.#history;
  }

  /** False until the stored history has been read: until then nothing is judged or stored. */
  get restored(): boolean {
    return this.#early === null;
  }

  /** The stored history, which goes on with what was sampled meanwhile. */
  restore(history: History): void {
    for (const event of this.#history.events) history.event(event);
    for (const sample of this.#early ?? []) history.append(sample);
    this.#early = null;
    this.#history = history;
  }

  /** The container was restarted: the same slot goes on with another cgroup or process. */
  rebind(target: Target): void {
    this.#sampler.close();
    this.#watcher?.close();
    this.target = target;
    this.alive = true;
    this.files = [];
    this.#oomKills = null;
    this.#judging.reborn();
    this.#sampler = openSampler(target, this.#roots);
    this.#watcher = this.#openWatcher();
    this.#mappings = this.#openMappings();
    this.#histograms = null;
    this.#nextLookMs = 0;
    this.#lookedAt = null;
  }

  #openWatcher(): FileWatcher | null {
    const { process } = this.target;
    return process === null ? null : new FileWatcher({ roots: this.#roots, process, pids: () => this.#pids(this.target) });
  }

  #openMappings(): MappingsReader | null {
    const { process, jvm } = this.target;
    return process === null || jvm === null ? null : new MappingsReader(this.#roots, process, this.#mayAttach);
  }

  /** The JVM's mappings as the budget allows; null: no JVM, or they may not be read. */
  async mappings(wish: SmapsWish): Promise<Mappings | null> {
    return (await this.#mappings?.get(Date.now(), wish, this.jvm())) ?? null;
  }

  /** A take of the heap by class, beside the one before. null: there is no JVM to ask. */
  histogram(): Promise<Reading<HistogramTake>> | null {
    const { process, jvm } = this.target;
    if (process === null || jvm === null || !this.alive) return null;
    this.#histograms ??= new Histograms(this.#roots, process);
    return this.#histograms.take();
  }

  /** True while the verdict blames memory that only the mappings tell apart. */
  get wantsMappings(): boolean {
    return this.verdict?.trend === 'growing' && this.verdict.causes.some((c) => BY_MAPPINGS.has(c.cause));
  }

  /** What stands in the kernel now, beside the samples on schedule; the last tick where the container has just ended. */
  fresh(nowMs: number): Tick | null {
    if (!this.alive || this.tick === null) return this.tick;
    const tick = this.#sampler.tick(nowMs);
    return tick.alive ? tick : this.tick;
  }

  /** Takes one sample. `oomKilled`: the kernel's counter rose since the last one. */
  sample(nowMs: number): { readonly tick: Tick; readonly oomKilled: boolean } {
    const tick = this.#sampler.tick(nowMs);
    this.tick = tick;
    this.alive = tick.alive;
    const kills = tick.sample.values.oom_kill ?? null;
    const oomKilled = kills !== null && this.#oomKills !== null && kills > this.#oomKills;
    if (kills !== null) this.#oomKills = kills;
    if (oomKilled) this.history.event({ t: nowMs / 1000, type: 'oom_kill' });
    if (Object.keys(tick.sample.values).length > 0) {
      this.history.append(tick.sample);
      this.#early?.push(tick.sample);
    }
    return { tick, oomKilled };
  }

  /** Looks at the files behind the page cache, unless a look is under way or the last one was too dear to repeat so soon. */
  lookAtFiles(nowMs: number): Promise<void> {
    if (this.#watcher === null || !this.alive) return Promise.resolve();
    if (this.#looking !== null) return this.#looking;
    if (nowMs < this.#nextLookMs) return Promise.resolve();
    const values = this.tick?.sample.values ?? {};
    if (this.#isQuiet(values)) return Promise.resolve();
    this.#quietTicks = 0;
    this.#lookedAt = { file: values.file ?? null, shmem: values.shmem ?? null };
    const began = performance.now();
    this.#looking = this.#watcher
      .look(nowMs, { fileBytes: values.file ?? null, shmemBytes: values.shmem ?? null })
      .then((files) => {
        this.files = files;
        this.history.files(nowMs, files);
      })
      .finally(() => {
        this.#looking = null;
        this.#nextLookMs = nowMs + Math.min(MOST_PAUSE_MS, (performance.now() - began) / FILES_SHARE);
      });
    return this.#looking;
  }

  /** The kernel's own sums say that a look would find what the last one found. */
  #isQuiet(values: Readonly<Record<string, number>>): boolean {
    const { file = null, shmem = null } = values;
    const before = this.#lookedAt;
    if (before === null || before.file === null || file === null || ++this.#quietTicks > QUIET_TICKS) return false;
    return !isMove(file - before.file, file) && !isMove((shmem ?? 0) - (before.shmem ?? 0), shmem ?? 0);
  }

  fileRows(): FileRow[] {
    return fileRows(this.history.series({ fields: [], fromS: null, toS: null, points: null, epoch: 'current' }).files);
  }

  /** Judges the current life and keeps the answer. */
  evaluate(nowMs: number, minHistorySeconds: number, pod: PodResources, ended: Scene['ended'] = null): Verdict {
    const series = this.history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'current' });
    const judgement = this.#judging.judge(this.history, { minHistorySeconds, final: ended !== null });
    const scene: Scene = {
      atMs: nowMs,
      target: this.info(),
      judgement,
      // A kill or restart of a former life is worth telling, though nothing is fitted across it.
      series: { ...series, events: this.history.events },
      files: fileRows(series.files),
      jvm: this.jvm(),
      pod,
      ended,
    };
    this.verdict = diagnose(scene);
    return this.verdict;
  }

  jvm() {
    return this.tick?.jvm.state === 'read' ? this.tick.jvm.value : null;
  }

  info(): TargetInfo {
    return targetInfo(this.target, this.tick);
  }

  async close(): Promise<void> {
    this.#sampler.close();
    await this.#looking;
    this.#watcher?.close();
  }
}

/** The public form of a target, with what its newest tick told. */
export function targetInfo(target: Target, tick: Tick | null): TargetInfo {
  const jvm = tick?.jvm.state === 'read' ? tick.jvm.value : null;
  return {
    id: target.id,
    container: target.container,
    pid: target.process?.pid ?? null,
    reach: target.reach,
    cgroup: { version: target.cgroup.version, path: target.cgroup.path },
    limitBytes: tick?.sample.limitBytes ?? null,
    jvm:
      target.jvm === null
        ? null
        : { evidence: target.jvm.evidence, version: jvm?.version ?? null, collector: jvm?.collector ?? null },
  };
}
