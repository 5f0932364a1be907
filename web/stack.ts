import uPlot from 'uplot';
import type { SamplesAnswer } from '../src/outlets/status.ts';
import { axes, drawLevel, drawMarks, instant, type Mark, markWord, moveCursor } from './chart.ts';
import { nearest, onPoint, point } from './cursor.ts';
import { cssColor, el, setText } from './dom.ts';
import { PARTS, type Values } from './parts.ts';
import { exact, level } from './words.ts';

/** The big chart: parts stacked under the usage line, limit, request and lives as lines. Solid can kill; hatched can be taken back. */
export class Stack {
  readonly #box: HTMLElement;
  readonly #legend: HTMLElement;
  readonly #onZoom: (from: number | null, to: number | null) => void;
  #plot: uPlot | null = null;
  #t: number[] = [];
  #raw: (number | null)[][] = [];
  #usage: (number | null)[] = [];
  #limit: number | null = null;
  #request: number | null = null;
  #marks: readonly Mark[] = [];
  #lit: ReadonlySet<string> | null = null;
  #at: number | null = null;
  /** The newest point came live, and may be moved. */
  #live = false;
  #drawnUsage = 0;
  readonly #values = new Map<string, HTMLElement>();
  readonly #fills = new Map<string, CanvasRenderingContext2D['fillStyle']>();

  constructor(box: HTMLElement, legend: HTMLElement, onZoom: (from: number | null, to: number | null) => void) {
    this.#box = box;
    this.#legend = legend;
    this.#onZoom = onZoom;
    this.#drawLegend();
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(box);
    box.addEventListener('keydown', (event) => this.#key(event));
    onPoint((t) => {
      this.#at = t;
      if (this.#plot !== null) moveCursor(this.#plot, t);
      this.#show();
    });
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(280, this.#box.clientWidth), height: Math.min(330, Math.max(220, this.#box.clientWidth * 0.3)) };
  }

  #drawLegend(): void {
    const item = (id: string, title: string, swatch: HTMLElement): HTMLElement => {
      const value = el('span', { class: 'value' });
      this.#values.set(id, value);
      return el('span', { class: 'entry' }, swatch, el('span', {}, title), value);
    };
    const line = (kind: string): HTMLElement => el('span', { class: `swatch line ${kind}` });
    const time = el('span', { class: 'time' });
    this.#values.set('time', time);
    const parts = [...PARTS].reverse().map((p) => {
      const swatch = el('span', { class: p.reclaimable ? 'swatch hatched' : 'swatch' });
      swatch.style.setProperty('--hue', `var(--${p.hue})`);
      return item(p.id, p.title, swatch);
    });
    this.#legend.replaceChildren(
      time,
      item('usage', 'usage', line('usage')),
      ...parts,
      item('limit', 'limit', line('limit')),
      item('request', 'request', line('request')),
    );
  }

  set(samples: SamplesAnswer, window: readonly [number | null, number | null]): void {
    this.#t = [...samples.t];
    this.#live = false;
    const at =
      (i: number): Values =>
      (field) =>
        samples.fields[field]?.[i] ?? null;
    this.#raw = PARTS.map((p) => this.#t.map((_, i) => p.bytes(at(i))));
    this.#usage = this.#t.map((_, i) => at(i)('usage'));
    this.#limit = samples.limit_bytes;
    this.#request = samples.request_bytes;
    this.#marks = samples.aux.events;
    // A part that was never there needs no place in the legend.
    for (const [k, part] of PARTS.entries()) this.#entry(part.id).hidden = !this.#raw[k]!.some((v) => v !== null && v > 0);
    this.#entry('request').hidden = this.#request === null;
    this.#rebuild(window);
  }

  #entry = (id: string): HTMLElement => this.#values.get(id)!.parentElement!;

  /** Colours and hatches are made once; another scheme makes them anew. */
  restyle(): void {
    this.#fills.clear();
    this.#rebuild([null, null]);
  }

  /** One live tick at the right edge; what is older than the range is let go, so that an open page does not grow. */
  push(t: number, values: Values, limit: number | null, oldest: number, most: number): void {
    if (this.#raw.length === 0 || (this.#t.length > 0 && t <= this.#t[this.#t.length - 1]!)) return;
    this.#limit = limit;
    const columns: (number | null)[][] = [this.#t, this.#usage, ...this.#raw];
    // Half a pixel is the least that can be seen: until then the newest point is moved and not joined by another.
    const [width, height] = [this.#plot?.over.clientWidth ?? 0, this.#plot?.over.clientHeight ?? 0];
    const last = this.#t.length - 1;
    const beforeLast = this.#t[last - 1];
    const halfPixel = width > 0 ? (t - this.#t[0]!) / width / 2 : 0;
    const moves = this.#live && beforeLast !== undefined && t - beforeLast < halfPixel;
    if (moves) for (const column of columns) column.pop();
    this.#live = true;
    this.#t.push(t);
    for (const [k, part] of PARTS.entries()) this.#raw[k]!.push(part.bytes(values));
    this.#usage.push(values('usage'));
    while (this.#t.length > most || (this.#t.length > 2 && this.#t[0]! < oldest)) for (const column of columns) column.shift();
    // Opened before there were two points to draw a line through.
    if (this.#plot === null) this.#rebuild([null, null]);
    else {
      const usage = values('usage') ?? 0;
      const rises = Math.abs(usage - this.#drawnUsage) * height > 0.5 * (this.#plot.scales.y?.max ?? 1);
      if (!moves || rises) {
        this.#drawnUsage = usage;
        this.#plot.setData(this.#data());
      }
    }
    this.#show();
  }

  /** Lights up the parts of the ledger that a tool counts; null: all. */
  light(names: readonly string[] | null): void {
    this.#lit = names === null ? null : new Set(names);
    this.#fills.clear();
    for (const p of PARTS) this.#entry(p.id).classList.toggle('dim', this.#lit !== null && !this.#lit.has(p.ledger));
    this.#plot?.redraw(false, false);
  }

  /** Cumulative, top first, so that each area is painted over by the ones below it. */
  #data(): uPlot.AlignedData {
    const sums: (number | null)[][] = [];
    let below = new Array<number>(this.#t.length).fill(0);
    for (const column of this.#raw) {
      below = column.map((v, i) => below[i]! + (v ?? 0));
      // Where nothing is known of a moment, a gap is drawn and not a fall to zero.
      sums.push(below.map((v, i) => (this.#usage[i] === null ? null : v)));
    }
    return [this.#t, ...sums.reverse(), this.#usage] as uPlot.AlignedData;
  }

  #rebuild([from, to]: readonly [number | null, number | null]): void {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#t.length < 2) {
      this.#box.replaceChildren(el('p', { class: 'quiet' }, 'The first points are being taken.'));
      return;
    }
    this.#box.replaceChildren();
    const parts: uPlot.Series[] = [...PARTS].reverse().map((p) => ({
      // A rim of paper between two solid parts: they are told apart where hues are not. Kernel memory is too thin to lose any of it.
      stroke: cssColor(p.reclaimable || p.id === 'kernel' ? p.hue : 'paper'),
      width: p.reclaimable || p.id === 'kernel' ? 0.5 : 1,
      pxAlign: 0,
      points: { show: false },
      fill: () => this.#fill(p.hue, p.reclaimable, p.ledger),
    }));
    this.#plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        padding: [8, 24, 0, 0],
        cursor: { y: false, drag: { x: true, y: false }, points: { show: false } },
        scales: {
          x: { range: (_u, min, max) => [from ?? min, to ?? max] },
          y: { range: (_u, _min, max) => [0, this.#top(max)] },
        },
        axes: axes(),
        series: [{}, ...parts, { stroke: cssColor('ink'), width: 1.5, points: { show: false } }],
        hooks: {
          draw: [
            (u) => {
              drawLevel(u, this.#request, 'quiet', 'request', [2, 3]);
              drawLevel(u, this.#limit, 'limit', 'limit', [7, 4]);
              drawMarks(u, this.#marks, true);
            },
          ],
          setCursor: [(u) => point((u.cursor.left ?? -1) < 0 ? null : (this.#t[u.cursor.idx ?? -1] ?? null))],
          setSelect: [
            (u) => {
              const { left, width } = u.select;
              if (width > 4) this.#onZoom(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
            },
          ],
        },
      },
      this.#data(),
      this.#box,
    );
    this.#plot.over.addEventListener('dblclick', () => this.#onZoom(null, null));
    this.#show();
  }

  /** A limit far above what is used would press everything flat: then it is only in the legend. */
  #top(max: number): number {
    const lines = [this.#limit, this.#request].filter((v): v is number => v !== null && v < max * 3);
    return Math.max(max, ...lines) * 1.08 || 1;
  }

  #fill(hue: string, reclaimable: boolean, ledger: string): CanvasRenderingContext2D['fillStyle'] {
    const key = `${hue} ${reclaimable}`;
    const known = this.#fills.get(key);
    if (known !== undefined) return known;
    const made = hatch(hue, reclaimable, this.#lit !== null && !this.#lit.has(ledger));
    this.#fills.set(key, made);
    return made;
  }

  /** Arrows move the cursor, + and − zoom about it, Escape shows the whole range again. */
  #key(event: KeyboardEvent): void {
    const last = this.#t.length - 1;
    if (last < 1) return;
    const i = this.#at === null ? last : nearest(this.#t, this.#at);
    const step = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const span = this.#t[last]! - this.#t[0]!;
    const about = (width: number): void => this.#onZoom(this.#t[i]! - width / 2, this.#t[i]! + width / 2);
    const to: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => point(this.#t[Math.max(0, i - step)]!),
      ArrowRight: () => point(this.#t[Math.min(last, i + step)]!),
      Home: () => point(this.#t[0]!),
      End: () => point(this.#t[last]!),
      '+': () => about(span / 2),
      '=': () => about(span / 2),
      '-': () => about(span * 2),
      Escape: () => {
        point(null);
        this.#onZoom(null, null);
      },
    };
    const act = to[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  #show(): void {
    const last = this.#t.length - 1;
    const i = this.#at === null ? last : nearest(this.#t, this.#at);
    const put = (id: string, bytes: number | null | undefined): void => {
      const node = this.#values.get(id)!;
      setText(node, bytes == null ? '–' : level(bytes));
      const title = bytes == null ? '' : exact(bytes);
      if (node.title !== title) node.title = title;
    };
    for (const [k, part] of PARTS.entries()) put(part.id, this.#raw[k]?.[i]);
    put('usage', this.#usage[i]);
    put('limit', this.#limit);
    put('request', this.#request);
    const t = this.#t[i];
    const near = this.#marks.filter((m) => t !== undefined && Math.abs(m.t - t) < ((this.#t[last]! - this.#t[0]!) / 200 || 1));
    const words =
      t === undefined
        ? ''
        : [instant(t), ...(this.#at === null ? ['newest'] : []), ...near.map((m) => markWord(m.type))].join(', ');
    setText(this.#values.get('time')!, words);
    const { ariaValueText } = this.#box;
    const told = `${words}: ${this.#usage[i] == null ? 'nothing was sampled' : `usage ${level(this.#usage[i]!)}`}`;
    // A slider that changes with each tick would be read out without end; only where somebody moves it.
    if (this.#at !== null || ariaValueText === null) {
      this.#box.setAttribute('aria-valuenow', String(Math.max(0, i)));
      this.#box.setAttribute('aria-valuemax', String(Math.max(1, last)));
      this.#box.setAttribute('aria-valuetext', told);
    }
  }
}

function hatch(hue: string, reclaimable: boolean, dim: boolean): CanvasRenderingContext2D['fillStyle'] {
  const color = cssColor(hue);
  if (!reclaimable) return dim ? `color-mix(in srgb, ${color} 18%, ${cssColor('paper')})` : color;
  const dpr = Math.max(1, Math.round(devicePixelRatio));
  const size = 7 * dpr;
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const c = tile.getContext('2d')!;
  c.fillStyle = cssColor('paper');
  c.fillRect(0, 0, size, size);
  c.globalAlpha = dim ? 0.18 : 1;
  c.strokeStyle = color;
  c.lineWidth = 1.6 * dpr;
  c.beginPath();
  for (const shift of [-size, 0, size]) {
    c.moveTo(shift - dpr, size + dpr);
    c.lineTo(shift + size + dpr, -dpr);
  }
  c.stroke();
  return c.createPattern(tile, 'repeat')!;
}
