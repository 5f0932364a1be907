import { JfrError } from '../jfr/jfr-bytes.ts';
import { listDescriptors } from '../sources/process/open-descriptors.ts';
import type { Reading } from '../sources/types.ts';
import { MIB, SECOND_MS } from '../units.ts';
import { takeLooks } from './looks.ts';
import { nameGroupOrWider } from './name-group.ts';
import { usedBy, useSettings } from './recorded-events.ts';
import { type Recording, startRecording } from './recording.ts';
import type { Culprit, CulpritQuestion, UsedBy } from './types.ts';

/**
 * Names what a process opens and does not close, by what the kernel lists; and the line that most reads and writes of it come from. The flight
 * recorder has no event of an open.
 */
export async function findDescriptors(question: CulpritQuestion, now: () => number): Promise<Culprit> {
  const begun: { recording: Reading<Recording> | null } = { recording: null };
  const beforeFirst = async (): Promise<void> => {
    if (!question.mayRecord || question.signal.aborted) return;
    begun.recording = await startRecording(question, {
      seconds: question.forMs / SECOND_MS,
      settings: { text: useSettings() },
      maxBytes: 4 * MIB,
      more: [],
    });
  };
  let recorded: Reading<Buffer> | null = null;
  let taken: Awaited<ReturnType<typeof takeLooks>>;
  try {
    taken = await takeLooks(question, 'descriptors', {
      ask: listDescriptors,
      now,
      beforeFirst,
      aroundCollection: async () => {},
    });
  } finally {
    recorded = begun.recording?.state === 'read' ? await begun.recording.value.end() : null;
  }
  if (taken.state !== 'taken') return taken;
  const found = nameGroupOrWider('descriptors', taken.looks);
  if (found.state !== 'named' || recorded?.state !== 'read') return found;
  return { ...found, usedBy: await usedByIn(recorded.value, found.culprit.name) };
}

/** A recording that cannot be read costs the line alone. */
async function usedByIn(recording: Buffer, group: string): Promise<UsedBy | null> {
  try {
    return await usedBy(recording, group);
  } catch (error) {
    if (error instanceof JfrError) return null;
    throw error;
  }
}
