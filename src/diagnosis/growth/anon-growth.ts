import type { GrowthCause } from '../../fields.ts';
import type { PartColumn, PartColumns, PartProcess } from '../../history/part-readings.ts';
import { HOUR_S, MIB } from '../../units.ts';
import { LEDGER_PARTS, type LedgerPartId } from '../ledger/part-table.ts';

/** What one part of anonymous memory grew by. */
export interface PartGrowth {
  readonly id: LedgerPartId;
  /** As the ledger calls it; of another process, its name. */
  readonly name: string;
  readonly process: PartProcess | null;
  /** At the newest reading. */
  readonly bytes: number;
  /** Over the readings, by their line of least squares; negative where it shrank. */
  readonly grewBytes: number;
  readonly bytesPerHour: number;
}

/** What grew in anonymous memory, part by part. The parts' growth adds up to the whole's. */
export interface AnonGrowth {
  /** Epoch seconds of the first and last reading that count. */
  readonly fromS: number;
  readonly toS: number;
  readonly readings: number;
  /** Of all parts together. */
  readonly grewBytes: number;
  /** What grew most comes first. */
  readonly parts: readonly PartGrowth[];
}

/** Readings must lie so far apart, and the growing parts must have gained so much together: less is noise. */
const MIN_SPAN_S = 8;
const MIN_GROWTH_BYTES = 4 * MIB;

/**
 * What grew between two times, by the readings of the parts between them; null where too few were taken or too little grew. A line of
 * least squares through the same times adds up: the slopes of the parts are together the slope of their sum.
 */
export function anonGrowth({ t, parts }: PartColumns, fromS: number, toS: number): AnonGrowth | null {
  const end = t.findLastIndex((at) => at <= toS) + 1;
  // A trend that has just begun may not have two readings yet: then the last two tell what grew most recently.
  const longEnough = t.findLastIndex((at) => at <= (t[end - 1] ?? 0) - MIN_SPAN_S);
  const first = Math.max(0, Math.min(firstReading(t, fromS), end - 2, Math.max(0, longEnough)));
  const spanS = end - first < 2 ? 0 : t[end - 1]! - t[first]!;
  if (spanS < MIN_SPAN_S) return null;
  const times = t.subarray(first, end);
  const grown = parts.flatMap((part) => growthOf(part, times, first, end)).sort((a, b) => b.grewBytes - a.grewBytes);
  const gained = grown.reduce((sum, { grewBytes }) => sum + Math.max(0, grewBytes), 0);
  if (gained < MIN_GROWTH_BYTES) return null;
  return {
    fromS: times[0]!,
    toS: times[times.length - 1]!,
    readings: times.length,
    grewBytes: grown.reduce((sum, { grewBytes }) => sum + grewBytes, 0),
    parts: grown,
  };
}

/** The reading with which the window begins: the last one before it, where that is nearer than the first one in it. */
function firstReading(t: Float64Array, fromS: number): number {
  const within = t.findIndex((at) => at >= fromS);
  if (within < 0) return t.length - 1;
  return within > 0 && fromS - t[within - 1]! < t[within]! - fromS ? within - 1 : within;
}

function growthOf(part: PartColumn, times: Float64Array, first: number, end: number): PartGrowth[] {
  const bytes = part.bytes.subarray(first, end);
  const slope = slopePerSecond(times, bytes);
  const spanS = times[times.length - 1]! - times[0]!;
  return isLedgerPart(part.id) && bytes.some((b) => b > 0)
    ? [
        {
          id: part.id,
          name: part.name,
          process: part.process,
          bytes: bytes[bytes.length - 1]!,
          grewBytes: slope * spanS,
          bytesPerHour: slope * HOUR_S,
        },
      ]
    : [];
}

const isLedgerPart = (id: string): id is LedgerPartId => id in LEDGER_PARTS;

/** Slope of the line of least squares. */
function slopePerSecond(t: Float64Array, y: Float64Array): number {
  const n = t.length;
  let [meanT, meanY] = [0, 0];
  for (let i = 0; i < n; i++) {
    meanT += t[i]! / n;
    meanY += y[i]! / n;
  }
  let [tt, ty] = [0, 0];
  for (let i = 0; i < n; i++) {
    tt += (t[i]! - meanT) ** 2;
    ty += (t[i]! - meanT) * (y[i]! - meanY);
  }
  return tt === 0 ? 0 : ty / tt;
}

/** Whose growth a part is a sign of; null: of none by itself. */
export function causeOfPart(id: LedgerPartId): GrowthCause | null {
  switch (id) {
    case 'java-heap':
      return 'heap';
    case 'metaspace':
    case 'class-space':
    case 'class-archive':
      return 'metaspace';
    case 'thread-stacks':
      return 'threads';
    case 'code-cache':
    case 'malloc-heap':
    case 'malloc-arenas':
    case 'libraries':
    case 'vm-structures':
    case 'direct-buffers':
    case 'native':
      return 'native';
    case 'other-process':
      return 'process';
    default:
      return null;
  }
}

/** All causes that a part of anonymous memory can be a sign of. */
export const CAUSES_OF_PARTS: readonly GrowthCause[] = (Object.keys(LEDGER_PARTS) as LedgerPartId[])
  .map(causeOfPart)
  .filter((cause) => cause !== null);
