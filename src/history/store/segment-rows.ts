import { fieldRow } from '../../fields.ts';
import type { HistoryEventType } from '../../sample/types.ts';
import type { Limit } from '../../sources/types.ts';
import type { History } from '../history.ts';
import type { Segment } from '../segment.ts';

/** How much of a history is on disk. */
export interface Saved {
  readonly untilS: number | null;
  /** `eventCount` of it. */
  readonly events: number;
}

const milli = (v: number): number => Math.round(v * 1000) / 1000;

/** Puts the rows and events that came since into the open segment. */
export function extend(segment: Segment, history: History, saved: Saved): Saved {
  // Row by row, since it is one at nearly every tick.
  const first = history.rowAt(saved.untilS === null ? Number.NEGATIVE_INFINITY : saved.untilS + 1e-6);
  const before = segment.t.length;
  for (let row = first; row < history.length; row++) segment.t.push(milli(history.timeOf(row)));
  for (const id of history.fields()) {
    segment.fields[id] ??= new Array<number | null>(before).fill(null);
    const round = fieldRow(id).unit === 'seconds' ? milli : Math.round;
    for (let row = first; row < history.length; row++) {
      const value = history.valueOf(id, row);
      segment.fields[id].push(Number.isFinite(value) ? round(value) : null);
    }
  }
  for (const id in segment.fields) {
    const column = segment.fields[id]!;
    while (column.length < segment.t.length) column.push(null);
  }
  segment.events.push(...history.eventsAfter(saved.events));
  const { id, startS } = history.epoch;
  Object.assign(segment, {
    epoch: id,
    epochStart: Number.isFinite(startS) ? startS : null,
    limit: history.limitBytes,
    heapMax: history.heapMaxBytes,
  });
  return { untilS: history.lastS, events: history.eventCount };
}

export function restore(history: History, segment: Segment): void {
  history.columns(segment.t, segment.fields);
  for (const e of segment.events) history.event({ t: e.t, type: e.type as HistoryEventType });
  history.limitBytes = segment.limit as Limit;
  history.heapMaxBytes = segment.heapMax as Limit;
  history.resume(segment.epoch, segment.epochStart ?? Number.NEGATIVE_INFINITY);
}
