import { rowsOf, type SpreadMaker } from '../envelope.ts';
import type { Segment } from '../segment.ts';
import { forgetFiles } from './drop-page-cache.ts';
import { readWhole, type Sealed, takeTurns } from './segment-files.ts';

export interface Span {
  readonly fromS: number;
  readonly toS: number;
  /** From here on memory holds each sample by itself. */
  readonly rawS: number;
}

/**
 * Adds what lies on disk beside the middles that memory has of older rows. Only segments with a row in that span are read. Returns how many.
 */
export async function addSpread(maker: SpreadMaker, sealed: readonly Sealed[], { fromS, toS, rawS }: Span): Promise<number> {
  let read = 0;
  for (const { path } of sealed.filter((s) => s.endS >= fromS && s.startS <= toS && (s.step > 0 || s.startS < rawS))) {
    const segment = readOrPass(path);
    if (segment === null) continue;
    maker.add(rowsOf(segment));
    await forgetFiles([path]);
    await takeTurns(++read);
  }
  return read;
}

/** null: it was merged into a coarser one meanwhile, or deleted, or has changed; then the next merge sets it aside. */
function readOrPass(path: string): Segment | null {
  try {
    return readWhole(path);
  } catch {
    return null;
  }
}
