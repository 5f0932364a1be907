import type { SamplesAnswer, Tables } from '../src/outlets/status.ts';
import type { Aged } from '../src/sources/types.ts';
import { nearest, onPoint } from './cursor.ts';
import { byId, el, patch, setText } from './dom.ts';
import { Lines } from './lines.ts';
import { duration, exact, level, safeName } from './words.ts';

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

  set(samples: SamplesAnswer, window: readonly [number | null, number | null]): void {
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
      window,
    );
    this.#show();
  }

  #show(): void {
    const i = this.#at === null ? this.#t.length - 1 : nearest(this.#t, this.#at);
    for (const [id, column] of Object.entries(this.#columns)) {
      const value = column[i] ?? null;
      setText(byId(`heap-${id}`), value === null ? '–' : level(value));
    }
  }
}

/** The JVM's own figures, each with its age: metaspace, for one, is only renewed at a collection. */
export function drawJvm(answer: Tables['jvm'], nowMs: number): void {
  byId('jvm-none').hidden = answer.jvm !== null;
  byId('jvm-some').hidden = answer.jvm === null;
  if (answer.jvm === null) {
    const { reason } = answer;
    setText(byId('jvm-none'), `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`.replace(/\.\.$/, '.'));
    return;
  }
  const { jvm } = answer;
  setText(
    byId('jvm-what'),
    safeName([jvm.version === null ? '' : `Java ${jvm.version}`, jvm.collector, ...jvm.flags].filter(Boolean).join('  '), 600),
  );
  const facts: [string, string, string, string][] = [];
  const aged = (name: string, a: Aged<number>, of: string): void =>
    void facts.push([
      name,
      level(a.value),
      [of, `${age(nowMs - a.atMs)} old`].filter((x) => x !== '').join(', '),
      exact(a.value),
    ]);
  const plain = (name: string, value: string, more: string): void => void facts.push([name, value, more, '']);
  aged('Heap used', jvm.heapUsed, typeof jvm.heapMax === 'number' ? `of ${level(jvm.heapMax)}` : '');
  aged('Heap committed', jvm.heapCommitted, '');
  for (const g of jvm.generations) {
    const used = g.spaces.reduce((s, x) => s + x.usedBytes, 0);
    const old = `${age(nowMs - jvm.heapUsed.atMs)} old`;
    facts.push([
      `Generation ${safeName(g.name, 30)}`,
      level(used),
      `of ${level(g.capacityBytes)}, ${old}`,
      exact(Math.round(used)),
    ]);
  }
  if (jvm.metaspace !== null) aged('Metaspace', jvm.metaspace.used, `${level(jvm.metaspace.committed)} committed`);
  if (jvm.compressedClass !== null) aged('Compressed class space', jvm.compressedClass.used, '');
  if (jvm.threads !== null)
    plain('Threads', String(jvm.threads.live), `${jvm.threads.daemon} daemons, at most ${jvm.threads.peak}`);
  if (jvm.classes !== null)
    plain('Classes', (jvm.classes.loaded - jvm.classes.unloaded).toLocaleString('en'), `${jvm.classes.unloaded} unloaded`);
  for (const c of jvm.collectors)
    plain(safeName(c.name, 60), c.count.toLocaleString('en'), `collections, ${c.seconds.toFixed(1)} s in all`);
  patch(
    byId('jvm-facts'),
    facts.map(([name, value, more, title]) => ({
      key: `${name} ${value} ${more}`,
      made: () => el('div', { title }, el('dt', {}, name), el('dd', {}, value), el('dd', { class: 'more' }, more)),
    })),
  );
}

const age = (ms: number): string => (ms < 1500 ? '1 second' : duration(ms / 1000));
