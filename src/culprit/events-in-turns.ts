import { setImmediate as nextTurn } from 'node:timers/promises';
import { eachEvent, type JfrEvent } from '../jfr/jfr-chunk.ts';

/** The events of a recording, in turns of the event loop, since sampling comes first. Throws JfrError. */
export async function* eventsInTurns(recording: Buffer, types: ReadonlySet<string>): AsyncGenerator<JfrEvent, void, undefined> {
  for (const event of eachEvent(recording, types)) {
    if (event === null) await nextTurn();
    else yield event;
  }
}
