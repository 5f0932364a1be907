/**
 * What a row stands for, while somebody rests on it by mouse or keyboard: a tool for the parts that it counts, a file for its share of one.
 * The big chart, its legend and the ledger show which of theirs that is.
 */
export interface Highlight {
  /** Parts of the ledger, by name. */
  readonly parts: readonly string[];
  /** Only so much of one part of the chart. */
  readonly share?: { readonly part: string; readonly bytes: number; readonly name: string };
}
type Listener = (highlight: Highlight | null) => void;

const listeners = new Set<Listener>();

export const onHighlight = (listener: Listener): void => void listeners.add(listener);

/** Makes `node` light that up while it is rested on. */
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
