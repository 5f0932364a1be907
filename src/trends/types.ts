import type { ByField, FieldId, GrowthCause } from '../fields.ts';

/** What the trend detector answers. All slopes in bytes an hour (counts an hour for counts). Names as in the public verdict. */

export type Trend = 'growing' | 'stable' | 'shrinking' | 'settling' | 'cyclic' | 'not-enough-data';

export type Cause = GrowthCause | 'none';

export interface FieldTrend {
  readonly trend: Trend;
  /** Of the persistent part, in the segment since the last restart or change. null only with not-enough-data. */
  readonly slopeBytesPerHour: number | null;
  /** 90 % interval of the slope. */
  readonly low: number | null;
  readonly high: number | null;
  /** One minus the posterior probability of growth; no p-value. */
  readonly p: number | null;
  readonly points: number;
  readonly windowSeconds: number;
  /** What it was decided from. For --explain, the page and tests. */
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
  /** In words, one short sentence. */
  readonly reason: string;
}

/** What was computed on the way; what does not apply is not there. docs/verdict.md explains each. */
export interface TrendStatistics {
  /** Posterior probabilities that the field has a slope at all, that it rises, and that it falls. */
  readonly drifting?: number;
  readonly growing?: number;
  readonly falling?: number;
  /** What a saturation is expected to add within a day, averaged over all models, in the field's unit. */
  readonly remainingRise?: number;
  /** R squared of a straight line through the evaluated segment. */
  readonly rSquared?: number;
  /** 1 where the slope is large enough to matter, else 0. */
  readonly significant?: 0 | 1;
  /** Falls of a saw-tooth that its floor was taken from. */
  readonly collections?: number;
  /** Collections of the old generation that the floor of the heap was taken from. */
  readonly fullCollections?: number;
  /** Of a field that rose and stands: by how much, in its unit, and as a share of the level before; for how long it rose, and stands since. */
  readonly rise?: number;
  readonly riseShare?: number;
  readonly roseSeconds?: number;
  readonly standsSeconds?: number;
  /** Earlier runs of the container that levelled off, or grew until they were killed, and decided this trend. */
  readonly runsThatStopped?: number;
  readonly runsThatLeaked?: number;
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
  /** File, class or the like, where it can be named. */
  readonly what: string | null;
}

/** What the confidence in one cause rests on. */
export interface CauseBasis {
  readonly cause: Cause;
  /** The growth that it was found by. */
  readonly trends: readonly {
    readonly field: FieldId;
    /** Of `anon` what lies outside the heap, or of `unevictable` what is page cache: no field has this trend. null: the whole field. */
    readonly part: 'outside-heap' | 'locked' | null;
    readonly slopeBytesPerHour: number | null;
    readonly low: number | null;
    readonly high: number | null;
    readonly posterior: number;
  }[];
  /** The highest of the posteriors. */
  readonly posterior: number;
  /** Why the confidence is at most 0.75 though the posterior may be higher: this growth may still end by itself. */
  readonly cappedBy: 'daily-load' | 'heap-expansion' | null;
  readonly confidence: number;
}

/** By field. */
export type FieldTrends = Readonly<ByField<FieldTrend>>;

/** The numeric verdict over all fields of one series; diagnosis puts it into words and adds files and findings. */
export interface Evaluation {
  readonly trend: Trend;
  readonly leak: boolean | null;
  readonly confidence: number;
  readonly causes: readonly CauseShare[];
  /** Earliest first. disk-full comes from diagnosis, which knows the file systems. */
  readonly etas: readonly Eta[];
  readonly needs: { readonly hours: number; readonly for: string } | null;
  readonly fields: FieldTrends;
  /** By cause, as the fields alone show it: the ledger over time may rank and name the causes otherwise. */
  readonly causeBasis: readonly CauseBasis[];
}

export interface EvaluationOptions {
  /** Least history before anything but not-enough-data is said. Default 900 s. */
  readonly minHistorySeconds: number;
}
