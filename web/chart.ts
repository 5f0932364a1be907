import type uPlot from 'uplot';
import { cssColor } from './dom.ts';
import { level } from './words.ts';

/** What all time charts share: axes, marks of the container's lives, and the viewer's own clock. */

const FONT = '13px system-ui, sans-serif';
/** Axis steps that are round in MiB and GiB. */
const BINARY = Array.from({ length: 26 }, (_, i) => 2 ** (i + 14));

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const withSeconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const whole = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'shortOffset',
});

export const instant = (t: number): string => whole.format(t * 1000);

/** The viewer's offset from UTC, as "GMT+1". */
export const offset = (): string =>
  new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset' }).formatToParts(Date.now()).find((p) => p.type === 'timeZoneName')
    ?.value ?? '';

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

/** The day where it begins or is all that differs, else the hour: never both in one label. */
function times(splits: readonly number[], stepS: number): string[] {
  let shown = '';
  return splits.map((t) => {
    const date = day.format(t * 1000);
    const begins = shown !== '' && date !== shown;
    shown = date;
    if (stepS >= 86_400 || begins) return date;
    return (stepS < 60 ? withSeconds : clock).format(t * 1000);
  });
}

export type Mark = { readonly t: number; readonly type: string };
const MARKS: Readonly<Record<string, { readonly word: string; readonly hue: string; readonly dash: readonly number[] }>> = {
  restart: { word: 'restart', hue: 'ink', dash: [5, 3] },
  oom_kill: { word: 'OOM kill', hue: 'bad', dash: [] },
  memhound_start: { word: 'memhound started', hue: 'quiet', dash: [1, 3] },
};

export const markWord = (type: string): string => MARKS[type]?.word ?? type.replace(/_/g, ' ');

/** A line over the whole height with its word at the top: dashes and words tell them apart, not the colour alone. */
export function drawMarks(u: uPlot, marks: readonly Mark[], words: boolean): void {
  const { ctx, bbox } = u;
  const dpr = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = dpr;
  ctx.font = `${13 * dpr}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let free = bbox.left;
  let row = 0;
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
    if (!words) continue;
    const width = ctx.measureText(mark.word).width;
    const left = Math.min(x + 4 * dpr, bbox.left + bbox.width - width);
    row = left < free ? row + 1 : 0;
    free = left + width + 6 * dpr;
    plated(ctx, mark.word, left, bbox.top + (2 + row * 16) * dpr, cssColor(mark.hue));
  }
  ctx.restore();
}

/** Words on a plate of paper, so that they can be read on any area. Left and top, or right and bottom, as the text is aligned. */
function plated(ctx: CanvasRenderingContext2D, words: string, x: number, y: number, color: string): void {
  const dpr = devicePixelRatio;
  const width = ctx.measureText(words).width;
  const height = 15 * dpr;
  ctx.save();
  ctx.globalAlpha = 0.85;
  ctx.fillStyle = cssColor('paper');
  const left = ctx.textAlign === 'right' ? x - width : x;
  const top = ctx.textBaseline === 'bottom' ? y - height : y;
  ctx.fillRect(left - 3 * dpr, top - dpr, width + 6 * dpr, height + dpr);
  ctx.restore();
  ctx.fillStyle = color;
  ctx.fillText(words, x, y);
}

/** A level across the chart, with its name at the right end. */
export function drawLevel(u: uPlot, bytes: number | null, hue: string, name: string, dash: readonly number[]): void {
  const { ctx, bbox } = u;
  if (bytes === null || bytes > (u.scales.y?.max ?? 0)) return;
  const dpr = devicePixelRatio;
  const y = Math.round(u.valToPos(bytes, 'y', true));
  ctx.save();
  ctx.strokeStyle = cssColor(hue);
  ctx.fillStyle = cssColor(hue);
  ctx.lineWidth = 1.5 * dpr;
  ctx.setLineDash(dash.map((d) => d * dpr));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${13 * dpr}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'bottom';
  plated(ctx, `${name} ${level(bytes)}`, bbox.left + bbox.width - 4 * dpr, y - 3 * dpr, cssColor(hue));
  ctx.restore();
}

/** Where a chart may be asked to show a time: the cursor is moved only if it is elsewhere, since it would be told back. */
export function moveCursor(u: uPlot, t: number | null): void {
  const left = t === null ? -10 : u.valToPos(t, 'x');
  if (Math.abs((u.cursor.left ?? -10) - left) > 0.5) u.setCursor({ left, top: t === null ? -10 : 4 }, false);
}
