import type { SamplesAnswer } from '../../src/outlets/status.ts';
import { heapFloor } from '../data/heap-floor.ts';
import { steadyLevel } from '../data/wording.ts';
import { byId, setText } from '../dom.ts';
import { DrawWhenVisible } from './in-view.ts';
import { LineChart } from './line-chart.ts';
import { nearestIndex, onCursor } from './shared-cursor.ts';
import type { TimeSpan } from './time-window.ts';

type Column = readonly (number | null)[];

export class HeapChart {
  readonly #lines = new LineChart(byId('heap'));
  #t: readonly number[] = [];
  #columns: Readonly<Record<string, Column>> = {};
  #at: number | null = null;

  #span: TimeSpan = [null, null];
  readonly #live = new DrawWhenVisible<SamplesAnswer>(byId('heap-part'), (rows) => this.#appendLive(rows));

  constructor() {
    onCursor((t) => {
      this.#at = t;
      this.#show();
    });
  }

  /** Columns by name, in the order of their lines; false: there are no values of a heap. */
  #setColumns(samples: SamplesAnswer): boolean {
    const used = samples.fields.heap_used;
    if (used === undefined) return false;
    const none = samples.t.map(() => null);
    this.#t = samples.t;
    this.#columns = { committed: samples.fields.heap_committed ?? none, used, floor: heapFloor(samples) ?? none };
    return true;
  }

  /** Adds one live row. */
  extend(rows: SamplesAnswer): void {
    this.#live.drawIfVisible(rows);
  }

  #appendLive(rows: SamplesAnswer): void {
    // Opened before there were two points to draw a line through, or before the JVM was up.
    if (!this.#lines.isDrawn) this.set(rows, this.#span);
    else if (this.#setColumns(rows)) {
      this.#lines.redraw(this.#t, Object.values(this.#columns));
      this.#show();
    }
  }

  set(samples: SamplesAnswer, span: TimeSpan): void {
    this.#live.dropPending();
    this.#span = span;
    const known = this.#setColumns(samples);
    byId('heap-part').hidden = !known;
    if (!known) return;
    this.#lines.set(
      samples.t,
      [
        { hue: 'quiet', width: 1, dash: [2, 2], values: this.#columns.committed! },
        { hue: 'quiet', width: 1, values: this.#columns.used! },
        { hue: 'heap', width: 2.5, steps: true, values: this.#columns.floor! },
      ],
      { bytes: samples.heap_max_bytes, name: '-Xmx' },
      samples.aux.events,
      span,
    );
    this.#show();
  }

  #show(): void {
    const i = this.#at === null ? this.#t.length - 1 : nearestIndex(this.#t, this.#at);
    for (const [id, column] of Object.entries(this.#columns)) {
      const value = column[i] ?? null;
      setText(byId(`heap-${id}`), value !== null ? steadyLevel(value) : id === 'floor' ? 'none yet' : '–');
    }
  }
}
