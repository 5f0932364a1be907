import uPlot from 'uplot';
import { cssColor, el } from '../dom.ts';
import { axes, drawMarks, drawThreshold, type EventMark, LabelPlates, MIN_SPAN_S, moveCursor } from './chart-axes.ts';
import { onCursor, setCursor } from './shared-cursor.ts';

export interface Line {
  readonly hue: string;
  readonly width: number;
  readonly dash?: readonly number[];
  /** Steps hold a value until the next one is told, as a floor does between two collections. */
  readonly steps?: boolean;
  readonly values: readonly (number | null)[];
}

/** A small chart of lines beside the big one, under the same cursor. */
export class LineChart {
  readonly #box: HTMLElement;
  #plot: uPlot | null = null;

  constructor(box: HTMLElement) {
    this.#box = box;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(box);
    onCursor((t) => this.#plot !== null && moveCursor(this.#plot, t));
  }

  /** There were points enough for a chart. */
  get isDrawn(): boolean {
    return this.#plot !== null;
  }

  #size = (): { width: number; height: number } => ({ width: Math.max(260, this.#box.clientWidth), height: 190 });

  set(
    t: readonly number[],
    lines: readonly Line[],
    top: { readonly bytes: number | null; readonly name: string },
    marks: readonly EventMark[],
    [from, to]: readonly [number | null, number | null],
  ): void {
    this.#plot?.destroy();
    this.#plot = null;
    if (t.length < 2) {
      this.#box.replaceChildren(el('p', { class: 'quiet' }, 'The first points are being taken.'));
      return;
    }
    this.#box.replaceChildren();
    this.#plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        padding: [8, 24, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: {
          x: { range: (_u, min, max) => [from ?? Math.min(min, max - MIN_SPAN_S), to ?? max] },
          y: {
            range: (_u, _min, max) => [0, Math.max(max, top.bytes !== null && top.bytes < max * 3 ? top.bytes : 0) * 1.12 || 1],
          },
        },
        axes: axes(),
        series: [
          {},
          ...lines.map(
            (l): uPlot.Series => ({
              stroke: cssColor(l.hue),
              width: l.width,
              ...(l.dash === undefined ? {} : { dash: [...l.dash] }),
              ...(l.steps ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
              points: { show: false },
            }),
          ),
        ],
        hooks: {
          draw: [
            (u) => {
              drawThreshold(u, top.bytes, { name: top.name, hue: 'limit', dash: [7, 4] }, new LabelPlates(u));
              drawMarks(u, marks, null);
            },
          ],
          setCursor: [(u) => setCursor((u.cursor.left ?? -1) < 0 ? null : (u.data[0][u.cursor.idx ?? -1] ?? null))],
        },
      },
      copied(
        t,
        lines.map((l) => l.values),
      ),
      this.#box,
    );
  }

  /** The same lines with a row more. */
  redraw(t: readonly number[], columns: readonly Line['values'][]): void {
    this.#plot?.setData(copied(t, columns));
  }
}

/** The rows go on while the chart still shows them as they were. */
const copied = (t: readonly number[], columns: readonly Line['values'][]): uPlot.AlignedData =>
  [[...t], ...columns.map((c) => [...c])] as uPlot.AlignedData;
