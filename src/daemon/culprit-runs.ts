import { culpritText } from '../culprit/culprit-text.ts';
import { looksOf } from '../culprit/questions.ts';
import type { Culprit, CulpritCause, CulpritRun } from '../culprit/types.ts';
import { SECOND_MS } from '../units.ts';

/** Asks the JVM. `signal` ends it early; `onLook` is told how many looks are done. */
export type Find = (question: {
  readonly cause: CulpritCause;
  readonly forMs: number;
  readonly release: boolean;
  readonly signal: AbortSignal;
  readonly onLook: (done: number) => void;
}) => Promise<Culprit>;

type Running = Extract<CulpritRun, { state: 'running' }>;

/** The questions of one JVM about a culprit, one at a time. The last answer is kept. */
export class CulpritRuns {
  readonly #find: Find;
  #run: CulpritRun = { state: 'none' };
  #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(find: Find) {
    this.#find = find;
  }

  get run(): CulpritRun {
    return this.#run;
  }

  /** Resolves when none runs. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** false: one runs already. */
  start(cause: CulpritCause, forSeconds: number, release = false): boolean {
    if (this.#run.state === 'running') return false;
    const stop = new AbortController();
    this.#stop = stop;
    const looks = looksOf(cause);
    const run: Running = { state: 'running', cause, since: now(), forSeconds, looks, looksDone: 0, cancelled: false };
    this.#run = run;
    this.#ended = this.#ask(run, release, stop.signal);
    return true;
  }

  /** A command that was sent is answered before the run ends. */
  cancel(): void {
    if (this.#run.state !== 'running') return;
    this.#run = { ...this.#run, cancelled: true };
    this.#stop.abort();
  }

  async #ask({ cause, since, forSeconds }: Running, release: boolean, signal: AbortSignal): Promise<void> {
    const onLook = (looksDone: number): void => {
      if (this.#run.state === 'running') this.#run = { ...this.#run, looksDone };
    };
    let culprit: Culprit;
    try {
      culprit = await this.#find({ cause, forMs: forSeconds * SECOND_MS, release, signal, onLook });
    } catch (error) {
      culprit = { state: 'failed', cause, error: `memhound could not ask: ${(error as Error).message}`, remediation: null };
    }
    this.#run = { state: 'done', cause, since, until: now(), forSeconds, culprit, text: culpritText(culprit) };
  }
}

const now = (): string => new Date().toISOString();
