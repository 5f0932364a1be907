import { attach } from '../sources/jvm/attach.ts';
import { CLEANERS_MS } from '../sources/jvm/release-memory.ts';
import type { Reading } from '../sources/types.ts';
import { MINUTE_MS, SECOND_MS } from '../units.ts';
import { type Beside, besideOf } from './loader-keepers.ts';
import { type BufferCounts, bufferCounts } from './native-looks.ts';
import { type Group, QUESTIONS } from './questions.ts';
import type { Culprit, CulpritQuestion, LookCause, NativeMappings } from './types.ts';
import { failed, unknown } from './unanswered.ts';
import { waited } from './waited.ts';

const TIMEOUT_MS = MINUTE_MS;
/** The JVM may be paused as long as a command takes. One that took longer is not sent again. */
const BUDGET_MS = 10 * SECOND_MS;
const SETTLE_MS = SECOND_MS / 2;
const MAX_GROUPS = 20_000;

/** Sends one command. A parameter, because no JVM is slow on demand. */
export type Ask = (question: CulpritQuestion, command: string) => Promise<Reading<string>>;

export const askJvm: Ask = ({ roots, process }, command) =>
  attach({ roots, process, command: 'jcmd', args: [command], timeoutMs: TIMEOUT_MS });

export interface Looked {
  readonly state: 'looked';
  readonly atMs: number;
  readonly groups: readonly Group[];
  /** null: the cause has none. */
  readonly wider: readonly Group[] | null;
  /** What the histogram and the thread dump before the look have of loaders; null: none was taken. */
  readonly beside: Beside | null;
  /** What the histogram before the look has of buffers; null: none was taken. */
  readonly buffers: BufferCounts | null;
  /** null: the cause is not native memory, or its mappings cannot be read. */
  readonly mappings: NativeMappings | null;
  /** Why the JVM gave no groups; null: it did. Only with mappings, which say something without them. */
  readonly refusal: Extract<Culprit, { state: 'failed' }> | null;
}

/** All looks that a cause wants. */
export interface Looks {
  readonly state: 'taken';
  readonly looks: readonly [Looked, ...Looked[]];
}

interface HowToLook {
  readonly ask: Ask;
  readonly now: () => number;
  /** Called before the first look. */
  readonly beforeFirst: () => Promise<void>;
  /** Called before the collections of the first look and of the last, and when what it freed is gone. */
  readonly aroundCollection: (when: 'before' | 'after') => Promise<void>;
}

/** Looks at the JVM as often as the cause wants, over the time of the question. Any other answer says why not all were taken. */
export async function takeLooks(question: CulpritQuestion, cause: LookCause, how: HowToLook): Promise<Looks | Culprit> {
  await how.beforeFirst();
  const first = await lookAt(question, cause, 0, how);
  if (first.state !== 'looked') return first;
  const looks: [Looked, ...Looked[]] = [first];
  for (let n = 1; n < QUESTIONS[cause].looks; n++) {
    const next = await lookAt(question, cause, n, how);
    if (next.state !== 'looked') return next;
    looks.push(next);
  }
  return { state: 'taken', looks };
}

/** Waits until a look is due, and takes it. Any other answer ends the search. */
async function lookAt(
  question: CulpritQuestion,
  cause: LookCause,
  n: number,
  { ask, now, aroundCollection }: HowToLook,
): Promise<Culprit | Looked> {
  const { signal, forMs, onLook, readNative } = question;
  const { command, groups, wider: widerOf, looks, before } = QUESTIONS[cause];
  if (n > 0 && !(await waited(waitMs(forMs, n, looks), signal))) return unknown(cause, 'cancelled');
  if (signal.aborted) return unknown(cause, 'cancelled');
  const began = now();
  let beside: Beside | null = null;
  let buffers: BufferCounts | null = null;
  if (before.length > 0 && (n === 0 || n === looks - 1)) {
    await aroundCollection('before');
    const answers: string[] = [];
    for (const one of before) {
      const answered = await ask(question, one);
      if (answered.state !== 'read') return failed(cause, answered);
      answers.push(answered.value);
    }
    const [histogram, threads] = answers;
    if (histogram !== undefined && threads !== undefined) beside = besideOf(histogram, threads);
    if (histogram !== undefined && cause === 'native') buffers = bufferCounts(histogram);
    // Cleaners free what belonged to collected objects, in a thread of the JVM.
    if (!(await waited(Math.min(question.release ? CLEANERS_MS : SETTLE_MS, forMs), signal))) return unknown(cause, 'cancelled');
    await aroundCollection('after');
  }
  const answer = await ask(question, command);
  if (answer.state !== 'read') return failed(cause, answer);
  const refused = refusal(cause, answer.value);
  const atMs = Date.now();
  const read = cause === 'native' ? await readNative() : null;
  const mappings = read?.state === 'read' ? read.value : null;
  if (refused !== null && mappings === null) return refused;
  onLook(n + 1);
  if (n + 1 < looks && now() - began > BUDGET_MS) return unknown(cause, 'over-budget');
  const found = refused === null ? largest(groups(answer.value)) : [];
  const wider = refused === null && widerOf !== null ? largest(widerOf(answer.value)) : null;
  return { state: 'looked', atMs, groups: found, wider, beside, buffers, mappings, refusal: refused };
}

/** All looks are kept until the last. The container may invent as many names as an answer has room for. */
const largest = (groups: readonly Group[]): readonly Group[] =>
  groups.length <= MAX_GROUPS ? groups : [...groups].sort((a, b) => b.size - a.size).slice(0, MAX_GROUPS);

/** The looks are not evenly apart, nor in a simple ratio: what breathes with a period that fits them would look the same each time. */
const WEIGHTS = [0.8, 1.27, 0.93, 1.13, 0.71, 1.16];

const waitMs = (forMs: number, n: number, looks: number): number => {
  const all = WEIGHTS.slice(0, looks - 1).reduce((sum, weight) => sum + weight, 0);
  return (forMs * (WEIGHTS[n - 1] ?? 1)) / all;
};

/** An answer that says why there is none. */
function refusal(cause: LookCause, answer: string): Extract<Culprit, { state: 'failed' }> | null {
  const { command, refusal: told } = QUESTIONS[cause];
  if (answer.startsWith('java.lang.IllegalArgumentException'))
    return { state: 'failed', cause, error: `this JVM does not have the command ${command}`, remediation: null };
  const why = told?.(answer) ?? null;
  return why === null ? null : { state: 'failed', cause, ...why };
}
