/** One cursor for all charts: a time in epoch seconds; null: the mouse is on no chart. */
type Listener = (t: number | null) => void;

const listeners = new Set<Listener>();
let asked: number | null = null;
let frame = 0;

/** Listeners are called at most once a frame. */
export function setCursor(t: number | null): void {
  asked = t;
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    for (const listener of listeners) listener(asked);
  });
}

export const onCursor = (listener: Listener): void => void listeners.add(listener);

/** Index of the time nearest to `t`; -1: there is no time. */
export function nearestIndex(times: readonly number[], t: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low > 0 && t - times[low - 1]! < times[low]! - t ? low - 1 : high < 0 ? -1 : low;
}
