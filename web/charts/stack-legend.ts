import type { StackPart } from '../data/memory-parts.ts';
import { exactBytesText, steadyLevel } from '../data/wording.ts';
import { el, setText, titleOnHover } from '../dom.ts';
import { type Highlight, onHighlight } from './highlight.ts';

/** The value of an entry of the legend: one of the parts, or a line of the chart. */
export type LegendValue = (id: string) => number | null;

/** The legend of the big chart: the time under the cursor, and each part's value then. */
export class StackLegend {
  readonly #values = new Map<string, HTMLElement>();
  readonly #time = el('span', { class: 'time' });
  #highlight: Highlight | null = null;
  #shown: LegendValue = () => null;

  /** The current parts. The collector decides which of them contains the heap. */
  constructor(box: HTMLElement, parts: () => readonly StackPart[]) {
    const item = (id: string, title: string, swatch: HTMLElement): HTMLElement => {
      const value = el('span', { class: 'value' });
      titleOnHover(value, () => exactBytesText(this.#shown(id)));
      this.#values.set(id, value);
      return el('span', { class: 'entry' }, swatch, el('span', { class: 'title' }, title), value);
    };
    const line = (kind: string): HTMLElement => el('span', { class: `swatch line ${kind}` });
    const entries = [...parts()].reverse().map((p) => {
      const swatch = el('span', { class: p.reclaimable ? 'swatch hatched' : 'swatch' });
      swatch.style.setProperty('--hue', `var(--${p.hue})`);
      return item(p.id, p.title, swatch);
    });
    box.replaceChildren(
      this.#time,
      el(
        'div',
        { class: 'legend' },
        item('usage', 'usage', line('usage')),
        ...entries,
        item('limit', 'limit', line('limit')),
        item('request', 'request', line('request')),
      ),
    );
    onHighlight((highlight) => {
      this.#highlight = highlight;
      for (const p of parts()) this.#entry(p.id).classList.toggle('dim', highlight !== null && !isHighlighted(p, highlight));
      this.show(this.#time.textContent ?? '', this.#shown);
    });
  }

  #entry = (id: string): HTMLElement => this.#values.get(id)!.parentElement!;

  /** Hides a part that has no values. */
  has(id: string, there: boolean): void {
    const entry = this.#entry(id);
    if (entry.hidden === there) entry.hidden = !there;
  }

  show(words: string, shown: LegendValue): void {
    this.#shown = shown;
    setText(this.#time, words);
    for (const [id, node] of this.#values) {
      const bytes = shown(id);
      const share = this.#highlight?.share?.part === id ? this.#highlight.share.bytes : null;
      node.classList.toggle('share', share !== null);
      setText(node, bytes === null ? '–' : share === null ? steadyLevel(bytes) : ofWhole(share, bytes));
    }
  }
}

/** "782 of 843 MiB" */
function ofWhole(share: number, whole: number): string {
  const [part, all] = [steadyLevel(share), steadyLevel(whole)];
  const unit = all.slice(all.indexOf(' '));
  return `${part.endsWith(unit) ? part.slice(0, -unit.length) : part} of ${all}`;
}

/** Whether a part of the chart is highlighted. */
export const isHighlighted = (part: StackPart, highlight: Highlight): boolean =>
  highlight.share === undefined ? highlight.parts.includes(part.ledgerPart) : highlight.share.part === part.id;
