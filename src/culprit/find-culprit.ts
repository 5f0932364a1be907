import { setTimeout as delay } from 'node:timers/promises';
import { attach } from '../sources/jvm/attach.ts';
import type { ProcessRef, Roots } from '../sources/types.ts';
import { MINUTE_MS, SECOND_MS } from '../units.ts';
import { nameGroup } from './name-group.ts';
import { QUESTIONS } from './questions.ts';
import type { Culprit, CulpritCause } from './types.ts';

const TIMEOUT_MS = MINUTE_MS;
/** The JVM may be paused as long as a command takes. One that took longer is not sent a second time. */
const BUDGET_MS = 10 * SECOND_MS;

export interface CulpritQuestion {
  readonly roots: Roots;
  readonly process: ProcessRef;
  readonly cause: CulpritCause;
  readonly apartMs: number;
  /** Ends the wait between the looks. A command that was sent is waited for, because the JVM cannot stop it. */
  readonly signal: AbortSignal;
}

/** Asks a JVM twice and names what grew between, with evidence. */
export async function findCulprit({ roots, process, cause, apartMs, signal }: CulpritQuestion): Promise<Culprit> {
  const look = () => attach({ roots, process, command: 'jcmd', args: [QUESTIONS[cause].command], timeoutMs: TIMEOUT_MS });
  const unknown = (because: 'over-budget' | 'cancelled'): Culprit => ({ state: 'unknown', cause, because, grown: [] });
  if (signal.aborted) return unknown('cancelled');
  const began = performance.now();
  const first = await look();
  if (first.state !== 'read') return failed(cause, first);
  if (performance.now() - began > BUDGET_MS) return unknown('over-budget');
  try {
    await delay(apartMs, undefined, { signal });
  } catch (error) {
    if (signal.aborted) return unknown('cancelled');
    throw error;
  }
  const second = await look();
  if (second.state !== 'read') return failed(cause, second);
  const { groups } = QUESTIONS[cause];
  return nameGroup(cause, groups(first.value), groups(second.value));
}

const failed = (cause: CulpritCause, reading: Exclude<Awaited<ReturnType<typeof attach>>, { state: 'read' }>): Culprit =>
  reading.state === 'absent'
    ? { state: 'failed', cause, error: reading.reason, remediation: null }
    : { state: 'failed', cause, error: reading.error, remediation: reading.remediation };
