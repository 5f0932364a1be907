import type { Series } from '../../src/history/series.ts';

/** Alerting rules that are in use, as Prometheus computes them: least squares over a range. */
export interface PeoplesRule {
  readonly name: string;
  /** Whether it alerts on a working set with a limit, looking from index `end`. */
  readonly alerts: (series: Series, limit: number, end: number) => boolean;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Slope, bytes a second, and the value at the end of the line; null: fewer than two samples, for which Prometheus has no answer. */
function line({ t, fields }: Series, end: number, rangeS: number): { readonly slope: number; readonly now: number } | null {
  const values = fields.get('working_set' as never);
  const at = t[end]!;
  let [n, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0];
  for (let i = end; i >= 0 && t[i]! > at - rangeS; i--) {
    const [x, y] = [t[i]! - at, values?.[i] ?? Number.NaN];
    if (!Number.isFinite(y)) continue;
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const spread = sxx - (sx * sx) / n;
  if (n < 2 || !(spread > 0)) return null;
  const slope = (sxy - (sx * sy) / n) / spread;
  return { slope, now: sy / n - (slope * sx) / n };
}

const predict =
  (rangeS: number, aheadS: number): PeoplesRule['alerts'] =>
  (series, limit, end) => {
    const fit = line(series, end, rangeS);
    return fit !== null && fit.now + aheadS * fit.slope > limit;
  };

export const PEOPLES_RULES: readonly PeoplesRule[] = [
  { name: 'predict_linear(working_set[6h], 4h) > limit', alerts: predict(6 * HOUR, 4 * HOUR) },
  { name: 'predict_linear(working_set[1d], 7d) > limit', alerts: predict(DAY, 7 * DAY) },
  {
    name: 'deriv(working_set[1d]) > 0.5 % of the limit a day',
    alerts: (series, limit, end) => ((line(series, end, DAY)?.slope ?? 0) * DAY) / limit > 0.005,
  },
  {
    name: 'working_set > 90 % of the limit',
    alerts: ({ fields }, limit, end) => (fields.get('working_set' as never)?.[end] ?? 0) > 0.9 * limit,
  },
];
