import uPlot from 'uplot';
import { type StackBasis, type StackPart, stackParts } from '../data/memory-parts.ts';
import type { RowChange, Rows } from '../data/rows.ts';
import { instantText } from '../data/time-format.ts';
import { level } from '../data/wording.ts';
import { byId, cssColor } from '../dom.ts';
import { drawMarks, drawThreshold, eventText, LabelPlates, moveCursor } from './chart-axes.ts';
import { fillPattern } from './hatch.ts';
import { type Highlight, onHighlight } from './highlight.ts';
import { nearestIndex, onCursor } from './shared-cursor.ts';
import { handleKey } from './stack-keyboard.ts';
import { isHighlighted, StackLegend } from './stack-legend.ts';
import { showTooFewPoints, timeChartOptions } from './time-chart.ts';
import type { TimeSpan } from './time-window.ts';

type Zoom = (from: number | null, to: number | null) => void;

const LIMIT = { name: 'limit', hue: 'limit', dash: [7, 4] };
const REQUEST = { name: 'request', hue: 'quiet', dash: [2, 3] };

/** Pixels by which a live point must move for the chart to be redrawn. */
const MIN_PIXELS_X = 3;
const MIN_PIXELS_Y = 0.5;

/** Parts stacked under the line of usage, with limit, request and restarts as lines. Solid is unreclaimable, hatched is reclaimable. */
export class StackedChart {
  readonly #box = byId('stack');
  #parts = stackParts({ collector: null, version: 2 });
  readonly #legend = new StackLegend(byId('legend'), () => this.#parts);
  readonly #zoom: Zoom;
  #plot: uPlot | null = null;
  #rows: Rows | null = null;
  /** The bytes of each part at each row. */
  #columns: (number | null)[][] = [];
  #limit: number | null = null;
  #span: TimeSpan = [null, null];
  #highlight: Highlight | null = null;
  /** The time under the cursor. */
  #at: number | null = null;
  /** The newest point that the chart shows. */
  #drawn = { t: 0, usage: 0 };
  readonly #fills = new Map<string, CanvasRenderingContext2D['fillStyle']>();

  constructor(zoom: Zoom) {
    this.#zoom = zoom;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#box);
    this.#box.addEventListener('keydown', (event) => {
      if (handleKey(event, this.#t, this.#at, zoom)) event.preventDefault();
    });
    onCursor((t) => {
      this.#at = t;
      if (this.#plot !== null) moveCursor(this.#plot, t);
      this.#show();
    });
    onHighlight((highlight) => {
      this.#highlight = highlight;
      this.#fills.clear();
      this.#plot?.redraw(false, false);
    });
  }

  get #t(): readonly number[] {
    return this.#rows?.t ?? [];
  }

  get #usage(): readonly (number | null)[] {
    return this.#rows?.fields.usage ?? [];
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(280, this.#box.clientWidth), height: Math.min(330, Math.max(220, this.#box.clientWidth * 0.3)) };
  }

  set(rows: Rows, span: TimeSpan, basis: StackBasis): void {
    this.#rows = rows;
    this.#parts = stackParts(basis);
    this.#span = span;
    this.#limit = rows.limit_bytes;
    this.#columns = this.#parts.map(() => []);
    this.#appendLive();
    for (const [k, part] of this.#parts.entries()) this.#legend.has(part.id, this.#columns[k]!.some(isThere));
    this.#legend.has('limit', this.#limit !== null);
    this.#legend.has('request', rows.request_bytes !== null);
    this.#rebuild();
  }

  /** Fill patterns are made once for each colour scheme. */
  restyle(): void {
    this.#fills.clear();
    this.#rebuild();
  }

  /** A tick has added to the rows. */
  follow({ replaced, removed: gone }: RowChange, limit: number | null): void {
    this.#limit = limit;
    for (const column of this.#columns) {
      if (replaced) column.pop();
      column.splice(0, gone);
    }
    this.#appendLive();
    this.#legend.has('limit', limit !== null);
    for (const [k, part] of this.#parts.entries()) if (isThere(this.#columns[k]!.at(-1)!)) this.#legend.has(part.id, true);
    if (this.#plot === null)
      this.#rebuild(); // opened before there were two points to draw a line through
    else if (this.#isVisibleChange(this.#plot)) this.#plot.setData(this.#data());
    this.#show();
  }

  /** Redraws only if something moves visibly, because redrawing is expensive. The numbers beside the chart change with each tick. */
  #isVisibleChange({ over, scales }: uPlot): boolean {
    const t = this.#t.at(-1)!;
    const usage = this.#usage.at(-1) ?? 0;
    const across = ((t - this.#drawn.t) * over.clientWidth) / (t - this.#t[0]!);
    const up = (Math.abs(usage - this.#drawn.usage) * over.clientHeight) / (scales.y?.max ?? 1);
    if (across < MIN_PIXELS_X && up < MIN_PIXELS_Y) return false;
    this.#drawn = { t, usage };
    return true;
  }

  #appendLive(): void {
    const { t, fields } = this.#rows!;
    for (const [k, part] of this.#parts.entries()) {
      const column = this.#columns[k]!;
      for (let i = column.length; i < t.length; i++) column.push(part.bytes((field) => fields[field]?.[i] ?? null));
    }
  }

  /** Cumulative, top first, so that each area is painted over by the ones below it. */
  #data(): uPlot.AlignedData {
    const sums: (number | null)[][] = [];
    let below = new Array<number>(this.#t.length).fill(0);
    for (const column of this.#columns) {
      below = column.map((v, i) => below[i]! + (v ?? 0));
      // A time without a value is a gap, not a fall to zero.
      sums.push(below.map((v, i) => ((this.#usage[i] ?? null) === null ? null : v)));
    }
    // Copies, because the rows change while the chart still shows the old ones.
    return [[...this.#t], ...sums.reverse(), [...this.#usage]] as uPlot.AlignedData;
  }

  #rebuild(): void {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#t.length < 2) {
      showTooFewPoints(this.#box);
      this.#show();
      return;
    }
    this.#box.replaceChildren();
    this.#drawn = { t: this.#t.at(-1)!, usage: this.#usage.at(-1) ?? 0 };
    const options = timeChartOptions({
      size: this.#size(),
      span: this.#span,
      top: (max) => this.#top(max),
      series: [
        ...[...this.#parts].reverse().map((p) => this.#area(p)),
        { stroke: cssColor('ink'), width: 1.5, points: { show: false } },
      ],
      draw: (u) => this.#drawOver(u),
      select: (fromS, toS) => this.#zoom(fromS, toS),
    });
    this.#plot = new uPlot(options, this.#data(), this.#box);
    this.#plot.over.addEventListener('dblclick', () => this.#zoom(null, null));
    this.#show();
  }

  #area(p: StackPart): uPlot.Series {
    // A background-coloured border separates adjacent solid areas for readers who cannot tell the hues apart. Kernel memory and socket buffers are too thin for one.
    const rimmed = !p.reclaimable && p.id !== 'kernel' && p.id !== 'sock' && p.id !== 'hugetlb';
    return {
      stroke: cssColor(rimmed ? 'paper' : p.hue),
      width: rimmed ? 1 : 0.5,
      pxAlign: 0,
      points: { show: false },
      fill: () => this.#fill(p),
    };
  }

  #fill(p: StackPart): CanvasRenderingContext2D['fillStyle'] {
    const known = this.#fills.get(p.id);
    if (known !== undefined) return known;
    const made = fillPattern(p.hue, p.reclaimable, this.#highlight !== null && !isHighlighted(p, this.#highlight));
    this.#fills.set(p.id, made);
    return made;
  }

  /** A limit far above usage would flatten the rest, so it is only named at the edge. */
  #top(max: number): number {
    const lines = [this.#limit, this.#rows!.request_bytes].filter((v): v is number => v !== null && v < max * 3);
    return Math.max(max, ...lines) * 1.08 || 1;
  }

  #drawOver(u: uPlot): void {
    const plates = new LabelPlates(u);
    drawThreshold(u, this.#limit, LIMIT, plates);
    drawThreshold(u, this.#rows!.request_bytes, REQUEST, plates);
    drawMarks(u, this.#rows!.aux.events, plates);
    this.#drawShare(u, plates);
  }

  /** A bracket at the newest point: the share that the highlighted file has of its part. */
  #drawShare(u: uPlot, plates: LabelPlates): void {
    const share = this.#highlight?.share;
    const k = this.#parts.findIndex((p) => p.id === share?.part);
    if (share === undefined || k < 0) return;
    const newest = (column: readonly (number | null)[]): number => column.at(-1) ?? 0;
    const below = this.#columns.slice(0, k).reduce((sum, column) => sum + newest(column), 0);
    const bytes = Math.min(share.bytes, newest(this.#columns[k]!));
    const { ctx, bbox } = u;
    const dpr = devicePixelRatio;
    const [low, high] = [u.valToPos(below, 'y', true), u.valToPos(below + bytes, 'y', true)];
    const x = bbox.left + bbox.width;
    ctx.save();
    ctx.strokeStyle = cssColor('ink');
    ctx.lineWidth = 2 * dpr;
    ctx.beginPath();
    ctx.moveTo(x + 2 * dpr, low);
    ctx.lineTo(x + 8 * dpr, low);
    ctx.lineTo(x + 8 * dpr, high);
    ctx.lineTo(x + 2 * dpr, high);
    ctx.stroke();
    ctx.restore();
    plates.put(`${share.name} ${level(share.bytes)}`, x - 6 * dpr, (low + high) / 2 - 7 * dpr, cssColor('ink'), 'right');
  }

  #show(): void {
    const last = this.#t.length - 1;
    const i = this.#at === null ? last : nearestIndex(this.#t, this.#at);
    const words = this.#valueText(i);
    const lines: Readonly<Record<string, number | null>> = {
      usage: this.#usage[i] ?? null,
      limit: this.#limit,
      request: this.#rows?.request_bytes ?? null,
    };
    this.#legend.show(words, (id) => lines[id] ?? this.#columns[this.#parts.findIndex((p) => p.id === id)]?.[i] ?? null);
    // A screen reader would read a slider aloud with each tick, so its value changes only when the user moves it.
    if (this.#at === null && this.#box.ariaValueText !== null) return;
    this.#box.setAttribute('aria-valuenow', String(Math.max(0, i)));
    this.#box.setAttribute('aria-valuemax', String(Math.max(1, last)));
    const text = lines.usage == null ? 'nothing was sampled' : `usage ${level(lines.usage)}`;
    this.#box.setAttribute('aria-valuetext', `${words}: ${text}`);
  }

  /** The time of a row, and the events then. */
  #valueText(i: number): string {
    const t = this.#t[i];
    if (t === undefined) return '';
    const near = (this.#t[this.#t.length - 1]! - this.#t[0]!) / 200 || 1;
    const marks = (this.#rows?.aux.events ?? []).filter((m) => Math.abs(m.t - t) < near).map((m) => eventText(m.type));
    return [instantText(t), ...(this.#at === null ? ['newest'] : []), ...marks].join(', ');
  }
}

const isThere = (bytes: number | null): boolean => bytes !== null && bytes > 0;
