import type { LedgerPart } from '../../src/diagnosis/types.ts';
import { bytesText } from '../../src/format.ts';
import type { Aged } from '../../src/sources/types.ts';
import { MIB } from '../../src/units.ts';

/** One figure of memhound against the truth. */
export type Comparison = { readonly figure: string } & (
  | { readonly state: 'agrees'; readonly note: string | null }
  | { readonly state: 'off'; readonly note: string }
  | { readonly state: 'not-known'; readonly note: string }
);

/** What is true before and after memhound looked: a JVM that does nothing still moves a little. */
export interface Truth {
  readonly before: number;
  readonly after: number;
}
export const always = (value: number): Truth => ({ before: value, after: value });

export const nearest = (found: number, { before, after }: Truth): number =>
  Math.min(Math.max(found, Math.min(before, after)), Math.max(before, after));

/** Within 1 % or 1 MiB, or one page of a heap that has larger ones. */
const near = (found: number, truth: number, pageBytes = MIB): boolean =>
  Math.abs(found - truth) <= Math.max(MIB, pageBytes, truth / 100);

export const agrees = (figure: string, note: string | null = null): Comparison => ({ figure, state: 'agrees', note });
export const off = (figure: string, note: string): Comparison => ({ figure, state: 'off', note });
export const notKnown = (figure: string, note: string): Comparison => ({ figure, state: 'not-known', note });

export function bytes(figure: string, found: number | null | undefined, truth: Truth, pageBytes = MIB): Comparison {
  if (found == null) return notKnown(figure, `absent; it is ${bytesText(truth.after)}`);
  const is = nearest(found, truth);
  return near(found, is, pageBytes) ? agrees(figure) : off(figure, `${bytesText(found)} of ${bytesText(is)}`);
}

export function count(figure: string, found: number | null | undefined, truth: Truth, within: number): Comparison {
  if (found == null) return notKnown(figure, `absent; it is ${truth.after}`);
  const is = nearest(found, truth);
  return Math.abs(found - is) <= within ? agrees(figure) : off(figure, `${found} of ${is}`);
}

/** A value that carries its age may be that of a collection before now, where it says so; `collected` is the last one that is known of. */
export function aged(
  figure: string,
  found: Aged<number> | null | undefined,
  now: number,
  collected: Aged<number>,
  pageBytes = MIB,
  nowMs = collected.atMs,
): Comparison {
  // A collection of its own accord since then has left something between the two.
  const then = { before: collected.value, after: found != null && found.atMs > collected.atMs ? now : collected.value };
  const isOld = found != null && found.atMs <= nowMs && near(found.value, nearest(found.value, then), pageBytes);
  return isOld && !near(found.value, now, pageBytes)
    ? agrees(figure, 'as of the last collection, with its age')
    : bytes(figure, found?.value, always(now), pageBytes);
}

const flat = (parts: readonly LedgerPart[]): LedgerPart[] => parts.flatMap((p) => [p, ...flat(p.parts ?? [])]);

/** The parts of these ids under one top part of the ledger, with the interval that they state. */
export function parts(figure: string, tops: readonly LedgerPart[], ids: readonly string[], truth: Truth): Comparison {
  const found = flat(tops).filter((p) => ids.includes(p.id));
  const sum = (of: (p: LedgerPart) => number) => found.reduce((all, p) => all + of(p), 0);
  const [value, low, high] = [sum((p) => p.bytes), sum((p) => p.lowBytes), sum((p) => p.highBytes)];
  const is = nearest(value, truth);
  if (near(value, is)) return agrees(figure);
  if (found.length === 0) return off(figure, `no part; it is ${bytesText(is)}`);
  if (low < high && low - MIB <= is && is <= high + MIB)
    return agrees(figure, `${bytesText(value)} of ${bytesText(is)}, stated as ${bytesText(low)} to ${bytesText(high)}`);
  const stated = low < high ? `stated as ${bytesText(low)} to ${bytesText(high)}` : 'stated as measured';
  return off(figure, `${bytesText(value)} of ${bytesText(is)}, ${stated}`);
}
