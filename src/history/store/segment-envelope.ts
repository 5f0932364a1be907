import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FieldName } from '../../fields.ts';
import { type EnvelopeBuilder, envelopeRowsOf } from '../envelope.ts';
import type { Segment } from '../segment.ts';
import type { Series } from '../series.ts';
import { dropCachedFiles } from './drop-page-cache.ts';
import { readSegmentWithEnvelope, type SealedSegment, yieldToEventLoop } from './segment-files.ts';

export interface EnvelopeSpan {
  readonly fromS: number;
  readonly toS: number;
  /** From this time on (epoch seconds), memory holds every sample. */
  readonly rawS: number;
}

/** Some ten milliseconds of work, without a compiler. */
const ROWS_PER_TURN = 400;

/** Adds the rows in memory, some in each turn of the event loop: all of a quarter at once would hold up a sample. */
export async function addRowsInMemory(maker: EnvelopeBuilder, series: Series): Promise<void> {
  // All are read now: history changes with the next sample.
  const t = series.t.slice();
  const fields = new Map(series.fields);
  for (let from = 0; from < t.length; from += ROWS_PER_TURN) {
    const at = (id: FieldName, row: number) => fields.get(id)?.[from + row];
    maker.add({ t: t.subarray(from, from + ROWS_PER_TURN), low: at, high: at });
    await nextTurn();
  }
}

/**
 * Adds minimum and maximum of older rows from disk, because memory has only their mean. It reads only segments with a row in the range, and
 * returns their number.
 */
export async function addEnvelope(
  maker: EnvelopeBuilder,
  sealed: readonly SealedSegment[],
  { fromS, toS, rawS }: EnvelopeSpan,
): Promise<number> {
  let read = 0;
  for (const { path } of sealed.filter((s) => s.endS >= fromS && s.startS <= toS && (s.step > 0 || s.startS < rawS))) {
    const segment = readIfUnchanged(path);
    if (segment === null) continue;
    maker.add(envelopeRowsOf(segment));
    await dropCachedFiles([path]);
    await yieldToEventLoop(++read);
  }
  return read;
}

/** null: it was merged or deleted meanwhile, or it has changed. The next merge quarantines a changed segment. */
function readIfUnchanged(path: string): Segment | null {
  try {
    return readSegmentWithEnvelope(path);
  } catch {
    return null;
  }
}
