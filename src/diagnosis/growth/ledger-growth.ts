import { bytesText, safeName } from '../../format.ts';
import { MIB, SECOND_MS } from '../../units.ts';
import type { Ledger, LedgerPart } from '../types.ts';
import type { AnonGrowth, PartGrowth } from './anon-growth.ts';

/** Smaller growth is not mentioned. */
const MIN_BYTES = MIB;

/** The ledger with the growth of each part of anonymous memory, the same numbers as in the verdict. */
export function withGrowth(ledger: Ledger, growth: AnonGrowth | null): Ledger {
  if (growth === null) return ledger;
  const annotate = (part: LedgerPart): LedgerPart => {
    const parts = part.parts === undefined ? {} : { parts: part.parts.map(annotate) };
    const grown = growth.parts.find((one) => isPart(one, part)) ?? null;
    if (grown === null || grown.grewBytes < MIN_BYTES) return { ...part, ...parts };
    const since = new Date(growth.fromS * SECOND_MS).toISOString();
    const text = `grew by ${bytesText(grown.grewBytes)} since ${since}`;
    return {
      ...part,
      ...parts,
      grewBytes: Math.round(grown.grewBytes),
      note: part.note === undefined ? text : `${text}; ${part.note}`,
    };
  };
  return { ...ledger, parts: ledger.parts.map((top) => (top.id === 'anon' ? annotate(top) : top)) };
}

/** Other processes are distinguished by their names; the ledger adds their number to the name. */
const isPart = ({ id, name }: PartGrowth, part: LedgerPart): boolean =>
  id === part.id && id !== 'anon' && (id !== 'other-process' || part.name.startsWith(`${safeName(name)} (`));
