import type uPlot from 'uplot';
import { DAY_S } from '../../src/units.ts';
import { dayText, minuteText, secondText } from '../data/time-format.ts';
import { level } from '../data/wording.ts';
import { cssColor } from '../dom.ts';

/** Shared parts of all time charts: axes, marks of restarts and OOM kills, thresholds, and labels. */

const FONT = '13px system-ui, sans-serif';
/** Minimum time range, so that the first seconds do not fill the whole width. The chart fills from the right. */
export const MIN_SPAN_S = 60;
/** Axis steps that are round in MiB and GiB. */
const BINARY = Array.from({ length: 26 }, (_, i) => 2 ** (i + 14));
/** Axis steps of time in seconds. None is below one, because labels would repeat. */
const SHORT_STEPS = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200];
const STEPS = [...SHORT_STEPS, ...[1, 2, 3, 7, 14].map((days) => days * DAY_S)];

export function axes(): uPlot.Axis[] {
  const stroke = cssColor('quiet');
  const grid = { stroke: cssColor('line'), width: 1 };
  const ticks = { show: false };
  return [
    {
      stroke,
      grid,
      ticks,
      font: FONT,
      size: 28,
      gap: 6,
      space: 84,
      incrs: STEPS,
      values: (_u, splits, _axis, _space, step) => times(splits, step),
    },
    {
      stroke,
      grid,
      ticks,
      font: FONT,
      size: 74,
      gap: 8,
      space: 44,
      incrs: BINARY,
      values: (_u, splits) => splits.map((v) => (v === 0 ? '0' : level(v))),
    },
  ];
}

/** A label shows the day if the day begins there or the steps are days, else the hour; never both. */
function times(splits: readonly number[], stepS: number): string[] {
  let shown = '';
  return splits.map((t) => {
    const date = dayText(t);
    const begins = shown !== '' && date !== shown;
    shown = date;
    if (stepS >= DAY_S || begins) return date;
    return stepS < 60 ? secondText(t) : minuteText(t);
  });
}

export type EventMark = { readonly t: number; readonly type: string };
const MARKS: Readonly<Record<string, { readonly word: string; readonly hue: string; readonly dash: readonly number[] }>> = {
  restart: { word: 'restart', hue: 'ink', dash: [5, 3] },
  oom_kill: { word: 'OOM kill', hue: 'bad', dash: [] },
  process_oom_kill: { word: 'OOM kill of another process', hue: 'bad', dash: [5, 3] },
  memhound_start: { word: 'memhound started', hue: 'quiet', dash: [1, 3] },
};

export const eventText = (type: string): string => MARKS[type]?.word ?? type.replace(/_/g, ' ');

/**
 * Labels on a chart. Each has a plate of the background colour, so that it can be read on any area, and is moved down below earlier labels.
 * Create one object for each drawing.
 */
export class LabelPlates {
  readonly #ctx: CanvasRenderingContext2D;
  readonly #taken: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }[] = [];

  constructor(u: uPlot) {
    this.#ctx = u.ctx;
  }

  /** `x` is the left end or, for words that end there, the right one; `top` the upper edge. In canvas pixels. */
  put(words: string, x: number, top: number, color: string, end: 'left' | 'right' = 'left'): void {
    const ctx = this.#ctx;
    const dpr = devicePixelRatio;
    ctx.save();
    ctx.font = `${13 * dpr}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    ctx.textAlign = 'left';
    const width = ctx.measureText(words).width;
    const left = end === 'right' ? x - width : x;
    const box = (y: number) => ({ left: left - 3 * dpr, top: y - dpr, right: left + width + 3 * dpr, bottom: y + 15 * dpr });
    let y = top;
    const meets = (b: ReturnType<typeof box>): boolean =>
      this.#taken.some((t) => t.left < b.right && b.left < t.right && t.top < b.bottom && b.top < t.bottom);
    while (meets(box(y))) y += 2 * dpr;
    const plate = box(y);
    this.#taken.push(plate);
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = cssColor('paper');
    ctx.fillRect(plate.left, plate.top, plate.right - plate.left, plate.bottom - plate.top);
    ctx.globalAlpha = 1;
    ctx.fillStyle = color;
    ctx.fillText(words, left, y);
    ctx.restore();
  }
}

/** A line over the whole height with a word at the top. Dashes and words distinguish the lines, not only the colour. */
export function drawMarks(u: uPlot, marks: readonly EventMark[], plates: LabelPlates | null): void {
  const { ctx, bbox } = u;
  const dpr = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = dpr;
  ctx.font = `${13 * dpr}px system-ui, sans-serif`;
  for (const { t, type } of marks) {
    const x = Math.round(u.valToPos(t, 'x', true));
    const mark = MARKS[type];
    if (mark === undefined || x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = cssColor(mark.hue);
    ctx.setLineDash(mark.dash.map((d) => d * dpr));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const left = Math.min(x + 5 * dpr, bbox.left + bbox.width - ctx.measureText(mark.word).width);
    plates?.put(mark.word, left, bbox.top + 2 * dpr, cssColor(mark.hue));
  }
  ctx.restore();
}

/** A level across the chart, with its name at the right end. A level above the chart is only named, with an arrow. */
export function drawThreshold(
  u: uPlot,
  bytes: number | null,
  { name, hue, dash }: { readonly name: string; readonly hue: string; readonly dash: readonly number[] },
  plates: LabelPlates,
): void {
  if (bytes === null) return;
  const { ctx, bbox } = u;
  const dpr = devicePixelRatio;
  const right = bbox.left + bbox.width - 4 * dpr;
  if (bytes > (u.scales.y?.max ?? 0)) {
    plates.put(`${name} ${level(bytes)} ↑`, right, bbox.top + 2 * dpr, cssColor(hue), 'right');
    return;
  }
  const y = Math.round(u.valToPos(bytes, 'y', true));
  ctx.save();
  ctx.strokeStyle = cssColor(hue);
  ctx.lineWidth = 1.5 * dpr;
  ctx.setLineDash(dash.map((d) => d * dpr));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
  plates.put(`${name} ${level(bytes)}`, right, y - 18 * dpr, cssColor(hue), 'right');
}

/** Moves the cursor of a chart to a time if it is not there yet, because each move is reported back. */
export function moveCursor(u: uPlot, t: number | null): void {
  const left = t === null ? -10 : u.valToPos(t, 'x');
  if (Math.abs((u.cursor.left ?? -10) - left) > 0.5) u.setCursor({ left, top: t === null ? -10 : 4 }, false);
}
