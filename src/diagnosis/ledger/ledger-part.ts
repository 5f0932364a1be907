import type { LedgerPart } from '../types.ts';
import { LEDGER_PARTS, type LedgerPartId, type NamedPartId } from './part-table.ts';

/** Which part it is: one that the table names, or one that is named after what it stands for. */
export type PartKey = NamedPartId | { readonly id: Exclude<LedgerPartId, NamedPartId>; readonly name: string };

type Details = Pick<LedgerPart, 'how' | 'at'> & Partial<Omit<LedgerPart, 'id' | 'name'>>;

/** A part that is known to the byte. */
export const exactPart = (key: PartKey, bytes: number, rest: Details): LedgerPart =>
  intervalPart(key, [bytes, bytes, bytes], rest);

/** A part that lies between two bounds; `bytes` is the best guess among them. */
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
