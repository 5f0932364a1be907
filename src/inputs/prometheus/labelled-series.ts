/** The labels of a series, `__name__` included. */
export type Labels = Readonly<Record<string, string>>;

/** One series of Prometheus. Times are epoch seconds and rise strictly; a value that is NaN is a gap. */
export interface LabelledSeries {
  readonly labels: Labels;
  readonly t: Float64Array;
  readonly v: Float64Array;
}

/** Whether two series were sampled together, as the metrics of one target are. */
export function hasSameTimes(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The most frequent distance of two samples, in seconds; null: there are fewer than two. */
export function usualStep({ t }: Pick<LabelledSeries, 't'>): number | null {
  if (t.length < 2) return null;
  // Nearly all series are even, and sorting is the slowest part of reading one.
  const first = t[1]! - t[0]!;
  let same = 0;
  for (let i = 1; i < t.length; i++) if (t[i]! - t[i - 1]! === first) same++;
  if (2 * same > t.length) return first;
  const steps = new Float64Array(t.length - 1);
  for (let i = 1; i < t.length; i++) steps[i - 1] = t[i]! - t[i - 1]!;
  return steps.sort()[steps.length >> 1]!;
}

/** A sample of a replica fills a gap of this many usual steps. */
const GAP_STEPS = 1.5;

/**
 * One series out of several that say the same: two replicas of Prometheus scrape at different moments, so their samples are not mixed. The one
 * with the most samples is kept, and its gaps are filled from the others.
 */
export function mergeReplicas(replicas: readonly LabelledSeries[]): LabelledSeries {
  const [fullest, ...others] = [...replicas].sort((a, b) => b.t.length - a.t.length);
  return others.reduce(fillGaps, fullest!);
}

function fillGaps(kept: LabelledSeries, other: LabelledSeries): LabelledSeries {
  const step = usualStep(kept) ?? usualStep(other);
  if (step === null) return kept;
  const least = GAP_STEPS * step;
  const t: number[] = [];
  const v: number[] = [];
  let k = 0;
  for (let i = 0; i <= kept.t.length; i++) {
    const before = i === 0 ? Number.NEGATIVE_INFINITY : kept.t[i - 1]!;
    const after = i === kept.t.length ? Number.POSITIVE_INFINITY : kept.t[i]!;
    if (after - before > least) {
      while (k < other.t.length && other.t[k]! <= before + step / 2) k++;
      for (; k < other.t.length && other.t[k]! < after - step / 2; k++) {
        t.push(other.t[k]!);
        v.push(other.v[k]!);
      }
    }
    if (i < kept.t.length) {
      t.push(kept.t[i]!);
      v.push(kept.v[i]!);
    }
  }
  return t.length === kept.t.length ? kept : { labels: kept.labels, t: Float64Array.from(t), v: Float64Array.from(v) };
}
