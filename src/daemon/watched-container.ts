import { fileRows } from '../diagnosis/file-rows.ts';
import type { Mappings } from '../diagnosis/ledger/anon-part.ts';
import type { PodResources, RuleContext } from '../diagnosis/rule-context.ts';
import type { FileRow, TargetInfo, Verdict } from '../diagnosis/types.ts';
import { diagnose } from '../diagnosis/verdict.ts';
import { History } from '../history/history.ts';
import { openSampler, type Sampler, type Tick } from '../sample/sampler.ts';
import type { Sample } from '../sample/types.ts';
import { PageCacheScanner } from '../sources/files/page-cache-scanner.ts';
import { isSignificantChange } from '../sources/files/tracked-files.ts';
import type { ReadReason } from '../sources/mappings/smaps-budget.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import type { FileReading, Reading, Roots, Target } from '../sources/types.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import { EvaluationSchedule } from './evaluation-schedule.ts';
import { HeapHistograms, type HistogramTake } from './histograms.ts';
import { MappingsReader } from './mappings-reader.ts';

/** What grows in a process's anonymous memory. */
const CAUSES_IN_ANON: ReadonlySet<string> = new Set(['heap', 'metaspace', 'native', 'threads', 'unknown']);
/** The watcher bounds its own work; this keeps looks that are dear all the same to a twentieth of the time. */
const SCAN_TIME_SHARE = 0.05;
/** Where page cache and shared memory stand still, nothing is looked at for this many ticks: a deleted file changes neither. */
const MAX_UNCHANGED_TICKS = 5;
/** Only the first look is dear by itself (it may take its whole burst): on a slow machine it must not put off the second for minutes. */
const MAX_PAUSE_MS = 10_000;

/**
 * One watched container through all its lives: a restarted container is another cgroup, but it is the same place in the pod
 * and has one history, with an epoch for each life.
 */
export class WatchedContainer {
  readonly key: string;
  #history: History = new History();
  /** Samples taken before the stored history was read; null: it has been. */
  #samplesBeforeRestore: Sample[] | null = [];
  target: Target;
  tick: Tick | null = null;
  verdict: Verdict | null = null;
  files: readonly FileReading[] = [];
  alive = true;
  #sampler: Sampler;
  #fileScanner: PageCacheScanner | null;
  #mappings: MappingsReader | null;
  readonly #evaluations: EvaluationSchedule;
  #roots: Roots;
  #mayAttach: boolean;
  #histograms: HeapHistograms | null = null;
  #pidsOf: (target: Target) => number[];
  #scan: Promise<void> | null = null;
  #nextScanMs = 0;
  #unchangedTicks = 0;
  #scannedAt: { readonly file: number | null; readonly shmem: number | null } | null = null;
  #oomKills: number | null = null;

  constructor(options: {
    key: string;
    target: Target;
    roots: Roots;
    pidsOf: (target: Target) => number[];
    /** --attach: the JVM may be asked, not only read. */
    mayAttach: boolean;
    /** One for all containers: they are evaluated one after the other. */
    evaluationCache: EvaluationCache;
  }) {
    this.key = options.key;
    this.target = options.target;
    this.#roots = options.roots;
    this.#pidsOf = options.pidsOf;
    this.#mayAttach = options.mayAttach;
    this.#evaluations = new EvaluationSchedule(options.evaluationCache);
    this.#sampler = openSampler(options.target, options.roots);
    this.#fileScanner = this.#openFileScanner();
    this.#mappings = this.#openMappingsReader();
  }

  get history(): History {
    return this.#history;
  }

  /** False until the stored history has been read: until then nothing is judged or stored. */
  get restored(): boolean {
    return this.#samplesBeforeRestore === null;
  }

  /** The stored history, which goes on with what was sampled meanwhile. */
  restore(history: History): void {
    for (const event of this.#history.events) history.recordEvent(event);
    for (const sample of this.#samplesBeforeRestore ?? []) history.append(sample);
    this.#samplesBeforeRestore = null;
    this.#history = history;
  }

  /** What a later search knows of the same instance: its name, when the JVM has written it, and other JVMs beside it. */
  updateTarget(target: Target): void {
    if (target.identity.kind !== this.target.identity.kind || !isSameProcess(target, this.target)) return;
    const { identity } = this.target.identity.source === 'process-name' ? target : this.target;
    this.target = { ...target, identity };
  }

  /** The container was restarted: its history goes on with another cgroup or process. */
  replaceTarget(target: Target): void {
    this.#sampler.close();
    this.#fileScanner?.close();
    this.target = target;
    this.alive = true;
    this.files = [];
    this.#oomKills = null;
    this.#evaluations.containerRestarted();
    this.#sampler = openSampler(target, this.#roots);
    this.#fileScanner = this.#openFileScanner();
    this.#mappings = this.#openMappingsReader();
    this.#histograms = null;
    this.#nextScanMs = 0;
    this.#scannedAt = null;
  }

  #openFileScanner(): PageCacheScanner | null {
    const { process } = this.target;
    return process === null ? null : new PageCacheScanner({ roots: this.#roots, process, pids: () => this.#pidsOf(this.target) });
  }

  #openMappingsReader(): MappingsReader | null {
    const { process, jvm } = this.target;
    return process === null || jvm === null ? null : new MappingsReader(this.#roots, process, this.#mayAttach);
  }

  /** The JVM's mappings as the budget allows; null: no JVM, or they may not be read. */
  async mappings(reason: ReadReason): Promise<Mappings | null> {
    return (await this.#mappings?.get(Date.now(), reason, this.jvm())) ?? null;
  }

  /** A take of the heap by class, beside the one before. null: there is no JVM to ask. */
  histogram(): Promise<Reading<HistogramTake>> | null {
    const { process, jvm } = this.target;
    if (process === null || jvm === null || !this.alive) return null;
    this.#histograms ??= new HeapHistograms(this.#roots, process);
    return this.#histograms.take();
  }

  /** True while the verdict blames memory that only the mappings tell apart. */
  get needsMappings(): boolean {
    return this.verdict?.trend === 'growing' && this.verdict.causes.some((c) => CAUSES_IN_ANON.has(c.cause));
  }

  /** What stands in the kernel now, beside the samples on schedule; the last tick where the container has just ended. */
  readNow(nowMs: number): Tick | null {
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
    if (oomKilled) this.history.recordEvent({ t: nowMs / 1000, type: 'oom_kill' });
    if (Object.keys(tick.sample.values).length > 0) {
      this.history.append(tick.sample);
      this.#samplesBeforeRestore?.push(tick.sample);
    }
    return { tick, oomKilled };
  }

  /** Looks at the files behind the page cache, unless a look is under way or the last one was too dear to repeat so soon. */
  scanFiles(nowMs: number): Promise<void> {
    if (this.#fileScanner === null || !this.alive) return Promise.resolve();
    if (this.#scan !== null) return this.#scan;
    if (nowMs < this.#nextScanMs) return Promise.resolve();
    const values = this.tick?.sample.values ?? {};
    if (this.#isUnchanged(values)) return Promise.resolve();
    this.#unchangedTicks = 0;
    this.#scannedAt = { file: values.file ?? null, shmem: values.shmem ?? null };
    const began = performance.now();
    this.#scan = this.#fileScanner
      .scan(nowMs, { fileBytes: values.file ?? null, shmemBytes: values.shmem ?? null })
      .then((files) => {
        this.files = files;
        this.history.recordFiles(nowMs, files);
      })
      .finally(() => {
        this.#scan = null;
        this.#nextScanMs = nowMs + Math.min(MAX_PAUSE_MS, (performance.now() - began) / SCAN_TIME_SHARE);
      });
    return this.#scan;
  }

  /** The kernel's own sums say that a look would find what the last one found. */
  #isUnchanged(values: Readonly<Record<string, number>>): boolean {
    const { file = null, shmem = null } = values;
    const before = this.#scannedAt;
    if (before === null || before.file === null || file === null || ++this.#unchangedTicks > MAX_UNCHANGED_TICKS) return false;
    return !isSignificantChange(file - before.file, file) && !isSignificantChange((shmem ?? 0) - (before.shmem ?? 0), shmem ?? 0);
  }

  fileRows(): FileRow[] {
    return fileRows(this.history.series({ fields: [], fromS: null, toS: null, points: null, epoch: 'current' }).files);
  }

  /** Judges the current life and keeps the answer. */
  evaluate(nowMs: number, minHistorySeconds: number, pod: PodResources, ended: RuleContext['ended'] = null): Verdict {
    const series = this.history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'current' });
    const evaluation = this.#evaluations.evaluate(this.history, { minHistorySeconds, final: ended !== null });
    const context: RuleContext = {
      atMs: nowMs,
      target: this.info(),
      evaluation: evaluation,
      // A kill or restart of a former life is worth telling, though nothing is fitted across it.
      series: { ...series, events: this.history.events },
      files: fileRows(series.files),
      jvm: this.jvm(),
      pod,
      ended,
    };
    this.verdict = diagnose(context);
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
    await this.#scan;
    this.#fileScanner?.close();
  }
}

const isSameProcess = (a: Target, b: Target): boolean =>
  instanceOf(a.cgroup.path, a.process) === instanceOf(b.cgroup.path, b.process);

/** The public form of a target, with what its newest tick told. */
export function targetInfo(target: Target, tick: Tick | null): TargetInfo {
  const jvm = tick?.jvm.state === 'read' ? tick.jvm.value : null;
  return {
    id: target.id,
    name: target.identity.name,
    container: target.container,
    pid: target.process?.pid ?? null,
    reach: target.reach,
    cgroup: { version: target.cgroup.version, path: target.cgroup.path },
    limitBytes: tick?.sample.limitBytes ?? null,
    otherJvms: target.otherJvms,
    jvm:
      target.jvm === null
        ? null
        : { evidence: target.jvm.evidence, version: jvm?.version ?? null, collector: jvm?.collector ?? null },
  };
}
