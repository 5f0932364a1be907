import type { TopPartId } from '../../src/diagnosis/ledger/part-table.ts';
import type { FILE_PARTS } from '../data/memory-parts.ts';

/**
 * What is highlighted while the mouse or the keyboard's focus is on a row: the parts that a tool counts, or a file's share of one part. The
 * stacked chart, its legend and the ledger highlight the same.
 */
export interface Highlight {
  readonly parts: readonly TopPartId[];
  /** Only this many bytes of one part of the chart. */
  readonly share?: { readonly part: keyof typeof FILE_PARTS; readonly bytes: number; readonly name: string };
}
type Listener = (highlight: Highlight | null) => void;

const listeners = new Set<Listener>();

export const onHighlight = (listener: Listener): void => void listeners.add(listener);

/** Highlights that while the mouse or the focus is on `node`. */
export function highlightOnHover(node: HTMLElement, what: Highlight): void {
  node.tabIndex = 0;
  const notify = (highlight: Highlight | null) => () => {
    for (const listener of listeners) listener(highlight);
  };
  node.addEventListener('mouseenter', notify(what));
  node.addEventListener('focus', notify(what));
  node.addEventListener('mouseleave', notify(null));
  node.addEventListener('blur', notify(null));
}
