import { entriesOf } from '../../fields.ts';
import type { Limit } from '../../sources/types.ts';
import type { History } from '../history.ts';
import { parseEvent } from '../parse-event.ts';
import type { Segment } from '../segment.ts';
import { roundingOf, roundToMilli } from '../stored-rounding.ts';

/** The part of a history that is on disk. */
export interface SavedState {
  readonly untilS: number | null;
  /** The history's `eventCount` at the last save. */
  readonly events: number;
}

const firstNewRow = (history: History, { untilS }: SavedState): number =>
  history.rowAt(untilS === null ? Number.NEGATIVE_INFINITY : untilS + 1e-6);

/** Time of the first row that is not on disk yet. There may be several such rows if the disk failed for a while. */
export const firstNewRowS = (history: History, saved: SavedState): number => history.timeOf(firstNewRow(history, saved));

/** Adds the rows and events since the last save to the open segment. */
export function appendNewRows(segment: Segment, history: History, saved: SavedState): SavedState {
  // Row by row, because nearly every tick adds only one.
  const first = firstNewRow(history, saved);
  const before = segment.t.length;
  for (let row = first; row < history.length; row++) segment.t.push(roundToMilli(history.timeOf(row)));
  for (const id of history.fields()) {
    segment.fields[id] ??= new Array<number | null>(before).fill(null);
    const round = roundingOf(id);
    for (let row = first; row < history.length; row++) {
      const value = history.valueOf(id, row);
      segment.fields[id].push(Number.isFinite(value) ? round(value) : null);
    }
  }
  for (const [, column] of entriesOf(segment.fields)) {
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

export function restoreRows(history: History, segment: Segment): void {
  history.columns(segment.t, segment.fields);
  for (const stored of segment.events) {
    const event = parseEvent(stored);
    if (event !== null) history.recordEvent(event);
  }
  history.limitBytes = segment.limit as Limit;
  history.heapMaxBytes = segment.heapMax as Limit;
  history.resume(segment.epoch, segment.epochStart ?? Number.NEGATIVE_INFINITY);
}
