import type { Verdict } from '../../src/diagnosis/types.ts';
import { type FieldName, type FieldValues, fieldRow, namesIn } from '../../src/fields.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';
import type { FieldTrend } from '../../src/trends/types.ts';
import { HOUR_S } from '../../src/units.ts';
import { nearestIndex, onCursor, setCursor } from '../charts/shared-cursor.ts';
import { exactBytesText, slopeText, valueText } from '../data/wording.ts';
import { byId, el, setText, svg, titleOnHover } from '../dom.ts';

interface FieldChart {
  readonly id: FieldName;
  readonly column: readonly (number | null)[];
  readonly value: HTMLElement;
  /** The exact number of `value`. */
  now: number | null;
  readonly hair: SVGElement;
}

const MAX_CHARTS = 80;
const W = 250;
const H = 54;
/** The times that all charts show. */
interface TimeAxis {
  readonly times: readonly number[];
  readonly from: number;
  readonly to: number;
}

const xOn = ({ from, to }: TimeAxis, t: number): number => ((t - from) / Math.max(1e-9, to - from)) * W;

/** A small chart for each field with its fitted line and interval, under the shared cursor. */
export class FieldCharts {
  readonly #root = byId('fields');
  #charts: readonly FieldChart[] = [];
  #axis: TimeAxis = { times: [], from: 0, to: 1 };
  /** Whether the cursor is on a chart, so that the values are those of its time and not of the newest tick. */
  #isPointed = false;
  #isVisible = false;

  constructor() {
    onCursor((t) => this.#point(t));
    new IntersectionObserver((entries) => {
      this.#isVisible = entries[entries.length - 1]!.isIntersecting;
    }).observe(this.#root);
  }

  draw(verdict: Verdict, samples: SamplesAnswer, search: string): void {
    const wanted = search.toLowerCase();
    const fits = (id: FieldName): boolean => id.includes(wanted) || fieldRow(id).title.toLowerCase().includes(wanted);
    const all = namesIn(samples.fields).filter((id) => samples.fields[id]!.some((v) => v !== null && v !== 0));
    const ids = all
      .filter(fits)
      .sort((a, b) => sortWeight(b, verdict.fields[b]) - sortWeight(a, verdict.fields[a]) || (a < b ? -1 : 1))
      .slice(0, MAX_CHARTS);
    const axis: TimeAxis = { times: samples.t, from: samples.t[0]!, to: samples.t[samples.t.length - 1]! };
    const made = ids.map((id) => field(id, samples.fields[id]!, verdict.fields[id] ?? null, axis));
    this.#axis = axis;
    this.#charts = made.map((m) => m.small);
    const none = el('p', { class: 'quiet' }, `None of ${all.length} fields has “${search}” in its name.`);
    this.#root.replaceChildren(...(made.length > 0 ? made.map((m) => m.node) : [none]));
  }

  /** A live tick changes only the numbers that are in view. The next verdict redraws the lines. */
  update(values: FieldValues): void {
    if (this.#isPointed || !this.#isVisible) return;
    for (const small of this.#charts) if (values[small.id] !== undefined) show(small, values[small.id]!);
  }

  #point(t: number | null): void {
    this.#isPointed = t !== null;
    const { times } = this.#axis;
    const i = t === null ? times.length - 1 : nearestIndex(times, t);
    for (const small of this.#charts) {
      const v = small.column[i] ?? (t === null ? last(small.column) : null);
      show(small, v);
      small.hair.setAttribute('visibility', t === null ? 'hidden' : 'visible');
      if (t !== null) small.hair.setAttribute('transform', `translate(${xOn(this.#axis, times[i]!).toFixed(1)} 0)`);
    }
  }
}

function show(small: FieldChart, v: number | null): void {
  small.now = v;
  setText(small.value, v === null ? '–' : valueText(v, fieldRow(small.id).unit));
}

const last = (column: readonly (number | null)[]): number | null => column.findLast((v) => v !== null) ?? null;

/** Order: unreclaimable fields that grow, then other fields that grow, then by the size of the slope. */
function sortWeight(id: FieldName, trend: FieldTrend | undefined): number {
  const row = fieldRow(id);
  const growing = trend?.trend === 'growing' ? (row.reclaimable === false ? 1e16 : 1e15) : 0;
  return (row.unit === 'bytes' ? 1 : 1e-6) * (growing + Math.abs(trend?.slopeBytesPerHour ?? 0));
}

function field(
  id: FieldName,
  column: readonly (number | null)[],
  trend: FieldTrend | null,
  axis: TimeAxis,
): { node: HTMLElement; small: FieldChart } {
  const row = fieldRow(id);
  const value = el('span', { class: 'value' });
  const growing = trend?.trend === 'growing';
  const tone = growing ? (row.reclaimable === false ? 'bad' : 'warn') : 'quiet';
  const head = el(
    'div',
    { class: 'what', title: `${row.title}: ${row.help}. ${trend?.basis.reason ?? ''}` },
    el('b', {}, id),
    value,
    el('span', { class: `trend ${tone}` }, words(trend, row.unit)),
  );
  const { root, hair } = sparkline(id, column, trend, axis);
  const small: FieldChart = { id, column, value, hair, now: null };
  show(small, last(column));
  titleOnHover(value, () => (row.unit === 'bytes' ? exactBytesText(small.now) : ''));
  return { node: el('div', { class: 'field' }, head, root), small };
}

function words(trend: FieldTrend | null, unit: string): string {
  if (trend === null) return '';
  if (trend.trend === 'growing' || trend.trend === 'shrinking') {
    const arrow = trend.trend === 'growing' ? '↗' : '↘';
    const perHour = trend.slopeBytesPerHour;
    const rate = unit === 'bytes' ? slopeText(perHour) : perHour === null ? '' : `${perHour.toFixed(1)} an hour`;
    return `${arrow} ${rate}`;
  }
  return trend.trend.replace(/-/g, ' ');
}

function sparkline(
  id: FieldName,
  y: readonly (number | null)[],
  trend: FieldTrend | null,
  axis: TimeAxis,
): { root: SVGElement; hair: SVGElement } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const v of y) {
    if (v === null) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  // A flat line is in the middle, and noise of a thousandth is not drawn at full height.
  const least = Math.max(Math.abs(high) * 0.04, 1);
  if (high - low < least) {
    low -= (least - (high - low)) / 2;
    high = low + least;
  }
  const Y = (v: number): number => H - 3 - ((v - low) / (high - low)) * (H - 6);
  const unit = fieldRow(id).unit;
  const root = svg('svg', {
    viewBox: `0 0 ${W} ${H}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `${id} from ${valueText(Math.round(low), unit)} to ${valueText(Math.round(high), unit)}${trend === null ? '' : `, ${words(trend, unit)}`}`,
  });
  const line = trend?.basis.line;
  if (line && trend && trend.slopeBytesPerHour !== null && trend.low !== null && trend.high !== null) {
    const [a, b] = [Math.max(line.fromT, axis.from), Math.min(line.toT, axis.to)];
    const mid = (line.fromT + line.toT) / 2;
    const center = line.level + line.slopePerSecond * (mid - line.fromT);
    const at = (s: number, perHour: number): string =>
      `${xOn(axis, s).toFixed(1)},${Y(center + (perHour / HOUR_S) * (s - mid)).toFixed(1)}`;
    if (b > a) {
      const band = `M${at(a, trend.low)}L${at(mid, trend.low)}L${at(b, trend.high)}L${at(b, trend.low)}L${at(mid, trend.low)}L${at(a, trend.high)}Z`;
      root.append(svg('path', { class: 'band', d: band }));
    }
    root.append(svg('path', { class: 'series', d: path(y, Y, axis) }));
    if (b > a)
      root.append(svg('path', { class: 'fit', d: `M${at(a, trend.slopeBytesPerHour)}L${at(b, trend.slopeBytesPerHour)}` }));
  } else root.append(svg('path', { class: 'series', d: path(y, Y, axis) }));
  const hair = svg('line', { class: 'hair', x1: '0', x2: '0', y1: '0', y2: String(H), visibility: 'hidden' });
  root.append(hair);
  root.addEventListener('mousemove', (event) => {
    const box = root.getBoundingClientRect();
    setCursor(axis.from + ((event.clientX - box.left) / box.width) * (axis.to - axis.from));
  });
  root.addEventListener('mouseleave', () => setCursor(null));
  return { root, hair };
}

/** At most two points a pixel, because more cannot be seen. */
function path(y: readonly (number | null)[], Y: (v: number) => number, axis: TimeAxis): string {
  let d = '';
  let pen = false;
  let before = Number.NEGATIVE_INFINITY;
  y.forEach((v, i) => {
    if (v === null) {
      pen = false;
      return;
    }
    const at = xOn(axis, axis.times[i]!);
    if (pen && at - before < 0.5 && i < y.length - 1) return;
    before = at;
    d += `${pen ? 'L' : 'M'}${at.toFixed(1)},${Y(v).toFixed(1)}`;
    pen = true;
  });
  return d;
}
