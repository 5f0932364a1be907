import uPlot from 'uplot';
import type { SamplesAnswer } from '../src/outlets/status.ts';
import { cssColor, el, setText } from './dom.ts';
import { PARTS, type Values } from './parts.ts';
import { exact, level } from './words.ts';

/** The big chart: parts stacked under the usage line, the limit and restarts as lines. Solid can kill; hatched can be taken back. */
export class Stack {
  readonly #box: HTMLElement;
  readonly #legend: HTMLElement;
  readonly #onZoom: (from: number | null, to: number | null) => void;
  #plot: uPlot | null = null;
  #t: number[] = [];
  #raw: (number | null)[][] = [];
  #usage: (number | null)[] = [];
  #limit: number | null = null;
  #restarts: readonly number[] = [];
  #lit: ReadonlySet<string> | null = null;
  readonly #values = new Map<string, HTMLElement>();

  constructor(box: HTMLElement, legend: HTMLElement, onZoom: (from: number | null, to: number | null) => void) {
    this.#box = box;
    this.#legend = legend;
    this.#onZoom = onZoom;
    this.#drawLegend();
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#rebuild());
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(280, this.#box.clientWidth), height: Math.min(340, Math.max(240, this.#box.clientWidth * 0.34)) };
  }

  #drawLegend(): void {
    const item = (id: string, title: string, hue: string, reclaimable: boolean): HTMLElement => {
      const swatch = el('span', { class: `swatch ${reclaimable ? 'hatched' : ''}` });
      swatch.style.setProperty('--hue', `var(--${hue})`);
      if (!reclaimable) swatch.style.background = `var(--${hue})`;
      const value = el('span', { class: 'value' });
      this.#values.set(id, value);
      return el('span', {}, swatch, `${title} `, value);
    };
    const time = el('span', {});
    this.#values.set('time', time);
    this.#legend.replaceChildren(
      time,
      ...[...PARTS].reverse().map((p) => item(p.id, p.title, p.hue, p.reclaimable)),
      item('usage', 'usage', 'ink', false),
      item('limit', 'limit', 'limit', false),
    );
  }

  set(samples: SamplesAnswer): void {
    this.#t = [...samples.t];
    const at =
      (i: number): Values =>
      (field) =>
        samples.fields[field]?.[i] ?? null;
    this.#raw = PARTS.map((p) => this.#t.map((_, i) => p.bytes(at(i))));
    this.#usage = this.#t.map((_, i) => at(i)('usage'));
    this.#limit = samples.limit_bytes;
    this.#restarts = samples.aux.events.filter((e) => e.type !== 'memhound_start').map((e) => e.t);
    this.#rebuild();
  }

  /** One live tick at the right edge; the oldest points are let go so that an open page does not grow. */
  push(t: number, values: Values, most: number): void {
    if (this.#raw.length === 0 || (this.#t.length > 0 && t <= this.#t[this.#t.length - 1]!)) return;
    this.#t.push(t);
    for (const [k, part] of PARTS.entries()) this.#raw[k]!.push(part.bytes(values));
    this.#usage.push(values('usage'));
    if (this.#t.length > most) for (const column of [this.#t, this.#usage, ...this.#raw]) column.shift();
    // Opened before there were two points to draw a line through.
    if (this.#plot === null) this.#rebuild();
    else this.#plot.setData(this.#data());
    this.#show(this.#t.length - 1);
  }

  /** Lights up the parts of the ledger that a tool counts; null: all. */
  light(names: readonly string[] | null): void {
    this.#lit = names === null ? null : new Set(names);
    this.#plot?.redraw(false, false);
  }

  /** Cumulative, top first, so that each area is painted over by the ones below it. */
  #data(): uPlot.AlignedData {
    const sums: (number | null)[][] = [];
    let below: (number | null)[] = this.#t.map(() => 0);
    for (const column of this.#raw) {
      below = column.map((v, i) => (v === null && below[i] === 0 ? 0 : (below[i] ?? 0) + (v ?? 0)));
      // Where nothing is known of a moment, a gap is drawn and not a fall to zero.
      sums.push(below.map((v, i) => (this.#usage[i] === null ? null : v)));
    }
    return [this.#t, ...sums.reverse(), this.#usage] as uPlot.AlignedData;
  }

  #rebuild(): void {
    this.#plot?.destroy();
    this.#box.replaceChildren();
    if (this.#t.length < 2) {
      this.#box.append(el('p', { class: 'quiet' }, 'The first points are being taken.'));
      this.#plot = null;
      return;
    }
    const quiet = cssColor('quiet');
    const grid = { stroke: cssColor('line'), width: 1 };
    const top = [...PARTS].reverse();
    const series: uPlot.Series[] = top.map((p) => ({
      stroke: cssColor(p.hue),
      width: 0.5,
      points: { show: false },
      fill: () => this.#fill(p.hue, p.reclaimable, p.ledger),
    }));
    this.#plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { show: false } },
        scales: { y: { range: (_u, _min, max) => [0, Math.max(max, this.#limitInView(max)) * 1.06 || 1] } },
        axes: [
          { stroke: quiet, grid, ticks: grid, font: '13px system-ui' },
          {
            stroke: quiet,
            grid,
            ticks: grid,
            font: '13px system-ui',
            size: 74,
            values: (_u, ticks) => ticks.map((v) => level(v)),
            incrs: BINARY,
          },
        ],
        series: [{}, ...series, { stroke: cssColor('ink'), width: 1.5, points: { show: false } }],
        hooks: {
          draw: [(u) => this.#drawLines(u)],
          setCursor: [(u) => this.#show(u.cursor.idx ?? this.#t.length - 1)],
          setSelect: [
            (u) => {
              if (u.select.width > 4)
                this.#onZoom(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
            },
          ],
        },
      },
      this.#data(),
      this.#box,
    );
    this.#plot.over.addEventListener('dblclick', () => this.#onZoom(null, null));
    this.#show(this.#t.length - 1);
  }

  /** A limit far above what is used would press everything flat: it is drawn only where it is in sight. */
  #limitInView(max: number): number {
    return this.#limit !== null && this.#limit < max * 3 ? this.#limit : max;
  }

  #fill(hue: string, reclaimable: boolean, ledger: string): CanvasRenderingContext2D['fillStyle'] {
    const color = cssColor(hue);
    const dim = this.#lit !== null && !this.#lit.has(ledger);
    if (!reclaimable) return dim ? `color-mix(in srgb, ${color} 18%, ${cssColor('paper')})` : color;
    const tile = document.createElement('canvas');
    tile.width = 8;
    tile.height = 8;
    const c = tile.getContext('2d')!;
    c.fillStyle = cssColor('paper');
    c.fillRect(0, 0, 8, 8);
    c.globalAlpha = dim ? 0.18 : 1;
    c.strokeStyle = color;
    c.lineWidth = 2;
    for (const shift of [-8, 0, 8]) {
      c.moveTo(shift, 8);
      c.lineTo(shift + 8, 0);
    }
    c.stroke();
    return c.createPattern(tile, 'repeat')!;
  }

  #drawLines(u: uPlot): void {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    if (this.#limit !== null && this.#limit <= (u.scales.y?.max ?? 0)) {
      const y = u.valToPos(this.#limit, 'y', true);
      ctx.strokeStyle = cssColor('limit');
      line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    }
    ctx.strokeStyle = cssColor('ink');
    for (const t of this.#restarts) {
      const x = u.valToPos(t, 'x', true);
      if (x >= bbox.left && x <= bbox.left + bbox.width) line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    }
    ctx.restore();
  }

  #show(i: number): void {
    const put = (id: string, bytes: number | null | undefined): void => {
      const node = this.#values.get(id)!;
      setText(node, bytes == null ? '–' : level(bytes));
      node.title = bytes == null ? '' : exact(bytes);
    };
    for (const [k, part] of PARTS.entries()) put(part.id, this.#raw[k]?.[i]);
    put('usage', this.#usage[i]);
    put('limit', this.#limit);
    const t = this.#t[i];
    setText(
      this.#values.get('time')!,
      t === undefined
        ? ''
        : new Date(t * 1000).toLocaleString(undefined, {
            timeZoneName: 'shortOffset',
            month: 'short',
            day: 'numeric',
            hour: '2-digit',
            minute: '2-digit',
            second: '2-digit',
          }),
    );
  }
}

/** Axis steps that are round in MiB and GiB. */
const BINARY = Array.from({ length: 24 }, (_, i) => 2 ** (i + 16));

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}
