import type { GrowthCause } from '../../fields.ts';
import type { PartColumn, PartColumns, PartProcess } from '../../history/part-readings.ts';
import { centredSums } from '../../trends/straight-line.ts';
import { HOUR_S, MIB } from '../../units.ts';
import type { AnonPartId } from '../ledger/anon-kinds.ts';
import { LEDGER_PARTS, type LedgerPartId } from '../ledger/part-table.ts';

/** The growth of one part of anonymous memory. */
export interface PartGrowth {
  readonly id: LedgerPartId;
  /** Its name in the ledger; for another process, the name of the process. */
  readonly name: string;
  readonly process: PartProcess | null;
  /** Bytes at the newest reading. */
  readonly bytes: number;
  /** Growth over the readings, by the line of least squares; negative: it shrank. */
  readonly grewBytes: number;
  readonly bytesPerHour: number;
}

/** The growth of anonymous memory by part. The growth of the parts adds up to the growth of the whole. */
export interface AnonGrowth {
  /** Epoch seconds of the first and last reading that count. */
  readonly fromS: number;
  readonly toS: number;
  readonly readings: number;
  /** Growth of all parts together. */
  readonly grewBytes: number;
  /** The part with the largest growth comes first. */
  readonly parts: readonly PartGrowth[];
}

/** Minimum time between the readings, and minimum growth of the growing parts together. Less is noise. */
const MIN_SPAN_S = 8;
export const MIN_GROWTH_BYTES = 4 * MIB;
/** Malloc takes and gives back that much at any time. A heap does not: pages that it touches for the first time are growth, however slow. */
const MIN_HEAP_GROWTH_BYTES = MIB;
const MOSTLY_HEAP = 0.7;

/**
 * The growth between two times, from the readings of the parts between them; null: there are too few readings, or the growth is too small.
 * Lines of least squares through the same times are additive: the slopes of the parts add up to the slope of their sum.
 */
export function anonGrowth({ t, parts }: PartColumns, fromS: number, toS: number): AnonGrowth | null {
  const end = t.findLastIndex((at) => at <= toS) + 1;
  // A trend that has just begun may not have two readings yet. Then the last two readings show the most recent growth.
  const latestFirst = t.findLastIndex((at) => at <= t[end - 1]! - MIN_SPAN_S);
  if (latestFirst < 0) return null;
  const first = Math.min(firstReading(t, fromS), latestFirst);
  const times = t.subarray(first, end);
  const grown = parts.flatMap((part) => growthOf(part, times, first, end, fromS)).sort((a, b) => b.grewBytes - a.grewBytes);
  const gained = gainedBytes(grown);
  const inHeap = gainedBytes(grown.filter(({ id }) => id === 'java-heap'));
  const isHeap = inHeap >= MIN_HEAP_GROWTH_BYTES && inHeap >= MOSTLY_HEAP * gained;
  if (gained < MIN_GROWTH_BYTES && !isHeap) return null;
  return {
    fromS: times[0]!,
    toS: times[times.length - 1]!,
    readings: times.length,
    grewBytes: grown.reduce((sum, { grewBytes }) => sum + grewBytes, 0),
    parts: grown,
  };
}

/** The first reading of the window: the last one before the window, if it is nearer to its start than the first one in it. */
function firstReading(t: Float64Array, fromS: number): number {
  const within = t.findIndex((at) => at >= fromS);
  if (within < 0) return t.length;
  return within > 0 && fromS - t[within - 1]! < t[within]! - fromS ? within - 1 : within;
}

function growthOf(part: PartColumn, all: Float64Array, first: number, end: number, fromS: number): PartGrowth[] {
  const { times, bytes } = ownReadings(part, all, part.bytes.subarray(first, end), fromS);
  const { sxx, sxy } = centredSums(times, bytes);
  const slope = sxy / sxx;
  const spanS = times[times.length - 1]! - times[0]!;
  // A process that has ended gave back what it held, although a line through its short life may rise.
  const isGone = part.process !== null && !(bytes[bytes.length - 1]! > 0);
  return isLedgerPart(part.id) && bytes.some((b) => b > 0) && !isGone
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

interface OwnReadings {
  readonly times: Float64Array;
  readonly bytes: Float64Array;
}

/**
 * The readings of a part without those of processes of its name that had ended before `fromS`: what they held is no part of this growth. A
 * process that was read once grew from nothing.
 */
function ownReadings({ process }: PartColumn, times: Float64Array, bytes: Float64Array, fromS: number): OwnReadings {
  const bornS = process?.lives?.sinceS ?? times[0]!;
  const born = times.findIndex((t) => t >= bornS);
  if (born <= 0 || times[born - 1]! >= fromS) return { times, bytes };
  const isOne = born === times.length - 1;
  return isOne
    ? { times: times.slice(born - 1), bytes: Float64Array.of(0, bytes[born]!) }
    : { times: times.slice(born), bytes: bytes.slice(born) };
}

const isLedgerPart = (id: string): id is LedgerPartId => id in LEDGER_PARTS;

/** Growth of those parts that grew, without those that shrank. */
export const gainedBytes = (parts: readonly PartGrowth[]): number =>
  parts.reduce((sum, { grewBytes }) => sum + Math.max(0, grewBytes), 0);

/** The cause that the growth of each part of anonymous memory indicates. Mappings without a name may be a heap or malloc, so they indicate none. */
const CAUSES: Readonly<Record<Exclude<AnonPartId, 'unnamed-mappings'> | 'native' | 'other-process', GrowthCause>> = {
  'java-heap': 'heap',
  metaspace: 'metaspace',
  'class-space': 'metaspace',
  'class-archive': 'metaspace',
  'thread-stacks': 'threads',
  'code-cache': 'native',
  'malloc-heap': 'native',
  'malloc-arenas': 'native',
  libraries: 'native',
  'vm-structures': 'native',
  'direct-buffers': 'native',
  native: 'native',
  'other-process': 'process',
};

/** The cause that the growth of a part indicates; null: the part alone indicates none. */
export const causeOfPart = (id: LedgerPartId): GrowthCause | null => (id in CAUSES ? CAUSES[id as keyof typeof CAUSES] : null);

/**
 * A collector's tables take at most this share of the heap (its bitmaps, cards and remembered sets), and the first collection of the whole heap
 * touches all of them at once.
 */
const TABLE_SHARE = 1 / 12;
/** The tables of pages that the heap takes next are touched before these: G1 touched 4.3 MiB as its heap began to grow, by 27 MiB so far. */
const TABLE_SHARE_OF_GROWTH = 1 / 4;

/** The cause of a part among the others: tables that are no larger than the heap lets expect are the heap's. */
export function causeAmong(parts: readonly PartGrowth[], { id, grewBytes }: PartGrowth): GrowthCause | null {
  const heap = id === 'vm-structures' ? parts.find((part) => part.id === 'java-heap') : undefined;
  if (heap === undefined) return causeOfPart(id);
  return grewBytes <= Math.max(TABLE_SHARE * heap.bytes, TABLE_SHARE_OF_GROWTH * heap.grewBytes) ? 'heap' : causeOfPart(id);
}

/** The share of what grew that is in the heap, 0 to 1. */
export function heapShare({ parts }: AnonGrowth): number {
  const gained = gainedBytes(parts);
  return gained > 0 ? gainedBytes(parts.filter((part) => causeAmong(parts, part) === 'heap')) / gained : 0;
}

/** All causes that a part of anonymous memory can indicate. */
export const CAUSES_OF_PARTS: readonly GrowthCause[] = Object.values(CAUSES);
