import { type FieldName, fieldName } from '../../src/fields.ts';
import { NO_PARTS } from '../../src/history/part-readings.ts';
import type { Series } from '../../src/history/series.ts';
import type { HistoryEvent } from '../../src/sample/types.ts';
import type { Random } from '../random.ts';
import type { Grid } from './parts.ts';

/** Faults that a scenario requires. */
export interface SamplingFaults {
  /** An uneven clock: steps of a third to three times the nominal one. */
  readonly irregular?: boolean;
  readonly gapsS?: number;
  readonly doubled?: boolean;
  readonly setBack?: boolean;
}

/** Samples come late, are lost for a while or for hours, come twice, and clocks are set back. None of it changes a label. */
export function applySamplingFaults(
  grid: Grid,
  columns: ReadonlyMap<string, Float64Array>,
  about: {
    readonly limit: number;
    readonly heapMax: number | null;
    readonly random: Random;
    readonly events?: readonly HistoryEvent[];
    readonly rough?: SamplingFaults;
  },
): Series {
  const { n, stepS, windowS } = grid;
  const { limit, heapMax, random, events = [], rough = {} } = about;
  const start = 1_750_000_000 + Math.floor(random.between(0, 1e7));
  const lost = random.chance(0.3) ? random.scale(0.002, 0.1) : 0;
  const gaps: [number, number][] = [];
  if (n > 400 && random.chance(0.25)) {
    const longest = Math.min(6 * 3600, 0.12 * windowS);
    const from = random.between(0.1, 0.6) * windowS;
    gaps.push([from, from + random.between(0.2, 1) * longest]);
  }
  if (rough.gapsS !== undefined)
    for (let k = 0; k < 3; k++) {
      const from = random.between(0.05 + 0.25 * k, 0.2 + 0.25 * k) * windowS;
      gaps.push([from, from + Math.min(rough.gapsS, 0.1 * windowS)]);
    }
  const doubled = rough.doubled === true ? 0.1 : random.chance(0.2) ? 0.01 : 0;
  const late = rough.irregular === true ? 0.95 * stepS : random.chance(0.5) ? 0.3 * stepS : 0;
  const setBackAt = n > 400 && (random.chance(0.1) || rough.setBack === true) ? Math.floor(random.between(0.2, 0.8) * n) : n;
  const setBack = Math.min(random.scale(20, 7200), 0.05 * windowS);
  const rows: number[] = [];
  const t: number[] = [];
  for (let i = 0; i < n; i++) {
    const s = i * stepS;
    const ends = i === 0 || i === n - 1;
    if (
      !ends &&
      n > 60 &&
      (random.chance(rough.irregular === true ? 0.5 : lost) || gaps.some(([from, to]) => s >= from && s < to))
    )
      continue;
    const at = start + s + (ends ? 0 : late * random.next()) - (i >= setBackAt ? setBack : 0);
    const stamp = Math.round(at * 1000) / 1000;
    rows.push(i);
    t.push(stamp);
    if (random.chance(doubled)) {
      rows.push(i);
      t.push(stamp);
    }
  }
  const nulls = random.chance(0.2) ? 0.03 : 0;
  const fields = new Map<FieldName, Float64Array>();
  for (const [id, column] of columns) {
    const holes = id === 'heap_used' || id === 'metaspace' ? nulls : 0;
    fields.set(
      fieldName(id),
      Float64Array.from(rows, (i) => (holes > 0 && random.chance(holes) ? Number.NaN : column[i]!)),
    );
  }
  return {
    t: Float64Array.from(t),
    fields,
    intervalS: stepS,
    limitBytes: limit,
    heapMaxBytes: heapMax,
    events: events.map((event) => ({ ...event, t: event.t + start })),
    files: [],
    parts: NO_PARTS,
  };
}
