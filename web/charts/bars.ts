import { el } from '../dom.ts';

/** One piece of a bar: solid is unreclaimable, hatched is reclaimable; `ghost` is memory that is not counted, drawn as an outline. */
export interface BarPiece {
  readonly share: number;
  readonly hue: string;
  readonly kind: 'solid' | 'hatched' | 'ghost';
}

/** A bar of pieces, each with its share of the whole width. The number beside it gives the same information to screen readers. */
export function bar(pieces: readonly BarPiece[]): HTMLElement {
  const box = el('div', { class: 'bar', 'aria-hidden': 'true' });
  for (const { share, hue, kind } of pieces) {
    const width = Math.min(1, Math.max(0, share)) * 100;
    if (width === 0) continue;
    const piece = el('i', kind === 'solid' ? {} : { class: kind });
    piece.style.setProperty('--hue', `var(--${hue})`);
    piece.style.width = `${width}%`;
    box.append(piece);
  }
  return box;
}
