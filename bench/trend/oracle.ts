import { namesIn } from '../../src/fields.ts';
import type { Series } from '../../src/history/series.ts';
import { normalCdf } from '../../src/trends/model/student-t.ts';
import { centredSums } from '../../src/trends/straight-line.ts';
import type { Labelled } from './corpus-score.ts';

/** Slope estimates with knowledge that no detector has. */
export interface Oracle {
  /** Relative errors of plain least squares over each true segment. */
  readonly errors: readonly number[];
  /** True slopes divided by their standard errors under each series' own noise, as its label states them. */
  readonly sizes: readonly number[];
}

/** For the growing fields of one series; empty if its label has no segment. */
export function oracleErrors({ t, fields }: Series, { truth }: Labelled): Oracle {
  const { segment_start: fromT, oracle_z: sizes } = truth;
  if (typeof fromT !== 'number' || sizes === undefined) return { errors: [], sizes: [] };
  const growing = namesIn(truth.per_field).filter((id) => truth.per_field[id] === 'growing' && fields.has(id));
  return {
    errors: growing.map((id) => Math.abs((3600 * slopeSince(fromT, t, fields.get(id)!)) / truth.slope_bytes_per_hour[id]! - 1)),
    sizes: growing.map((id) => sizes[id]!),
  };
}

function slopeSince(fromT: number, t: Float64Array, y: Float64Array): number {
  const kept = Array.from(t, (_, i) => i).filter((i) => t[i]! >= fromT && Number.isFinite(y[i]));
  const of = (column: Float64Array) => Float64Array.from(kept, (i) => column[i]!);
  const { sxx, sxy } = centredSums(of(t), of(y));
  return sxy / sxx;
}

/** The relative error below which this share of normal estimates of these sizes lies, by bisection. */
export function errorUnder(share: number, sizes: readonly number[]): number {
  let low = 0;
  let high = 10;
  for (let k = 0; k < 50; k++) {
    const middle = (low + high) / 2;
    const under = sizes.reduce((sum, size) => sum + 2 * normalCdf(middle * size) - 1, 0) / sizes.length;
    if (under < share) low = middle;
    else high = middle;
  }
  return high;
}
