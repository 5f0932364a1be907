import { MIB, SECOND_MS } from '../units.ts';
import { recordingSettings, sumRecording } from './recorded-events.ts';
import { startRecording } from './recording.ts';
import type { Culprit, CulpritQuestion, RecordedCause } from './types.ts';
import { waited } from './waited.ts';

/** Records for a while what Java code writes, sends or starts, and names what most of it was for, and the line that did it. */
export async function findRecorded(question: CulpritQuestion, cause: RecordedCause): Promise<Culprit> {
  const { forMs, mayRecord, signal, onLook } = question;
  const failed = (error: string, remediation: string | null = null): Culprit => ({ state: 'failed', cause, error, remediation });
  if (!mayRecord) return failed('it is told by a recording of the flight recorder alone', 'leave --no-recording out');
  const seconds = forMs / SECOND_MS;
  const recording = await startRecording(question, {
    seconds,
    settings: { text: recordingSettings(cause) },
    maxBytes: 4 * MIB,
    more: [],
  });
  if (recording.state === 'absent') return failed(recording.reason);
  if (recording.state === 'failed') return failed(recording.error, recording.remediation);
  const isWhole = await waited(forMs, signal);
  const read = await recording.value.end();
  if (!isWhole) return { state: 'unknown', cause, because: 'cancelled', grown: [] };
  if (read.state === 'absent') return failed(read.reason);
  if (read.state === 'failed') return failed(read.error, read.remediation);
  try {
    const recorded = await sumRecording(cause, read.value, seconds);
    onLook(1);
    return recorded;
  } catch (error) {
    return failed(`the recording: ${(error as Error).message}`);
  }
}
