import type uPlot from 'uplot';
import { el } from '../dom.ts';
import { axes, MIN_SPAN_S } from './chart-axes.ts';
import { setCursor } from './shared-cursor.ts';
import type { TimeSpan } from './time-window.ts';

/** The options in which time charts differ. */
export interface TimeChart {
  readonly size: { readonly width: number; readonly height: number };
  readonly span: TimeSpan;
  /** Bytes at the upper edge. `max` is the largest visible value. */
  readonly top: (max: number) => number;
  readonly series: readonly uPlot.Series[];
  /** Draws on top of the series. */
  readonly draw: (u: uPlot) => void;
  /** Called with the range that the user has dragged over. Without it, dragging selects nothing. */
  readonly select?: (fromS: number, toS: number) => void;
}

/** A drag of fewer pixels is a click. */
const MIN_DRAG = 4;

/** The options of uPlot that all time charts share: bytes over time from zero, under one cursor. */
export function timeChartOptions({ size, span: [from, to], top, series, draw, select }: TimeChart): uPlot.Options {
  return {
    ...size,
    legend: { show: false },
    padding: [8, 24, 0, 0],
    cursor: { y: false, drag: { x: select !== undefined, y: false }, points: { show: false } },
    scales: {
      x: { range: (_u, min, max) => [from ?? Math.min(min, max - MIN_SPAN_S), to ?? max] },
      y: { range: (_u, _min, max) => [0, top(max)] },
    },
    axes: axes(),
    series: [{}, ...series],
    hooks: {
      draw: [draw],
      setCursor: [(u) => setCursor((u.cursor.left ?? -1) < 0 ? null : (u.data[0][u.cursor.idx ?? -1] ?? null))],
      setSelect: [
        ({ select: { left, width }, posToVal }) => {
          if (width > MIN_DRAG) select?.(posToVal(left, 'x'), posToVal(left + width, 'x'));
        },
      ],
    },
  };
}

/** Shown instead of a chart while there are fewer than two points. */
export const showTooFewPoints = (box: HTMLElement): void =>
  box.replaceChildren(el('p', { class: 'quiet' }, 'The first points are being taken.'));
