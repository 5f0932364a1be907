import { fieldRow } from '../fields.ts';
import type { HistoryEventType } from '../sample/types.ts';
import type { Limit } from '../sources/types.ts';
import type { History } from './history.ts';
import type { Segment } from './segment.ts';

/** How much of a history is on disk. */
export interface Saved {
  readonly untilS: number | null;
  /** `eventCount` of it. */
  readonly events: number;
}

const milli = (v: number): number => Math.round(v * 1000) / 1000;

/** Puts the rows and events that came since into the open segment. */
export function extend(segment: Segment, history: History, saved: Saved): Saved {
  const fromS = saved.untilS === null ? null : saved.untilS + 1e-6;
  const rows = history.series({ fields: null, fromS, toS: null, points: null, epoch: 'all' });
  const before = segment.t.length;
  for (const t of rows.t) segment.t.push(milli(t));
  for (const [id, column] of rows.fields) {
    segment.fields[id] ??= new Array<number | null>(before).fill(null);
    const round = fieldRow(id).unit === 'seconds' ? milli : Math.round;
    for (const v of column) segment.fields[id].push(Number.isFinite(v) ? round(v) : null);
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
