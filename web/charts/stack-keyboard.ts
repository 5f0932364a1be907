import { nearestIndex, setCursor } from './shared-cursor.ts';

/** Arrows move the cursor, + and − zoom about it, Escape shows the whole range again. Returns true if the key was one of these. */
export function handleKey(
  event: KeyboardEvent,
  t: readonly number[],
  at: number | null,
  zoom: (from: number | null, to: number | null) => void,
): boolean {
  const last = t.length - 1;
  if (last < 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
  const i = at === null ? last : nearestIndex(t, at);
  const step = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
  const span = t[last]! - t[0]!;
  const about = (width: number): void => zoom(t[i]! - width / 2, t[i]! + width / 2);
  const acts: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => setCursor(t[Math.max(0, i - step)]!),
    ArrowRight: () => setCursor(t[Math.min(last, i + step)]!),
    Home: () => setCursor(t[0]!),
    End: () => setCursor(t[last]!),
    '+': () => about(span / 2),
    '=': () => about(span / 2),
    '-': () => about(span * 2),
    Escape: () => {
      setCursor(null);
      zoom(null, null);
    },
  };
  const act = acts[event.key];
  act?.();
  return act !== undefined;
}
