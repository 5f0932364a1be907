import { type EnvelopeBuilder, envelopeRowsOf } from '../envelope.ts';
import type { Segment } from '../segment.ts';
import { dropCachedFiles } from './drop-page-cache.ts';
import { readSegmentWithEnvelope, type SealedSegment, yieldToEventLoop } from './segment-files.ts';

export interface EnvelopeSpan {
  readonly fromS: number;
  readonly toS: number;
  /** From here on memory holds each sample by itself. */
  readonly rawS: number;
}

/**
 * Adds what lies on disk beside the middles that memory has of older rows. Only segments with a row in that span are read. Returns how many.
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

/** null: it was merged into a coarser one meanwhile, or deleted, or has changed; then the next merge sets it aside. */
function readIfUnchanged(path: string): Segment | null {
  try {
    return readSegmentWithEnvelope(path);
  } catch {
    return null;
  }
}
