import type { LedgerPart } from '../types.ts';
import { LEDGER_PARTS, type LedgerPartId, type NamedPartId } from './part-table.ts';

/** The identity of a part: a part that the table names, or a part that is named after its content. */
export type PartKey = NamedPartId | { readonly id: Exclude<LedgerPartId, NamedPartId>; readonly name: string };

type Details = Pick<LedgerPart, 'how' | 'at'> & Partial<Omit<LedgerPart, 'id' | 'name'>>;

/** A part whose bytes are known exactly. */
export const exactPart = (key: PartKey, bytes: number, rest: Details): LedgerPart =>
  intervalPart(key, [bytes, bytes, bytes], rest);

/** A part between two bounds; `bytes` is the best estimate. */
export function intervalPart(
  key: PartKey,
  [lowBytes, bytes, highBytes]: readonly [number, number, number],
  rest: Details,
): LedgerPart {
  const { id, name } = typeof key === 'string' ? { id: key, name: LEDGER_PARTS[key].name } : key;
  return {
    id,
    name,
    bytes,
    lowBytes: Math.min(lowBytes, bytes),
    highBytes: Math.max(highBytes, bytes),
    reclaimable: LEDGER_PARTS[id].reclaimable,
    ...rest,
  };
}

export const withParts = (parts: readonly LedgerPart[]): { parts?: readonly LedgerPart[] } => (parts.length > 0 ? { parts } : {});

export const sumOfParts = (parts: readonly { readonly bytes: number }[]): number => parts.reduce((sum, p) => sum + p.bytes, 0);
