import type { LedgerPart } from '../types.ts';

/** A part that is known to the byte. */
export function exactPart(
  name: string,
  bytes: number,
  rest: Pick<LedgerPart, 'reclaimable' | 'how' | 'at'> & Partial<LedgerPart>,
): LedgerPart {
  return { name, bytes, lowBytes: bytes, highBytes: bytes, ...rest };
}

/** A part that lies between two bounds; `bytes` is the best guess among them. */
export function intervalPart(
  name: string,
  [lowBytes, bytes, highBytes]: readonly [number, number, number],
  rest: Pick<LedgerPart, 'reclaimable' | 'how' | 'at'> & Partial<LedgerPart>,
): LedgerPart {
  return { name, bytes, lowBytes: Math.min(lowBytes, bytes), highBytes: Math.max(highBytes, bytes), ...rest };
}

export const withParts = (parts: readonly LedgerPart[]): { parts?: readonly LedgerPart[] } => (parts.length > 0 ? { parts } : {});

export const sumOfParts = (parts: readonly { readonly bytes: number }[]): number => parts.reduce((sum, p) => sum + p.bytes, 0);

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
