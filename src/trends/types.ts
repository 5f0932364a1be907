import type { ByField, FieldId, GrowthCause } from '../fields.ts';

/** The results of the trend detector. Slopes are in bytes an hour (counts an hour for counts). The names are those of the public verdict. */

export const TRENDS = ['growing', 'stable', 'shrinking', 'settling', 'cyclic', 'not-enough-data'] as const;
export type Trend = (typeof TRENDS)[number];

export type Cause = GrowthCause | 'none';

export interface FieldTrend {
  readonly trend: Trend;
  /** Slope of the lasting part, in the segment since the last restart or change. null only with not-enough-data. */
  readonly slopeBytesPerHour: number | null;
  /** 90 % interval of the slope. */
  readonly low: number | null;
  readonly high: number | null;
  /** One minus the posterior probability of growth. It is not the p-value of a test. */
  readonly p: number | null;
  readonly points: number;
  readonly windowSeconds: number;
  /** The facts behind the answer, for --explain, the page and tests. */
  readonly basis: TrendBasis;
}

export interface TrendBasis {
  /** Epoch seconds at which each segment begins; the last is the one evaluated. */
  readonly segments: readonly number[];
  /** The line through the evaluated segment: level (bytes) at `fromT`, with `slopePerSecond`. null if none was fitted. */
  readonly line: { readonly fromT: number; readonly toT: number; readonly level: number; readonly slopePerSecond: number } | null;
  /** Posterior probability of each mean model (line, bend, steps ...), the most probable first; those below 0.001 are left out. */
  readonly modelProbabilities: readonly { readonly model: string; readonly probability: number }[];
  readonly statistics: TrendStatistics;
  /** One short sentence. */
  readonly reason: string;
}

/** Intermediate results; those that do not apply are absent. docs/verdict.md explains each. */
export interface TrendStatistics {
  /** Posterior probabilities that the field has a slope at all, that it rises, and that it falls. */
  readonly drifting?: number;
  readonly growing?: number;
  readonly falling?: number;
  /** The growth that a saturation is expected to add within a day, averaged over all models, in the field's unit. */
  readonly remainingRise?: number;
  /** R squared of a straight line through the evaluated segment. */
  readonly rSquared?: number;
  /** 1 if the slope has practical significance, else 0. */
  readonly significant?: 0 | 1;
  /** Number of falls of the sawtooth from which the floor was taken. */
  readonly collections?: number;
  /** Number of bursts in which it rises, where it has not stood for longer since the last one than between them. */
  readonly bursts?: number;
  /** Number of collections of the old generation from which the heap floor was taken. */
  readonly fullCollections?: number;
  /** What the young collections left in the old generation since it was collected, where that is most of what was allocated: bytes, and its share. */
  readonly survivedBytes?: number;
  readonly survivedShare?: number;
  /** For a field that rose and is steady: the rise in its unit and as a share of the level before; the duration of the rise, and of the time since. */
  readonly rise?: number;
  readonly riseShare?: number;
  readonly roseSeconds?: number;
  readonly standsSeconds?: number;
  /** Earlier runs of the container that levelled off, or grew until they were killed, and decided this trend. */
  readonly runsThatStopped?: number;
  readonly runsThatLeaked?: number;
  /** Earlier runs that grew, where the newest is too young to show whether it does, and their bytes an hour. */
  readonly runsThatGrew?: number;
  readonly slopeOfRuns?: number;
}

export type EtaEvent = 'heap-exhausted' | 'oom-kill' | 'disk-full' | 'reclaim';
export interface Eta {
  readonly event: EtaEvent;
  readonly seconds: number;
  readonly low: number;
  /** null: open-ended. */
  readonly high: number | null;
}

export interface CauseShare {
  readonly cause: Cause;
  readonly bytesPerHour: number;
  readonly reclaimable: boolean;
  /** File, class or the like; null: not known. */
  readonly what: string | null;
}

/** The facts behind the confidence in one cause. */
export interface CauseBasis {
  readonly cause: Cause;
  /** The growth that indicates it. */
  readonly trends: readonly {
    readonly field: FieldId;
    /** The part of `anon` outside the heap, or the part of `unevictable` that is page cache. No field has this trend. null: the whole field. */
    readonly part: 'outside-heap' | 'locked' | null;
    readonly slopeBytesPerHour: number | null;
    readonly low: number | null;
    readonly high: number | null;
    readonly posterior: number;
  }[];
  /** The highest of the posteriors. */
  readonly posterior: number;
  /** The reason why the confidence is at most 0.75 although the posterior may be higher: this growth may still end without an error. */
  readonly cappedBy: 'daily-load' | 'heap-expansion' | 'collection' | 'soft-references' | null;
  readonly confidence: number;
}

export type FieldTrends = Readonly<ByField<FieldTrend>>;

/** The numeric result over all fields of one series. The room diagnosis adds sentences, files and findings. */
export interface Evaluation {
  readonly trend: Trend;
  readonly leak: boolean | null;
  readonly confidence: number;
  readonly causes: readonly CauseShare[];
  /** Earliest first. The room diagnosis adds disk-full, because it knows the file systems. */
  readonly etas: readonly Eta[];
  readonly needs: { readonly hours: number; readonly for: string } | null;
  readonly fields: FieldTrends;
  /** By cause, from the fields only. The ledger over time may change the order and the names of the causes. */
  readonly causeBasis: readonly CauseBasis[];
}

export interface EvaluationOptions {
  /** Minimum history before a trend is reported. Default 900 s. */
  readonly minHistorySeconds: number;
}
