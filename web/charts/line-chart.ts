import uPlot from 'uplot';
import { cssColor, el } from '../dom.ts';
import { axes, drawLevel, drawMarks, LEAST_SPAN_S, type Mark, moveCursor, Plates } from './chart-axes.ts';
import { onPoint, point } from './shared-cursor.ts';

export interface Line {
  readonly hue: string;
  readonly width: number;
  readonly dash?: readonly number[];
  /** Steps hold a value until the next one is told, as a floor does between two collections. */
  readonly steps?: boolean;
  readonly values: readonly (number | null)[];
}

/** A small chart of lines beside the big one, under the same cursor. */
export class Lines {
  readonly #box: HTMLElement;
  #plot: uPlot | null = null;

  constructor(box: HTMLElement) {
    this.#box = box;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(box);
    onPoint((t) => this.#plot !== null && moveCursor(this.#plot, t));
  }

  /** There were points enough for a chart. */
  get drawn(): boolean {
    return this.#plot !== null;
  }

  #size = (): { width: number; height: number } => ({ width: Math.max(260, this.#box.clientWidth), height: 190 });

  set(
    t: readonly number[],
    lines: readonly Line[],
    top: { readonly bytes: number | null; readonly name: string },
    marks: readonly Mark[],
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
          x: { range: (_u, min, max) => [from ?? Math.min(min, max - LEAST_SPAN_S), to ?? max] },
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
              drawLevel(u, top.bytes, { name: top.name, hue: 'limit', dash: [7, 4] }, new Plates(u));
              drawMarks(u, marks, null);
            },
          ],
          setCursor: [(u) => point((u.cursor.left ?? -1) < 0 ? null : (u.data[0][u.cursor.idx ?? -1] ?? null))],
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
