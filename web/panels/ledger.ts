import type { Ledger, LedgerPart } from '../../src/diagnosis/types.ts';
import { bar } from '../charts/bars.ts';
import { onHighlight } from '../charts/highlight.ts';
import { exactBytesText, level, safeName, steadyLevel } from '../data/wording.ts';
import { byId, el, patch } from '../dom.ts';

const RECLAIMABILITY = { true: 'can be taken back', false: 'stays', null: 'in part' } as const;
const HUES: Readonly<Record<string, string>> = {
  anon: 'quiet',
  'page cache': 'cache',
  'tmpfs and shared memory': 'shmem',
  kernel: 'kernel',
  'socket buffers': 'kernel',
};
/** The hues of the big chart, where a part is one of its parts. */
const ANON_PARTS: readonly (readonly [RegExp, string])[] = [
  [/^java heap/i, 'heap'],
  [/^metaspace|^class/i, 'meta'],
  [/^native|^thread|^code|^malloc/i, 'native'],
];
/** Parts of the big chart that files have shares of, as the ledger calls them. */
const SHARED: Readonly<Record<string, string>> = { cache: 'page cache', shmem: 'tmpfs and shared memory' };
/** Smaller parts than this share of usage are left to the JSON. */
const MIN_SHARE = 1 / 500;

/** Every byte of usage under a name; what is left stands beside the bound within which nothing can be told. */
export function drawLedger(ledger: Ledger): void {
  const rows: { key: string; made: () => HTMLElement }[] = [];
  const walk = (parts: readonly LedgerPart[], depth: number, hue: string, top: string | null): void => {
    for (const part of parts) {
      if (part.bytes < ledger.totalBytes * MIN_SHARE) continue;
      const own = depth === 0 ? (HUES[part.name] ?? 'quiet') : (ANON_PARTS.find(([like]) => like.test(part.name))?.[1] ?? hue);
      rows.push({
        key: JSON.stringify([{ ...part, at: '', parts: null }, ledger.totalBytes, depth]),
        made: () => row(part, depth, own, ledger.totalBytes, top ?? part.name),
      });
      if (part.parts) walk(part.parts, depth + 1, own, top ?? part.name);
    }
  };
  walk(ledger.parts, 0, 'quiet', null);
  rows.push({ key: `${ledger.unexplainedBytes} ${ledger.boundBytes}`, made: () => unexplained(ledger) });
  patch(byId('ledger'), rows);
}

onHighlight((highlight) => {
  const names =
    highlight === null ? null : highlight.share === undefined ? highlight.parts : [SHARED[highlight.share.part] ?? ''];
  for (const node of byId('ledger').querySelectorAll<HTMLElement>('li'))
    node.classList.toggle('dim', names !== null && !names.includes(node.dataset.top ?? ''));
});

function unexplained(ledger: Ledger): HTMLElement {
  const number = el('span', { class: 'number' }, steadyLevel(ledger.unexplainedBytes));
  number.title = exactBytesText(ledger.unexplainedBytes);
  const within = el('small', {}, `within the bound of ${level(ledger.boundBytes)}`);
  return el('li', { class: 'row', title: ledger.boundNote }, el('span', {}, 'unexplained', within), el('span', {}), number);
}

function row(part: LedgerPart, depth: number, hue: string, total: number, top: string): HTMLElement {
  const name = el('span', {}, safeName(part.name, 80), el('small', {}, `${RECLAIMABILITY[`${part.reclaimable}`]} · ${part.how}`));
  name.style.paddingLeft = `${depth * 14}px`;
  const number = el('span', { class: 'number' }, steadyLevel(part.bytes));
  number.title =
    part.lowBytes === part.highBytes
      ? exactBytesText(part.bytes)
      : `${level(part.lowBytes)} to ${level(part.highBytes)}; ${exactBytesText(part.bytes)}`;
  const piece = { share: part.bytes / Math.max(1, total), hue, kind: part.reclaimable === false ? 'solid' : 'hatched' } as const;
  return el('li', { class: 'row', title: part.note ?? '', 'data-top': top }, name, bar([piece]), number);
}
