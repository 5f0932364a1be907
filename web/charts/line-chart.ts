import uPlot from 'uplot';
import { cssColor } from '../dom.ts';
import { drawMarks, drawThreshold, type EventMark, LabelPlates, moveCursor } from './chart-axes.ts';
import { onCursor } from './shared-cursor.ts';
import { showTooFewPoints, timeChartOptions } from './time-chart.ts';
import type { TimeSpan } from './time-window.ts';

export interface Line {
  readonly hue: string;
  readonly width: number;
  readonly dash?: readonly number[];
  /** Drawn as steps: a value is valid until the next one, like a floor between two collections. */
  readonly steps?: boolean;
  readonly values: readonly (number | null)[];
}

/** A small chart of lines, under the same cursor as the stacked chart. */
export class LineChart {
  readonly #box: HTMLElement;
  #plot: uPlot | null = null;

  constructor(box: HTMLElement) {
    this.#box = box;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(box);
    onCursor((t) => this.#plot !== null && moveCursor(this.#plot, t));
  }

  /** False: there are too few points. */
  get isDrawn(): boolean {
    return this.#plot !== null;
  }

  #size = (): { width: number; height: number } => ({ width: Math.max(260, this.#box.clientWidth), height: 190 });

  set(
    t: readonly number[],
    lines: readonly Line[],
    top: { readonly bytes: number | null; readonly name: string },
    marks: readonly EventMark[],
    span: TimeSpan,
  ): void {
    this.#plot?.destroy();
    this.#plot = null;
    if (t.length < 2) {
      showTooFewPoints(this.#box);
      return;
    }
    this.#box.replaceChildren();
    const options = timeChartOptions({
      size: this.#size(),
      span,
      top: (max) => Math.max(max, top.bytes !== null && top.bytes < max * 3 ? top.bytes : 0) * 1.12 || 1,
      series: lines.map((line) => ({
        stroke: cssColor(line.hue),
        width: line.width,
        ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
        ...(line.steps ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
        points: { show: false },
      })),
      draw: (u) => {
        drawThreshold(u, top.bytes, { name: top.name, hue: 'limit', dash: [7, 4] }, new LabelPlates(u));
        drawMarks(u, marks, null);
      },
    });
    const columns = lines.map((line) => line.values);
    this.#plot = new uPlot(options, copied(t, columns), this.#box);
  }

  /** The same lines with one more row. */
  redraw(t: readonly number[], columns: readonly Line['values'][]): void {
    this.#plot?.setData(copied(t, columns));
  }
}

/** Copies, because the rows change while the chart still shows the old ones. */
const copied = (t: readonly number[], columns: readonly Line['values'][]): uPlot.AlignedData =>
  [[...t], ...columns.map((c) => [...c])] as uPlot.AlignedData;
