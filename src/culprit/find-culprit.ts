import { attach } from '../sources/jvm/attach.ts';
import type { Reading } from '../sources/types.ts';
import { MINUTE_MS, SECOND_MS } from '../units.ts';
import { findRecorded } from './find-recorded.ts';
import { startHeapRecording } from './heap-recording.ts';
import { type Beside, besideOf, loaderKeepers } from './loader-keepers.ts';
import { nameGroup } from './name-group.ts';
import type { OldObject } from './old-objects.ts';
import { type Group, isRecorded, QUESTIONS } from './questions.ts';
import type { MoreOf } from './replaced-objects.ts';
import { type Retention, retentionOf } from './retention.ts';
import type { Culprit, CulpritQuestion, LoaderKeepers, LookCause } from './types.ts';
import { failed, unknown } from './unanswered.ts';
import { waited } from './waited.ts';

const TIMEOUT_MS = MINUTE_MS;
/** The JVM may be paused as long as a command takes. One that took longer is not sent again. */
const BUDGET_MS = 10 * SECOND_MS;
const SETTLE_MS = SECOND_MS / 2;
const MAX_GROUPS = 20_000;

/** Sends one command. A parameter, because no JVM is slow on demand. */
type Ask = (question: CulpritQuestion, command: string) => Promise<Reading<string>>;

const askJvm: Ask = ({ roots, process }, command) =>
  attach({ roots, process, command: 'jcmd', args: [command], timeoutMs: TIMEOUT_MS });

/** Asks a JVM several times and names what grew meanwhile, with evidence; or records what it does meanwhile. */
export async function findCulprit(question: CulpritQuestion, ask: Ask = askJvm, now = () => performance.now()): Promise<Culprit> {
  const { cause, forMs, mayRecord } = question;
  if (isRecorded(cause)) return findRecorded(question, cause);
  const look = (n: number) => lookAt(question, cause, n, ask, now);
  const first = await look(0);
  if (first.state !== 'looked') return first;
  const recording = cause === 'heap' && mayRecord ? await startHeapRecording(question, forMs / SECOND_MS) : null;
  const looks = [first.groups];
  let last = first;
  let stopped: Culprit | null = null;
  let objects: Reading<readonly OldObject[]> | null = null;
  try {
    for (let n = 1; n < QUESTIONS[cause].looks && stopped === null; n++) {
      const next = await look(n);
      if (next.state === 'looked') {
        looks.push(next.groups);
        last = next;
      } else stopped = next;
    }
  } finally {
    // It is ended whatever happens, so that nothing runs on in the JVM. After the collection of the last look, only live objects are left.
    objects = recording?.state === 'read' ? await recording.value.end() : recording;
  }
  if (stopped !== null) return stopped;
  const culprit = nameGroup(cause, looks);
  if (culprit.state !== 'named') return culprit;
  return {
    ...culprit,
    keepers: keepersIn(culprit, first, last),
    retention: objects === null ? null : retentionIn(objects, culprit.culprit.name, moreInstances(first.groups, last.groups)),
  };
}

interface Looked {
  readonly state: 'looked';
  readonly groups: readonly Group[];
  /** null: nothing was asked before the look but to collect. */
  readonly beside: Beside | null;
}

/** Waits until a look is due, and takes it. Any other answer ends the search. */
async function lookAt(
  question: CulpritQuestion,
  cause: LookCause,
  n: number,
  ask: Ask,
  now: () => number,
): Promise<Culprit | Looked> {
  const { signal, forMs, onLook } = question;
  const { command, groups, looks, before } = QUESTIONS[cause];
  if (n > 0 && !(await waited(waitMs(forMs, n, looks), signal))) return unknown(cause, 'cancelled');
  if (signal.aborted) return unknown(cause, 'cancelled');
  const began = now();
  let beside: Beside | null = null;
  if (before.length > 0 && (n === 0 || n === looks - 1)) {
    const answers: string[] = [];
    for (const one of before) {
      const answered = await ask(question, one);
      if (answered.state !== 'read') return failed(cause, answered);
      answers.push(answered.value);
    }
    const [histogram, threads] = answers;
    if (histogram !== undefined && threads !== undefined) beside = besideOf(histogram, threads);
    // Cleaners free what belonged to collected objects, in a thread of the JVM.
    if (!(await waited(Math.min(SETTLE_MS, forMs), signal))) return unknown(cause, 'cancelled');
  }
  const answer = await ask(question, command);
  if (answer.state !== 'read') return failed(cause, answer);
  const refused = refusal(cause, answer.value);
  if (refused !== null) return refused;
  onLook(n + 1);
  if (n + 1 < looks && now() - began > BUDGET_MS) return unknown(cause, 'over-budget');
  return { state: 'looked', groups: largest(groups(answer.value)), beside };
}

function keepersIn({ cause, culprit }: Extract<Culprit, { state: 'named' }>, first: Looked, last: Looked): LoaderKeepers | null {
  const more = culprit.more.loaders ?? 0;
  if (cause !== 'metaspace' || more <= 0 || first.beside === null || last.beside === null) return null;
  return loaderKeepers(first.beside, last.beside, more);
}

/** All looks are kept until the last. The container may invent as many names as an answer has room for. */
const largest = (groups: readonly Group[]): readonly Group[] =>
  groups.length <= MAX_GROUPS ? groups : [...groups].sort((a, b) => b.size - a.size).slice(0, MAX_GROUPS);

function moreInstances(first: readonly Group[], last: readonly Group[]): MoreOf {
  const before = new Map(first.map(({ name, counts }) => [name, counts.instances ?? 0]));
  const after = new Map(last.map(({ name, counts }) => [name, counts.instances ?? 0]));
  return (name) => {
    const now = after.get(name);
    return now === undefined ? null : now - (before.get(name) ?? 0);
  };
}

const retentionIn = (objects: Reading<readonly OldObject[]>, className: string, moreOf: MoreOf): Retention =>
  objects.state === 'read'
    ? retentionOf(className, objects.value, moreOf)
    : { state: 'unknown', reason: objects.state === 'absent' ? objects.reason : objects.error };

/** The looks are not evenly apart, nor in a simple ratio: what breathes with a period that fits them would look the same each time. */
const WEIGHTS = [0.8, 1.27, 0.93, 1.13, 0.71, 1.16];

const waitMs = (forMs: number, n: number, looks: number): number => {
  const all = WEIGHTS.slice(0, looks - 1).reduce((sum, weight) => sum + weight, 0);
  return (forMs * (WEIGHTS[n - 1] ?? 1)) / all;
};

/** An answer that says why there is none. */
function refusal(cause: LookCause, answer: string): Culprit | null {
  const { command, refusal: told } = QUESTIONS[cause];
  if (answer.startsWith('java.lang.IllegalArgumentException'))
    return { state: 'failed', cause, error: `this JVM does not have the command ${command}`, remediation: null };
  const why = told?.(answer) ?? null;
  return why === null ? null : { state: 'failed', cause, ...why };
}
