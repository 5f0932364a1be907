import { closeSync, type Stats } from 'node:fs';
import { constants as os } from 'node:os';
import { reopen } from '../process/pinned-path.ts';
import { type FincoreAnswer, fincore } from './fincore.ts';
import { type Asker, whyNotAsk } from './residency-permission.ts';
import { type KernelCalls, loadKernelCalls } from './syscalls.ts';

/** A pinned regular file. `stacked`: on overlayfs, where the pages belong to a file below. */
export interface Question {
  readonly fd: number;
  readonly stat: Stats;
  readonly stacked: boolean;
}

export type Answer =
  | {
      readonly state: 'told';
      readonly method: 'cachestat' | 'mincore' | 'fincore';
      residentBytes: number;
      dirtyBytes: number | null;
    }
  | { readonly state: 'unknown'; readonly why: string };

/**
 * mincore walks every page of a file's length, holes too: 18 ms per GiB. cachestat walks what is there. So only files of up to this length
 * are asked by mincore.
 */
const MOST_BY_MINCORE = 4 * 2 ** 30;
const { ENOSYS, EPERM } = os.errno;

/** How much of a file is in memory: cachestat(2), else mincore(2), else `fincore`, each only where it tells the truth. */
export class Residency {
  readonly #me: Asker;
  readonly #load: () => Promise<KernelCalls | string>;
  readonly #fincore: (fds: readonly number[]) => Promise<FincoreAnswer>;
  #calls: KernelCalls | string | null = null;
  #noCachestat = false;
  #noFincore: string | null = null;

  constructor(me: Asker, load = loadKernelCalls, spawned = fincore) {
    this.#me = me;
    this.#load = load;
    this.#fincore = spawned;
  }

  /** In the order of the questions. */
  async ask(questions: readonly Question[]): Promise<Answer[]> {
    this.#calls ??= await this.#load();
    const calls = this.#calls;
    return typeof calls === 'string' ? this.#bySpawn(questions, calls) : questions.map((q) => this.#byCall(calls, q));
  }

  #byCall(calls: KernelCalls, question: Question): Answer {
    if (question.stat.size === 0) return { state: 'told', method: 'cachestat', residentBytes: 0, dirtyBytes: 0 };
    const fd = reopen(question.fd);
    if (typeof fd === 'string') return notOpened(question, this.#me, fd);
    try {
      // On overlayfs cachestat looks at the upper inode's own, empty cache and answers 0 without an error (seen on 6.18);
      // mincore goes by the mapping, which is the file below.
      if (question.stacked || this.#noCachestat) return this.#byMincore(calls, question, fd);
      const answer = calls.cachestat(fd);
      if (typeof answer !== 'number')
        return { state: 'told', method: 'cachestat', residentBytes: answer.cachedBytes, dirtyBytes: answer.dirtyBytes };
      // ENOSYS: before 6.5, or a seccomp profile older than the call. EPERM: a seccomp profile too, or not the owner (since 6.14).
      if (answer === ENOSYS) this.#noCachestat = true;
      if (answer === ENOSYS || answer === EPERM) return this.#byMincore(calls, question, fd);
      return { state: 'unknown', why: `cachestat failed with errno ${answer}` };
    } finally {
      closeSync(fd);
    }
  }

  #byMincore(calls: KernelCalls, { stat }: Question, fd: number): Answer {
    const why = whyNotAsk(this.#me, stat, fd);
    if (why !== null) return { state: 'unknown', why };
    if (stat.size > MOST_BY_MINCORE) return { state: 'unknown', why: `${stat.size} bytes are too many to ask page by page` };
    const answer = calls.mincore(fd, stat.size);
    return typeof answer === 'number'
      ? { state: 'unknown', why: `mincore failed with errno ${answer}` }
      : { state: 'told', method: 'mincore', residentBytes: answer.cachedBytes, dirtyBytes: null };
  }

  async #bySpawn(questions: readonly Question[], noCalls: string): Promise<Answer[]> {
    const answers = new Map<Question, Answer>();
    const opened = new Map<Question, number>();
    for (const q of questions) {
      const why = whyNotAsk(this.#me, q.stat, q.fd);
      if (q.stat.size === 0) answers.set(q, { state: 'told', method: 'fincore', residentBytes: 0, dirtyBytes: null });
      else if (why !== null) answers.set(q, { state: 'unknown', why });
      else if (q.stat.size > MOST_BY_MINCORE)
        answers.set(q, { state: 'unknown', why: `${q.stat.size} bytes are too many to ask page by page` });
      else if (this.#noFincore === null) {
        const fd = reopen(q.fd);
        if (typeof fd === 'string') answers.set(q, notOpened(q, this.#me, fd));
        else opened.set(q, fd);
      }
    }
    try {
      const told = await this.#fincore([...opened.values()]);
      if (told.state === 'absent') this.#noFincore = `${told.why}, and ${noCalls}`;
      else
        [...opened.keys()].forEach((q, i) => {
          const residentBytes = told.bytes[i] ?? null;
          answers.set(
            q,
            residentBytes === null
              ? { state: 'unknown', why: 'fincore gave no answer' }
              : { state: 'told', method: 'fincore', residentBytes, dirtyBytes: null },
          );
        });
    } finally {
      for (const fd of opened.values()) closeSync(fd);
    }
    return questions.map((q) => answers.get(q) ?? { state: 'unknown', why: this.#noFincore ?? 'not asked' });
  }
}

const notOpened = ({ stat }: Question, me: Asker, code: string): Answer => ({
  state: 'unknown',
  why: stat.uid === me.uid ? `it cannot be opened: ${code}` : `owned by uid ${stat.uid}, asked by uid ${me.uid}`,
});
