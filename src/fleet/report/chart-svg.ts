import { fieldName, fieldRow } from '../../fields.ts';
import { bytesText } from '../../format.ts';
import { DAY_S } from '../../units.ts';
import type { Chart } from '../types.ts';

/** About as wide as three charts stand side by side, so that their text is not shrunk. */
const WIDTH = 360;
const HEIGHT = 120;
const TOP = 17;
const BOTTOM = 18;

/** The growing field over time: a solid area, restarts as gaps with a mark, the limit as a dashed line if it is near enough to be seen. */
export function chartSvg(chart: Chart, limitBytes: number | 'max' | null): string {
  const known = chart.values.filter((value) => value !== null);
  const highest = Math.max(...known, 1);
  const limit = typeof limitBytes === 'number' && limitBytes < 4 * highest ? limitBytes : null;
  const top = Math.max(highest, limit ?? 0) * 1.04;
  const x = (i: number): number => (WIDTH * i) / Math.max(1, chart.values.length - 1);
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const round = (value: number): string => value.toFixed(1);
  const areas = runsOf(chart).map((points) => {
    const line = points.map(({ i, value }) => `${round(x(i))},${round(y(value))}`).join(' L');
    const [first, last] = [points[0]!, points[points.length - 1]!];
    return `<path d="M${round(x(first.i))},${y(0)} L${line} L${round(x(last.i))},${y(0)} Z"/>`;
  });
  const restarts = chart.restarts.map(
    (i) => `<line class="restart" x1="${round(x(i))}" x2="${round(x(i))}" y1="${TOP}" y2="${y(0)}"/>`,
  );
  const limitLine =
    limit === null
      ? ''
      : `<line class="limit" x1="0" x2="${WIDTH}" y1="${round(y(limit))}" y2="${round(y(limit))}"/><text x="0" y="${round(y(limit) - 4)}">limit ${bytesText(limit)}</text>`;
  const isBytes = fieldRow(fieldName(chart.field)).unit === 'bytes';
  const last = known[known.length - 1];
  const lastText = last === undefined ? 'no value' : isBytes ? bytesText(last) : String(Math.round(last));
  const days = ((chart.to - chart.from) / DAY_S).toFixed(1);
  return `<svg class="growth" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${chart.field} over ${days} days, ${lastText} at the end">${areas.join('')}${restarts.join('')}${limitLine}<text x="0" y="${HEIGHT - 4}">${chart.field}, ${days} days</text><text class="end" x="${WIDTH}" y="${HEIGHT - 4}">${lastText}</text></svg>`;
}

interface Point {
  readonly i: number;
  readonly value: number;
}

/** Stretches without a gap and without a restart. */
function runsOf({ values, restarts }: Chart): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] = [];
  const end = (): void => {
    if (run.length > 1) runs.push(run);
    run = [];
  };
  values.forEach((value, i) => {
    if (restarts.includes(i)) end();
    if (value === null) end();
    else run.push({ i, value });
  });
  end();
  return runs;
}
