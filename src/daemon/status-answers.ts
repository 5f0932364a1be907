import { costOf, looksOf, releaseCostOf } from '../culprit/questions.ts';
import { CULPRIT_CAUSES, type CulpritCause } from '../culprit/types.ts';
import type { FileRow, Ledger, Verdict, View } from '../diagnosis/types.ts';
import { entriesOf, isField } from '../fields.ts';
import { readerColumns } from '../history/series-json.ts';
import { type FinalReport, reportedTarget } from '../history/store/final-reports.ts';
import type { Store } from '../history/store/store.ts';
import {
  ApiError,
  type CulpritAnswer,
  type EndedRun,
  type HistogramTake,
  type LiveMessage,
  type SampleColumns,
  type SamplesQuery,
  type Status,
  type TargetStatus,
} from '../outlets/status.ts';
import type { Tick } from '../sample/sampler.ts';
import type { JvmReading } from '../sources/types.ts';
import type { AnsweringContainer } from './answering-container.ts';
import type { ContainerLookup } from './container-lookup.ts';
import type { CulpritRuns } from './culprit-runs.ts';
import type { Messages } from './messages.ts';
import { isRead, viewsOf } from './tick-answers.ts';

export interface AnswerOptions {
  readonly containers: ContainerLookup<AnsweringContainer>;
  readonly messages: Messages;
  readonly store: Pick<Store, 'state' | 'finalReports' | 'envelope'>;
  readonly memoryRequestBytes: number | null;
  /** --attach was given. */
  readonly mayAttach: boolean;
  readonly self: () => Readonly<Record<string, unknown>>;
}

/** Answers every outlet from the containers, their histories and the store. */
export class StatusAnswers implements Status {
  readonly #options: AnswerOptions;
  readonly #containers: ContainerLookup<AnsweringContainer>;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#containers = options.containers;
  }

  targets(): readonly TargetStatus[] {
    return [...this.#containers].filter((c) => c.alive).map((c) => ({ ...c.info(), failures: c.failures }));
  }

  verdict(target?: string, epoch?: number): Verdict {
    if (epoch !== undefined && epoch < 0) return this.finalReport(target, epoch).verdict;
    const watched = this.#containers.require(target);
    // A request before the first scheduled evaluation still needs an answer.
    return watched.verdict ?? watched.evaluate(watched.tick?.sample.atMs ?? Date.now());
  }

  finalReport(target: string | undefined, epoch: number): EndedRun {
    const report = this.#finalReports(target)[-epoch - 1];
    if (report !== undefined)
      return { verdict: report.verdict as Verdict, ledger: report.ledger ?? null, lastHour: report.lastHour ?? null };
    throw new ApiError(
      'no-data-yet',
      404,
      `no container has ended ${-epoch === 1 ? 'yet' : `${-epoch} times yet`} since this history began`,
    );
  }

  /** Without a target those of all, the last end first: which target it was of is known to the verdict, not to the person who asks. */
  #finalReports(target: string | undefined): readonly FinalReport[] {
    const { store } = this.#options;
    if (target === undefined) return store.finalReports(null);
    const key = this.#containers.keyOf(target);
    const own = key === null ? [] : store.finalReports(key);
    return own.length > 0 ? own : store.finalReports(null).filter((report) => isReportOf(report, target));
  }

  async ledger(target?: string, purpose: 'once' | 'open' = 'once'): Promise<Ledger> {
    const watched = this.#containers.require(target);
    return (await watched.ledger(purpose)) ?? notRead(watched.tick);
  }

  views(target?: string): readonly View[] {
    const { tick } = this.#containers.require(target);
    return tick !== null && isRead(tick) ? viewsOf(tick) : notRead(tick);
  }

  files(target?: string): readonly FileRow[] {
    return this.#containers.require(target).fileRows();
  }

  jvm(target?: string): { readonly jvm: JvmReading } | { readonly jvm: null; readonly reason: string } {
    const { tick } = this.#containers.require(target);
    if (tick === null) return { jvm: null, reason: 'no sample has been taken yet' };
    const { jvm } = tick;
    if (jvm.state === 'read') return { jvm: jvm.value };
    return { jvm: null, reason: jvm.state === 'absent' ? jvm.reason : jvm.error };
  }

  async histogram(target?: string): Promise<HistogramTake> {
    const watched = this.#containers.require(target);
    this.#requireAttach('a histogram signals the JVM and costs it a full collection, so memhound takes one');
    const reading = await watched.histogram();
    if (reading === null) throw noJvm();
    if (reading.state === 'read') return reading.value;
    throw new ApiError(
      'no-answer',
      502,
      reading.state === 'absent' ? reading.reason : reading.error,
      reading.state === 'failed' ? reading.remediation : null,
    );
  }

  culprit(target?: string): CulpritAnswer {
    return culpritAnswer(this.#containers.require(target).culprits);
  }

  startCulprit(target: string | undefined, cause: CulpritCause, forSeconds: number, release: boolean): CulpritAnswer {
    const { culprits } = this.#containers.require(target);
    this.#requireAttach('the search for a culprit signals the JVM and may pause it, so memhound asks');
    if (culprits === null) throw noJvm();
    // One at a time for all containers, because each costs the pod something.
    const { searched } = this.#containers;
    if (searched !== null)
      throw new ApiError(
        'culprit-runs',
        409,
        `a search for a culprit runs in ${searched.info().id}; wait for it, or send DELETE`,
      );
    culprits.start(cause, forSeconds, release);
    return culpritAnswer(culprits);
  }

  cancelCulprit(target?: string): CulpritAnswer {
    const { culprits } = this.#containers.require(target);
    culprits?.cancel();
    return culpritAnswer(culprits);
  }

  #requireAttach(why: string): void {
    if (this.#options.mayAttach) return;
    throw new ApiError('forbidden', 403, `${why} only if it was started with --attach`, 'MEMHOUND_ATTACH=true');
  }

  async samples(query: SamplesQuery): Promise<SampleColumns> {
    const watched = this.#containers.require(query.target);
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
      ...readerColumns(watched.history.series(wanted)),
      request_bytes: this.#options.memoryRequestBytes,
    };
    if (!query.envelope) return answer;
    const { min, max } = await this.#options.store.envelope(watched.key, wanted);
    return { ...answer, min: new Map(entriesOf(min)), max: new Map(entriesOf(max)) };
  }

  self(): Readonly<Record<string, unknown>> {
    return this.#options.self();
  }

  ready(): { readonly ready: boolean; readonly reason: string } {
    const state = this.#options.store.state();
    const { noTarget } = this.#containers;
    // Everyone in the cluster may read this, so a reason that could name a path is reported elsewhere.
    if (noTarget !== null)
      return {
        ready: false,
        reason: noTarget.reason.includes('/') ? 'no container can be watched: /api/v1/verdict says why' : noTarget.reason,
      };
    const sampled = [...this.#containers].flatMap((c) => (c.alive && c.tick !== null ? [{ tick: c.tick, id: c.info().id }] : []));
    if (sampled.length === 0) return { ready: false, reason: 'no container has been sampled yet' };
    if (!sampled.some(({ tick }) => isRead(tick)))
      return { ready: false, reason: 'no cgroup can be read: the log and /api/v1/targets say why' };
    const failing = sampled.flatMap(({ tick, id }) => tick.sample.failures.map(({ source }) => `${source} of ${id}`));
    const sampling =
      failing.length === 0
        ? 'sampling'
        : `sampling without ${failing.join(', ')}, which cannot be read: the log and /api/v1/targets say why`;
    return {
      ready: true,
      reason: state.ok ? sampling : `${sampling}; from memory, for history cannot be stored: the log and /api/v1/self say why`,
    };
  }

  latest() {
    return [...this.#containers]
      .filter((c) => c.alive)
      .map((c) => ({
        target: c.info(),
        sample: c.tick?.sample ?? null,
        verdict: c.verdict,
        parts: () => ({
          ledger: c.lastLedger(),
          jvm: c.tick?.jvm.state === 'read' ? c.tick.jvm.value : null,
          files: () => c.fileRows(),
        }),
      }));
  }

  on(listener: (message: LiveMessage) => void): () => void {
    return this.#options.messages.on(listener);
  }
}

const CAUSES = CULPRIT_CAUSES.map((cause) => ({
  cause,
  looks: looksOf(cause),
  cost: costOf(cause, true),
  release: releaseCostOf(cause),
}));

const culpritAnswer = (culprits: CulpritRuns | null): CulpritAnswer => ({
  ...(culprits?.run ?? { state: 'none' }),
  causes: CAUSES,
});

const noJvm = (): ApiError => new ApiError('no-jvm', 409, 'there is no JVM in this container that could be asked');

/** Whether a report is of the target that had this id, container or name. */
function isReportOf(report: FinalReport, wanted: string): boolean {
  const { id, container, name } = reportedTarget(report);
  return wanted === id || wanted === container || wanted === name;
}

function notRead(tick: Tick | null): never {
  if (tick?.cgroup.state === 'failed')
    throw new ApiError('no-data-yet', 503, `the cgroup cannot be read: ${tick.cgroup.error}`, tick.cgroup.remediation);
  throw new ApiError('no-data-yet', 503, 'the cgroup has not been read yet');
}
