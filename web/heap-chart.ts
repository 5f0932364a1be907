import type { SamplesAnswer } from '../src/outlets/status.ts';
import { nearest, onPoint } from './cursor.ts';
import { byId, setText } from './dom.ts';
import { Lines } from './lines.ts';
import type { Span } from './time-window.ts';
import { level } from './words.ts';

type Column = readonly (number | null)[];

/** What the old generation keeps after each of its collections: the value stands until the next one. */
function floorAfterGc(samples: SamplesAnswer): (number | null)[] | null {
  const full = samples.fields.full_gc_count;
  const old = samples.fields.old_used ?? samples.fields.heap_used;
  if (full === undefined || old === undefined) return null;
  let before: number | null = null;
  let floor: number | null = null;
  return samples.t.map((_, i) => {
    const count = full[i] ?? null;
    // A count that falls is another life of the JVM: its floor is not the former one's.
    if (count !== null && before !== null && count !== before) floor = count > before ? (old[i] ?? floor) : null;
    if (count !== null) before = count;
    return floor;
  });
}

export class HeapChart {
  readonly #lines = new Lines(byId('heap'));
  #t: readonly number[] = [];
  #columns: Readonly<Record<string, Column>> = {};
  #at: number | null = null;

  #inSight = true;
  /** Rows came while it was out of sight. */
  #behind: SamplesAnswer | null = null;

  constructor() {
    const box = byId('heap');
    new IntersectionObserver((entries) => {
      this.#inSight = entries[entries.length - 1]!.isIntersecting;
      if (this.#inSight) this.#catchUp();
    }).observe(box);
    onPoint((t) => {
      this.#at = t;
      this.#show();
    });
  }

  /** Columns by name, in the order of their lines; false: nothing is known of a heap. */
  #take(samples: SamplesAnswer): boolean {
    const used = samples.fields.heap_used;
    if (used === undefined) return false;
    const none = samples.t.map(() => null);
    this.#t = samples.t;
    this.#columns = { committed: samples.fields.heap_committed ?? none, used, floor: floorAfterGc(samples) ?? none };
    return true;
  }

  /** A live row more: drawn now if it can be seen, else when it comes into sight. */
  extend(samples: SamplesAnswer): void {
    this.#behind = samples;
    if (this.#inSight) this.#catchUp();
  }

  #catchUp(): void {
    if (this.#behind === null || !this.#take(this.#behind)) return;
    this.#behind = null;
    this.#lines.redraw(this.#t, Object.values(this.#columns));
    this.#show();
  }

  set(samples: SamplesAnswer, span: Span): void {
    this.#behind = null;
    const known = this.#take(samples);
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
    const i = this.#at === null ? this.#t.length - 1 : nearest(this.#t, this.#at);
    for (const [id, column] of Object.entries(this.#columns)) {
      const value = column[i] ?? null;
      setText(byId(`heap-${id}`), value !== null ? level(value) : id === 'floor' ? 'none yet' : '–');
    }
  }
}
