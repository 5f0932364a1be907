import { boundWord, LEDGER_PARTS, type LedgerPartId, reclaimabilityText } from '../../src/diagnosis/ledger/part-table.ts';
import type { Ledger, LedgerPart } from '../../src/diagnosis/types.ts';
import { bar } from '../charts/bars.ts';
import { onHighlight } from '../charts/highlight.ts';
import { FILE_PARTS } from '../data/memory-parts.ts';
import { exactBytesText, level, safeName, steadyLevel } from '../data/wording.ts';
import { byId, el, patch } from '../dom.ts';

/** Parts below this share of usage are only in the JSON. */
const MIN_SHARE = 1 / 500;

/** The parts of usage as a tree, and the unexplained rest with its bound. */
export function drawLedger(ledger: Ledger): void {
  const rows: { key: string; made: () => HTMLElement }[] = [];
  const walk = (parts: readonly LedgerPart[], depth: number, hue: string, top: LedgerPartId | null): void => {
    for (const part of parts) {
      if (part.bytes < ledger.totalBytes * MIN_SHARE) continue;
      const own = LEDGER_PARTS[part.id].hue ?? hue;
      rows.push({
        key: JSON.stringify([{ ...part, at: '', parts: null }, ledger.totalBytes, depth]),
        made: () => row(part, depth, own, ledger.totalBytes, top ?? part.id),
      });
      if (part.parts) walk(part.parts, depth + 1, own, top ?? part.id);
    }
  };
  walk(ledger.parts, 0, 'quiet', null);
  rows.push({ key: `${ledger.unexplainedBytes} ${ledger.boundBytes}`, made: () => unexplained(ledger) });
  patch(byId('ledger'), rows);
}

onHighlight((highlight) => {
  const ids: readonly string[] | null =
    highlight === null ? null : highlight.share === undefined ? highlight.parts : [FILE_PARTS[highlight.share.part]];
  for (const node of byId('ledger').querySelectorAll<HTMLElement>('li'))
    node.classList.toggle('dim', ids !== null && !ids.includes(node.dataset.top ?? ''));
});

function unexplained(ledger: Ledger): HTMLElement {
  const number = el('span', { class: 'number' }, steadyLevel(ledger.unexplainedBytes));
  number.title = exactBytesText(ledger.unexplainedBytes);
  const within = el('small', {}, `${boundWord(ledger)} the bound of ${level(ledger.boundBytes)}`);
  return el('li', { class: 'row', title: ledger.boundNote }, el('span', {}, 'unexplained', within), el('span', {}), number);
}

function row(part: LedgerPart, depth: number, hue: string, total: number, top: LedgerPartId): HTMLElement {
  const grew = part.grewBytes === undefined ? '' : ` · grew by ${level(part.grewBytes)}`;
  const about = el('small', {}, `${reclaimabilityText(part.reclaimable)} · ${part.how}${grew}`);
  const name = el('span', {}, safeName(part.name, 80), about);
  name.style.paddingLeft = `${depth * 14}px`;
  const number = el('span', { class: 'number' }, steadyLevel(part.bytes));
  number.title =
    part.lowBytes === part.highBytes
      ? exactBytesText(part.bytes)
      : `${level(part.lowBytes)} to ${level(part.highBytes)}; ${exactBytesText(part.bytes)}`;
  const piece = { share: part.bytes / Math.max(1, total), hue, kind: part.reclaimable === false ? 'solid' : 'hatched' } as const;
  return el('li', { class: 'row', title: part.note ?? '', 'data-top': top }, name, bar([piece]), number);
}
