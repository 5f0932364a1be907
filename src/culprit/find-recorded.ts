import { readDirtiedBytes } from '../sources/process/dirtied-bytes.ts';
import { MIB, SECOND_MS } from '../units.ts';
import { recordingSettings, sumRecording } from './recorded-events.ts';
import { startRecording } from './recording.ts';
import type { Culprit, CulpritQuestion, RecordedCause } from './types.ts';
import { failed, unknown } from './unanswered.ts';
import { waited } from './waited.ts';

/** Records for a while what Java code writes, sends or starts, and names what most of it was for, and the line that did it. */
export async function findRecorded(question: CulpritQuestion, cause: RecordedCause): Promise<Culprit> {
  const { forMs, mayRecord, signal, onLook } = question;
  if (!mayRecord)
    return {
      state: 'failed',
      cause,
      error: 'it is told by a recording of the flight recorder alone',
      remediation: 'leave --no-recording out',
    };
  const seconds = forMs / SECOND_MS;
  const dirtied = () => (cause === 'page-cache' ? readDirtiedBytes(question.roots.proc, question.process.pid) : null);
  const before = dirtied();
  const recording = await startRecording(question, {
    seconds,
    settings: { text: recordingSettings(cause) },
    maxBytes: 4 * MIB,
    more: [],
  });
  if (recording.state !== 'read') return failed(cause, recording);
  const isWhole = await waited(forMs, signal);
  const after = dirtied();
  const read = await recording.value.end();
  if (!isWhole) return unknown(cause, 'cancelled');
  if (read.state !== 'read') return failed(cause, read);
  try {
    const recorded = await sumRecording(cause, read.value, seconds, before === null || after === null ? null : after - before);
    onLook(1);
    return recorded ?? unknown(cause, 'no-such-event');
  } catch (error) {
    return { state: 'failed', cause, error: `the recording: ${(error as Error).message}`, remediation: null };
  }
}
