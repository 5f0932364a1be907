import type { JfrEvent } from '../jfr/jfr-chunk.ts';
import type { Reading } from '../sources/types.ts';
import { MIB, SECOND_MS } from '../units.ts';
import { eventsInTurns } from './events-in-turns.ts';
import type { PoolAt } from './native-looks.ts';
import { type Recording, recordingOf, startRecording } from './recording.ts';
import type { CulpritQuestion } from './types.ts';

const POOL = 'jdk.DirectBufferStatistics';
/** Of so many looks at the pool some are near each look at the JVM. */
const EVENTS = 60;
const LEAST_PERIOD_MS = 100;
const MAX_EVENTS = 10 * EVENTS;

/** The event came with JDK 15. */
export const hasPoolEvent = (version: string): boolean => Number(/^JDK (\d+)/m.exec(version)?.[1] ?? 0) >= 15;

/** The settings of a recording of the pool alone. */
function poolSettings(forMs: number): string {
  const period = Math.ceil(Math.max(LEAST_PERIOD_MS, forMs / EVENTS));
  return `<?xml version="1.0" encoding="UTF-8"?>
<configuration version="2.0">
  <event name="${POOL}">
    <setting name="enabled">true</setting>
    <setting name="period">${period} ms</setting>
  </event>
</configuration>
`;
}

/** Starts a recording of the size of the pool of direct buffers, for the time of the question. */
export const startPoolRecording = async (question: CulpritQuestion): Promise<Reading<Recording<readonly PoolAt[]>>> =>
  recordingOf(
    await startRecording(question, {
      seconds: question.forMs / SECOND_MS,
      settings: { text: poolSettings(question.forMs) },
      maxBytes: MIB,
      more: [],
    }),
    readPool,
  );

/** The sizes of the pool in a recording, in the order of time. Throws JfrError. */
export async function readPool(recording: Buffer): Promise<PoolAt[]> {
  const pool: PoolAt[] = [];
  for await (const event of eventsInTurns(recording, new Set([POOL]))) {
    if (pool.length >= MAX_EVENTS) break;
    const at = poolAt(event);
    if (at !== null) pool.push(at);
  }
  return pool.sort((a, b) => a.atMs - b.atMs);
}

function poolAt(event: JfrEvent): PoolAt | null {
  const [count, bytes] = ['count', 'memoryUsed'].map((field) => event.values.get(field));
  const atMs = event.chunk.msOf(event);
  const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;
  return isCount(count) && isCount(bytes) && atMs !== null ? { atMs, count, bytes } : null;
}
