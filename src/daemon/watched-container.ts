import { findCulprit } from '../culprit/find-culprit.ts';
import type { Culprit, CulpritQuestion, CulpritRun } from '../culprit/types.ts';
import { composeVerdictAfter } from '../diagnosis/compose-verdict.ts';
import { fileRows, namedFiles, withChargedBytes, withHolderNames } from '../diagnosis/file-rows.ts';
import { withGrowth } from '../diagnosis/growth/ledger-growth.ts';
import { hasRuns, type LeftByRuns, leftByRuns } from '../diagnosis/growth/left-by-runs.ts';
import type { Mappings } from '../diagnosis/ledger/anon-part.ts';
import type { LastEnd, OtherJvm, PodResources, RuleContext } from '../diagnosis/rule-context.ts';
import type { SteadyState } from '../diagnosis/steady.ts';
import type { FileRow, Ledger, TargetInfo, Verdict } from '../diagnosis/types.ts';
import { withCulprit } from '../diagnosis/with-culprit.ts';
import { fieldName } from '../fields.ts';
import { History } from '../history/history.ts';
import type { Series } from '../history/series.ts';
import { readerOf } from '../memory-facts.ts';
import type { HistogramTake } from '../outlets/status.ts';
import { openSampler, type Sampler, type Tick } from '../sample/sampler.ts';
import type { Sample } from '../sample/types.ts';
import { withDeletedMappings } from '../sources/files/deleted-mappings.ts';
import type { ReadReason } from '../sources/mappings/smaps-budget.ts';
import type { CountedObjects } from '../sources/process/kernel-objects.ts';
import { KnownProcessNames, type ProcessNames } from '../sources/process/process-names.ts';
import { onlineCpus } from '../sources/process/procfs.ts';
import { type ShmemHolder, shmemHolder } from '../sources/process/shmem-holder.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import type { FileReading, Reading, Roots, Target } from '../sources/types.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import type { Evaluation } from '../trends/types.ts';
import { MIB } from '../units.ts';
import type { AnsweringContainer } from './answering-container.ts';
import { ContainerProcesses } from './container-processes.ts';
import { CulpritRuns } from './culprit-runs.ts';
import { EvaluationSchedule } from './evaluation-schedule.ts';
import type { FileScan, FileScans } from './file-scans.ts';
import { HeapHistograms } from './histograms.ts';
import { KernelObjectCounts, mayKernelGrow } from './kernel-object-counts.ts';
import { MappingsReader } from './mappings-reader.ts';
import { readNativeMappings } from './native-mappings.ts';
import { OomKillTracker } from './oom-kill-tracker.ts';
import { PartsReader } from './parts-reader.ts';
import { targetInfo } from './target-info.ts';
import { isRead, ledgerOf, type ReadTick, readLedgerContext } from './tick-answers.ts';
import { isNearLimit, UndisturbedVerdict, type Urgent } from './undisturbed-verdict.ts';

export interface ContainerOptions {
  readonly roots: Roots;
  /** pids of a target's container. */
  readonly pidsOf: (target: Target) => number[];
  /** One for all containers, because several JVMs may be in one. */
  readonly fileScans: FileScans;
  /** --attach was given: commands may be sent to the JVM. */
  readonly mayAttach: boolean;
  readonly minHistorySeconds: number;
  /** Absent: the JVM is asked. */
  readonly findCulprit?: (question: CulpritQuestion) => Promise<Culprit>;
  readonly pod: PodResources;
  /** The end before the current run of a container; null: none is known. */
  readonly lastEnd: (watched: WatchedContainer) => LastEnd | null;
  /** Other JVMs in its cgroup. */
  readonly otherJvms: (watched: WatchedContainer) => readonly OtherJvm[];
  /** One cache for all containers, because they are evaluated one after the other. */
  readonly evaluationCache: EvaluationCache;
}

/** Memory in processes that moved by less than this, in bytes or as a share of all, is not divided anew. */
const MIN_MOVE_BYTES = MIB;
const MIN_MOVE_SHARE = 0.005;

/** What mappings explain: anonymous memory, memory in tmpfs (a heap of ZGC), and both in swap. null: not read. */
function anonShmemAndSwap(tick: Tick | null): number | null {
  const { anon, shmem = 0, swap = 0 } = tick?.sample.values ?? {};
  return anon === undefined ? null : anon + shmem + swap;
}

/** The open readers of one container instance. */
interface Readers {
  readonly sampler: Sampler;
  /** null: no process represents the container. */
  readonly files: FileScan | null;
  /** null: no JVM. */
  readonly mappings: MappingsReader | null;
  readonly histograms: HeapHistograms | null;
  /** null: no JVM. */
  readonly culprits: CulpritRuns | null;
  readonly parts: PartsReader;
  readonly oomKills: OomKillTracker;
}

/** One watched container through its restarts. Each instance has another cgroup or process, and is a run of the same history. */
export class WatchedContainer implements AnsweringContainer {
  readonly key: string;
  target: Target;
  tick: Tick | null = null;
  verdict: Verdict | null = null;
  /** The newest tick whose cgroup was read: after the end of the container there is no other. */
  #lastRead: ReadTick | null = null;
  alive = true;
  readonly #options: ContainerOptions;
  #history = new History();
  /** Samples taken before the stored history was read; null: it has been read. */
  #samplesBeforeRestore: Sample[] | null = [];
  #files: readonly FileReading[] = [];
  /** The rows of the last scan, and what they were made of. */
  #rows: {
    readonly rows: readonly FileRow[];
    readonly files: readonly FileReading[];
    readonly verdict: Verdict | null;
    readonly history: History;
  } | null = null;
  #readers: Readers;
  /** Memory in processes when the mappings were last read for the parts. */
  #bytesAtReading: number | null = null;
  readonly #evaluations: EvaluationSchedule;
  readonly #objectCounts = new KernelObjectCounts();
  /** What the last verdict stated. */
  #steady: SteadyState | null = null;
  #undisturbed: UndisturbedVerdict;
  #processNames: KnownProcessNames;

  constructor(key: string, target: Target, options: ContainerOptions) {
    this.key = key;
    this.target = target;
    this.#options = options;
    this.#evaluations = new EvaluationSchedule(options.evaluationCache);
    this.#undisturbed = new UndisturbedVerdict(options.minHistorySeconds);
    this.#processNames = new KnownProcessNames(options.roots.proc);
    this.#readers = this.#open(target);
  }

  get history(): History {
    return this.#history;
  }

  /** Whether the stored history has been read. Before that, nothing is evaluated or stored. */
  get restored(): boolean {
    return this.#samplesBeforeRestore === null;
  }

  /** Sets the stored history and adds the samples that were taken before it was read. */
  restore(history: History): void {
    for (const event of this.#history.events) history.recordEvent(event);
    for (const sample of this.#samplesBeforeRestore ?? []) history.append(sample);
    history.takeReadings(this.#history);
    this.#samplesBeforeRestore = null;
    this.#history = history;
  }

  /** Updates the target of the same instance from a later search: its name, once the JVM has written it, and other JVMs beside it. */
  updateTarget(target: Target): void {
    const { identity, cgroup, process } = this.target;
    if (target.identity.kind !== identity.kind) return;
    if (instanceOf(target.cgroup.path, target.process) !== instanceOf(cgroup.path, process)) return;
    this.target = { ...target, identity: identity.source === 'process-name' ? target.identity : identity };
  }

  /** The container was restarted: its history continues with another cgroup or process. */
  async replaceTarget(target: Target): Promise<void> {
    const before = this.#readers;
    this.target = target;
    this.alive = true;
    this.#lastRead = null;
    // The last one is of the instance that has ended, and stands in its final report.
    this.verdict = null;
    this.#files = [];
    this.#bytesAtReading = null;
    this.#evaluations.containerRestarted();
    this.#steady = null;
    this.#undisturbed = new UndisturbedVerdict(this.#options.minHistorySeconds);
    this.#processNames = new KnownProcessNames(this.#options.roots.proc);
    this.#readers = this.#open(target);
    await close(before);
  }

  #open(target: Target): Readers {
    const { roots, pidsOf, mayAttach, fileScans, findCulprit: find = findCulprit } = this.#options;
    const { process } = target;
    const jvm = target.jvm === null ? null : process;
    const targetNow = () => this.target;
    const processes = new ContainerProcesses(roots.proc, targetNow, () => pidsOf(target));
    return {
      sampler: openSampler(target, roots, mayAttach),
      files: process === null ? null : fileScans.open(target, process),
      mappings: jvm === null ? null : new MappingsReader(roots, jvm, mayAttach),
      histograms: jvm === null ? null : new HeapHistograms(roots, jvm),
      culprits:
        jvm === null
          ? null
          : new CulpritRuns((question) =>
              find({
                roots,
                process: jvm,
                mayRecord: true,
                readNative: () => readNativeMappings({ roots, process: jvm }),
                ...question,
              }),
            ),
      parts: new PartsReader(roots, targetNow, processes),
      oomKills: new OomKillTracker(targetNow, processes),
    };
  }

  /** Takes one sample. `oomKilled`: the kernel's counter rose since the last one. */
  sample(nowMs: number): { readonly tick: Tick; readonly oomKilled: boolean; readonly failures: Sample['failures'] } {
    const tick = this.#readers.sampler.tick(nowMs);
    this.tick = tick;
    this.alive = tick.alive;
    if (tick.alive && isRead(tick)) this.#lastRead = tick;
    const { rose, events, failures } = this.#readers.oomKills.observe(nowMs, {
      kills: tick.sample.values.oom_kill ?? null,
      alive: tick.alive,
    });
    for (const event of events) this.history.recordEvent(event);
    // What is left in the cgroup of a process that has ended says nothing about what ran in it.
    if (tick.alive && Object.keys(tick.sample.values).length > 0) {
      this.history.append(tick.sample);
      this.#samplesBeforeRestore?.push(tick.sample);
    }
    return { tick, oomKilled: rose, failures: [...this.failures, ...failures] };
  }

  get failures(): Sample['failures'] {
    return [...(this.tick?.sample.failures ?? []), ...(this.#readers.mappings?.failures ?? [])];
  }

  /** Mounts of which the last scan has asked no file, each with the reason. */
  get skippedMounts(): Sample['failures'] {
    return this.#files.flatMap(({ kind, sizeBytes, residency }) =>
      kind === 'unqueried' && sizeBytes === null && residency.state === 'unknown'
        ? [{ source: 'files of a mount', error: residency.reason, remediation: null }]
        : [],
    );
  }

  async scanFiles(nowMs: number): Promise<void> {
    const { files } = this.#readers;
    if (!this.alive || files === null) return;
    await files.scan(nowMs, this.tick?.sample.values ?? {}, (found, isAnew) => {
      if (files !== this.#readers.files) return; // the instance has ended meanwhile
      if (isAnew) this.history.expectFilesAgain();
      this.#files = withDeletedMappings(found, this.#readers.mappings?.deletedFiles ?? []);
      this.history.recordFiles(nowMs, this.#files);
    });
  }

  /** The JVM's mappings, within the budget; null: no JVM, or they cannot be read. */
  mappings(reason: ReadReason): Promise<Mappings | null> {
    return this.#mappingsAt(Date.now(), reason);
  }

  async #mappingsAt(nowMs: number, reason: ReadReason): Promise<Mappings | null> {
    const { mappings } = this.#readers;
    const [bytes, before] = [anonShmemAndSwap(this.tick), mappings?.last ?? null];
    const read = (await mappings?.get(nowMs, reason, this.#jvm())) ?? null;
    if (read !== before) this.#bytesAtReading = bytes;
    return read;
  }

  /** Reads the mappings and the processes as their budget allows, and keeps what each part of anonymous memory holds. */
  async readParts(nowMs: number): Promise<void> {
    const readers = this.#readers;
    const reason = this.#needsMappings ? 'trend' : this.#hasMoved() || this.#isCacheUnnamed ? 'routine' : 'unmoved';
    const mappings = await this.#mappingsAt(nowMs, reason);
    const { tick } = this;
    if (!this.alive || tick === null || !isRead(tick) || readers !== this.#readers) return;
    const reading = readers.parts.readIfDue(tick, nowMs, mappings);
    if (reading !== null) this.history.recordParts(reading.atMs, reading.parts);
  }

  /** Whether memory in processes is another than at the last reading of the mappings. */
  #hasMoved(): boolean {
    const [bytes, before] = [anonShmemAndSwap(this.tick), this.#bytesAtReading];
    return bytes === null || before === null || Math.abs(bytes - before) >= Math.max(MIN_MOVE_BYTES, MIN_MOVE_SHARE * before);
  }

  /** Whether page cache grows that no file explains: it may be of files that were deleted while they are mapped. */
  get #isCacheUnnamed(): boolean {
    return this.verdict?.causes.some(({ cause, what }) => cause === 'page-cache' && what === null) ?? false;
  }

  /** Whether only the mappings tell what grows: a part of anonymous memory, or files that were deleted while they are mapped. */
  get #needsMappings(): boolean {
    const { verdict } = this;
    if (verdict?.trend === 'growing' && (this.#readers.mappings?.deletedFiles.length ?? 0) > 0) return true;
    return verdict?.trend === 'growing' && (verdict.leak !== false || verdict.causes.some((c) => !c.reclaimable));
  }

  /** Evaluates the current run, unless a search disturbs it, and keeps the verdict. */
  evaluate(nowMs: number, ended: RuleContext['ended'] = null): Verdict {
    const run: CulpritRun = this.culprits?.run ?? { state: 'none' };
    const urgent = this.#urgent();
    const kept = ended === null ? this.#undisturbed.kept(nowMs, run, urgent) : null;
    const verdict = kept ?? this.#compose(nowMs, ended);
    if (kept === null) this.#undisturbed.made(verdict, urgent);
    this.verdict = withCulprit(verdict, run);
    return this.verdict;
  }

  #urgent(): Urgent {
    const { limitBytes, values } = this.tick?.sample ?? { limitBytes: null, values: {} };
    const near = isNearLimit(readerOf(values), limitBytes, this.target.cgroup.version);
    return { events: this.history.eventCount, limitBytes, isNearLimit: near };
  }

  #compose(nowMs: number, ended: RuleContext['ended']): Verdict {
    const { minHistorySeconds, pod, lastEnd, otherJvms } = this.#options;
    const evaluation = this.#evaluations.evaluate(this.history, { minHistorySeconds, final: ended !== null });
    const left = this.#leftByRuns();
    const series = this.history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'current' });
    const kernelObjects = this.#kernelObjects(evaluation, series, nowMs);
    const holders = kernelObjects.flatMap((objects) => ('pid' in objects ? [{ pids: [objects.pid] }] : []));
    try {
      const { verdict, steady } = composeVerdictAfter(this.#steady, {
        atMs: nowMs,
        target: this.info(),
        series,
        events: this.history.events,
        evaluation,
        jvm: this.#jvm(),
        allocator: this.#readers.mappings?.last?.allocator ?? null,
        pod,
        ended,
        lastEnd: lastEnd(this),
        otherJvms: otherJvms(this),
        leftByRuns: left,
        shmemHolder: this.#shmemHolder(evaluation),
        kernelObjects,
        processNames: this.#holderNames([...series.files, ...holders]),
      });
      this.#steady = steady;
      return verdict;
    } finally {
      series.release();
    }
  }

  /** The one answer that needs all runs: their shared memory alone is read. */
  #leftByRuns(): LeftByRuns | null {
    if (!hasRuns(this.history.events)) return null;
    const shmem = this.history.series({ fields: [fieldName('shmem')], fromS: null, toS: null, points: null, epoch: 'all' });
    try {
      return leftByRuns(shmem);
    } finally {
      shmem.release();
    }
  }

  /** Files name what grows in most cases, so that processes are asked only where shared memory grows. */
  #shmemHolder({ causes }: Evaluation): ShmemHolder | null {
    const { roots, pidsOf } = this.#options;
    return causes.some(({ cause }) => cause === 'shmem') ? shmemHolder(roots.proc, pidsOf(this.target)) : null;
  }

  /** Kernel memory has no owner, but descriptors, watches and files of a tmpfs have: they are counted only where kernel memory grows. */
  #kernelObjects(evaluation: Evaluation, series: Series, nowMs: number): readonly CountedObjects[] {
    const { roots, pidsOf } = this.#options;
    return mayKernelGrow(evaluation, series)
      ? this.#objectCounts.look(nowMs, roots.proc, pidsOf(this.target), this.target.process?.pid ?? null)
      : [];
  }

  async ledger(purpose: 'once' | 'open'): Promise<Ledger | null> {
    const before = this.#readers.mappings?.last ?? null;
    const mappings = await this.mappings(purpose === 'once' ? 'demand' : this.#hasMoved() ? 'trend' : 'seen');
    // Read again now: compared with a tick of ten seconds ago, the mappings would include later growth. An open page asks in the tick itself.
    const isOfTick = purpose === 'open' && mappings === before;
    const tick = isOfTick ? this.tick : this.#readNow(Date.now());
    if (tick === null || !isRead(tick)) return null;
    const { roots, pidsOf } = this.#options;
    const ledger = ledgerOf(tick, {
      files: this.#files,
      namedFiles: this.#namedFiles(),
      mappings,
      ...readLedgerContext(roots, this.target, pidsOf(this.target)),
    });
    return withGrowth(ledger, this.verdict?.growth.anon ?? null);
  }

  /** The ledger of the newest tick that was read, from what is known already; null: none was read. */
  lastLedger(): Ledger | null {
    if (this.#lastRead === null) return null;
    const ledger = ledgerOf(this.#lastRead, {
      files: this.#files,
      namedFiles: this.#namedFiles(),
      mappings: this.#readers.mappings?.last ?? null,
      cpusOnline: onlineCpus(this.#options.roots.proc),
      others: [],
    });
    return withGrowth(ledger, this.verdict?.growth.anon ?? null);
  }

  /** An extra reading outside the schedule; the last tick if the container has just ended. */
  #readNow(nowMs: number): Tick | null {
    if (!this.alive || this.tick === null) return this.tick;
    const tick = this.#readers.sampler.tick(nowMs);
    return tick.alive ? tick : this.tick;
  }

  fileRows(): FileRow[] {
    const rows = withChargedBytes(this.#scannedRows(), this.tick?.sample.values ?? {});
    return withHolderNames(rows, this.#holderNames(rows));
  }

  /** The same until a scan or a verdict: an open page asks at each tick, and the pace of each file is made of all its observations. */
  #scannedRows(): readonly FileRow[] {
    const [files, verdict, history] = [this.#files, this.verdict, this.#history];
    const last = this.#rows;
    if (last !== null && last.files === files && last.verdict === verdict && last.history === history) return last.rows;
    const tracks = history.series({ fields: [], fromS: null, toS: null, points: null, epoch: 'current' }).files;
    const rows = fileRows(tracks, this.#namedFiles());
    this.#rows = { rows, files, verdict, history };
    return rows;
  }

  #holderNames(files: readonly { readonly pids: readonly number[] }[]): ProcessNames {
    return this.#processNames.of(
      files.flatMap(({ pids }) => pids),
      this.target,
    );
  }

  /** The folders, groups and files that the verdict speaks of. */
  #namedFiles(): string[] {
    return this.verdict === null ? [] : namedFiles(this.verdict);
  }

  histogram(): Promise<Reading<HistogramTake>> | null {
    return this.alive ? (this.#readers.histograms?.take() ?? null) : null;
  }

  get culprits(): CulpritRuns | null {
    return this.alive ? this.#readers.culprits : null;
  }

  info(): TargetInfo {
    return targetInfo(this.target, this.tick);
  }

  #jvm() {
    return this.tick?.jvm.state === 'read' ? this.tick.jvm.value : null;
  }

  close(): Promise<void> {
    return close(this.#readers);
  }
}

async function close({ sampler, files, culprits }: Readers): Promise<void> {
  culprits?.cancel();
  sampler.close();
  await files?.close();
}
