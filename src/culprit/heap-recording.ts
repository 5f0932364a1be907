import type { ProcessRef, Reading, Roots } from '../sources/types.ts';
import { MIB } from '../units.ts';
import { eventsInTurns } from './events-in-turns.ts';
import { OLD_OBJECT_SAMPLE, type OldObject, OldObjectReader } from './old-objects.ts';
import { type Recording, recordingOf, startRecording } from './recording.ts';

/** Starts a recording for `seconds` in the JVM, with the samples of old objects and their paths to the roots. */
export const startHeapRecording = async (
  jvm: { readonly roots: Roots; readonly process: ProcessRef },
  seconds: number,
): Promise<Reading<Recording<readonly OldObject[]>>> =>
  recordingOf(
    await startRecording(jvm, {
      seconds,
      settings: { profile: 'profile' },
      maxBytes: 16 * MIB,
      more: ['path-to-gc-roots=true'],
    }),
    readOldObjects,
  );

/** The JVM keeps 256 samples (-XX:FlightRecorderOptions=old-object-queue-size), and those of the recorder itself are left out. */
const MAX_EVENTS = 2048;

async function readOldObjects(recording: Buffer): Promise<OldObject[]> {
  const reader = new OldObjectReader();
  const objects: OldObject[] = [];
  let events = 0;
  for await (const event of eventsInTurns(recording, new Set([OLD_OBJECT_SAMPLE]))) {
    if (++events > MAX_EVENTS) break;
    const object = reader.read(event);
    if (object !== null) objects.push(object);
  }
  return objects;
}
