/**
 * What a row stands for, while somebody rests on it by mouse or keyboard: a tool for the parts that it counts, a file for its share of one.
 * The big chart, its legend and the ledger show which of theirs that is.
 */
export interface Light {
  /** Parts of the ledger, by name. */
  readonly parts: readonly string[];
  /** Only so much of one part of the chart. */
  readonly share?: { readonly part: string; readonly bytes: number; readonly name: string };
}
type Listener = (lit: Light | null) => void;

const listeners = new Set<Listener>();

export const onLight = (listener: Listener): void => void listeners.add(listener);

/** Makes `node` light that up while it is rested on. */
export function lights(node: HTMLElement, what: Light): void {
  node.tabIndex = 0;
  const tell = (lit: Light | null) => () => {
    for (const listener of listeners) listener(lit);
  };
  node.addEventListener('mouseenter', tell(what));
  node.addEventListener('focus', tell(what));
  node.addEventListener('mouseleave', tell(null));
  node.addEventListener('blur', tell(null));
}
