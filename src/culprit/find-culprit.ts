import { setTimeout as delay } from 'node:timers/promises';
import { attach } from '../sources/jvm/attach.ts';
import type { ProcessRef, Reading, Roots } from '../sources/types.ts';
import { MINUTE_MS, SECOND_MS } from '../units.ts';
import { startHeapRecording } from './heap-recording.ts';
import { nameGroup } from './name-group.ts';
import type { OldObject } from './old-objects.ts';
import { QUESTIONS } from './questions.ts';
import { type Retention, retentionOf } from './retention.ts';
import type { Culprit, CulpritCause } from './types.ts';

const TIMEOUT_MS = MINUTE_MS;
/** The JVM may be paused as long as a command takes. One that took longer is not sent a second time. */
const BUDGET_MS = 10 * SECOND_MS;

export interface CulpritQuestion {
  readonly roots: Roots;
  readonly process: ProcessRef;
  readonly cause: CulpritCause;
  readonly apartMs: number;
  /** Whether a recording of the JVM's flight recorder runs between the readings of a heap. */
  readonly mayRecord: boolean;
  /** Ends the wait between the readings. A command that was sent is waited for, because the JVM cannot stop it. */
  readonly signal: AbortSignal;
}

/** Asks a JVM twice and names what grew between, with evidence. */
export async function findCulprit(question: CulpritQuestion): Promise<Culprit> {
  const { cause, apartMs, signal } = question;
  const unknown = (because: 'over-budget' | 'cancelled'): Culprit => ({ state: 'unknown', cause, because, grown: [] });
  if (signal.aborted) return unknown('cancelled');
  const began = performance.now();
  const first = await firstReading(question);
  if (first.state !== 'read') return failed(cause, first);
  if (performance.now() - began > BUDGET_MS) return unknown('over-budget');
  const recording = cause === 'heap' && question.mayRecord ? await startHeapRecording(question, apartMs / SECOND_MS) : null;
  const second = await secondReading(question);
  // It is ended whatever the readings say, so that nothing runs on in the JVM. After the collection of the second reading, only live objects are left.
  const objects = recording?.state === 'read' ? await recording.value.end() : recording;
  if (signal.aborted || second === null) return unknown('cancelled');
  if (second.state !== 'read') return failed(cause, second);
  const { groups } = QUESTIONS[cause];
  const culprit = nameGroup(cause, groups(first.value), groups(second.value));
  return culprit.state === 'named' && objects !== null
    ? { ...culprit, retention: retentionIn(objects, culprit.culprit.name) }
    : culprit;
}

const firstReading = ({ roots, process, cause }: CulpritQuestion): Promise<Reading<string>> =>
  attach({ roots, process, command: 'jcmd', args: [QUESTIONS[cause].command], timeoutMs: TIMEOUT_MS });

/** null: it was cancelled before. */
async function secondReading(question: CulpritQuestion): Promise<Reading<string> | null> {
  const { apartMs, signal } = question;
  try {
    await delay(apartMs, undefined, { signal });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
  return firstReading(question);
}

const retentionIn = (objects: Reading<readonly OldObject[]>, className: string): Retention =>
  objects.state === 'read'
    ? retentionOf(className, objects.value)
    : { state: 'unknown', reason: objects.state === 'absent' ? objects.reason : objects.error };

const failed = (cause: CulpritCause, reading: Exclude<Reading<string>, { state: 'read' }>): Culprit =>
  reading.state === 'absent'
    ? { state: 'failed', cause, error: reading.reason, remediation: null }
    : { state: 'failed', cause, error: reading.error, remediation: reading.remediation };
