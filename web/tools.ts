import type { View } from '../src/diagnosis/types.ts';
import { byId, el, patch } from './dom.ts';
import { PARTS, type Values } from './parts.ts';
import { exact, level } from './words.ts';

/**
 * What each tool shows now. Tools that count the same stand in one row, all bars on one scale whose end is the limit: so the
 * difference between two tools is seen. Resting on a row lights up, in the big chart, the parts that it counts.
 */
export function drawTools(
  views: readonly View[],
  v: Values,
  limit: number | null,
  light: (names: readonly string[] | null) => void,
): void {
  const most = Math.max(...views.map((x) => x.bytes ?? 0), 1);
  // A limit far away would make all bars alike: then the largest number is the end.
  const scale = limit !== null && limit < most * 3 ? Math.max(limit, most) : most;
  const groups = new Map<string, View[]>();
  for (const view of views) {
    const key = view.bytes === null ? view.tool : `${view.bytes} ${view.counts.join()}`;
    groups.set(key, [...(groups.get(key) ?? []), view]);
  }
  patch(
    byId('tools'),
    [...groups].map(([key, group]) => ({ key: `${key} ${scale}`, made: () => row(group, scale, v), light: group[0]!.counts })),
    (node, { light: counts }) => {
      for (const [on, names] of [
        ['mouseenter', counts],
        ['focus', counts],
        ['mouseleave', null],
        ['blur', null],
      ] as const)
        node.addEventListener(on, () => light(names));
    },
  );
}

function row(group: readonly View[], scale: number, v: Values): HTMLElement {
  const { bytes, counts } = group[0]!;
  const bar = el('div', { class: bytes === null ? 'bar none' : 'bar', 'aria-hidden': 'true' });
  if (bytes !== null) fillBar(bar, bytes, scale, counts, v);
  const names = group.map((view) =>
    el('span', { class: 'tool', title: `${view.formula}. ${view.note}` }, view.tool, ' ', el('small', {}, view.metric)),
  );
  // A tool that counts none of the container's parts shows the node's figures.
  const unknown = counts.length === 0 ? 'the node’s' : 'not known';
  const number = el('span', { class: 'number' }, bytes === null ? unknown : level(bytes));
  number.title = bytes === null ? group[0]!.note : exact(bytes);
  return el('li', { class: 'row tools', tabindex: '0' }, el('span', { class: 'names' }, ...names), bar, number);
}

/** The parts that a tool counts, in the order of the stack, until its own number is reached. */
function fillBar(bar: HTMLElement, bytes: number, scale: number, counts: readonly string[], v: Values): void {
  let left = bytes;
  for (const part of PARTS) {
    if (!counts.includes(part.ledger)) continue;
    const width = Math.min(left, part.bytes(v) ?? 0);
    if (width <= 0) continue;
    const piece = el('i', part.reclaimable ? { class: 'hatched' } : {});
    piece.style.setProperty('--hue', `var(--${part.hue})`);
    piece.style.width = `${(width / scale) * 100}%`;
    bar.append(piece);
    left -= width;
  }
}
