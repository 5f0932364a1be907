/** Observations that are kept; beyond it the older half is thinned. */
export const MAX_OBSERVATIONS = 96;

/** Bytes at the times of the scans, in single precision: a KiB in 16 GiB is nothing here. NaN: not known, or not there yet. */
export class TrackColumns {
  readonly size = new Float32Array(MAX_OBSERVATIONS).fill(Number.NaN);
  readonly allocated = new Float32Array(MAX_OBSERVATIONS).fill(Number.NaN);
  readonly resident = new Float32Array(MAX_OBSERVATIONS).fill(Number.NaN);

  get all(): readonly Float32Array[] {
    return [this.size, this.allocated, this.resident];
  }

  set(i: number, file: ObservedBytes): void {
    this.size[i] = file.sizeBytes ?? Number.NaN;
    this.allocated[i] = file.allocatedBytes ?? Number.NaN;
    this.resident[i] = file.residentBytes ?? Number.NaN;
  }

  /** What is not known of an observation is as it was in the one before. */
  hold(i: number): void {
    for (const column of this.all) if (i > 0 && Number.isNaN(column[i])) column[i] = column[i - 1]!;
  }

  /** Adds what another one holds in its first `n` observations. */
  add(other: TrackColumns, n: number): void {
    this.all.forEach((column, c) => {
      for (let i = 0; i < n; i++) column[i] = sumOfKnown(column[i]!, other.all[c]![i]!);
    });
  }

  /** What was found late was there all along. */
  backdate({ sizeBytes, allocatedBytes, residentBytes }: ObservedBytes, n: number): void {
    const raise = (column: Float32Array, bytes: number | null | undefined): void => {
      for (let i = 0; i < n; i++) column[i] = sumOfKnown(column[i]!, bytes ?? Number.NaN);
    };
    raise(this.size, sizeBytes);
    raise(this.allocated, allocatedBytes);
    raise(this.resident, residentBytes);
  }

  /** Drops every second observation of the older half: recent ones stay fine, and older ones reach back further. */
  thin(): void {
    for (const column of this.all) thinOlderHalf(column);
  }
}

export interface ObservedBytes {
  readonly sizeBytes: number | null;
  readonly residentBytes: number | null;
  readonly allocatedBytes?: number | null;
}

/** Returns how many are left. */
export function thinOlderHalf(column: Float32Array | Float64Array): number {
  let to = 0;
  for (let i = 0; i < column.length; i++) if (i % 2 === 0 || i >= MAX_OBSERVATIONS / 2) column[to++] = column[i]!;
  column.fill(Number.NaN, to);
  return to;
}

const sumOfKnown = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);
