import { eachEvent, type JfrEvent } from '../../src/jfr/jfr-chunk.ts';

/** All events of these types of a recording that is small. */
export const readEvents = (recording: Buffer, types: ReadonlySet<string>): JfrEvent[] =>
  [...eachEvent(recording, types)].filter((event) => event !== null);
