import type { ResidencyState } from '../types.ts';

/** Residency as a string, for the API's `method` and for recordings. */
export const residencyText = (residency: ResidencyState): string =>
  residency.state === 'known' ? residency.method : `unknown: ${residency.reason}`;

const METHODS: readonly string[] = ['cachestat', 'mincore', 'fincore', 'tmpfs', 'smaps', 'recorded'];

/** The inverse. An unknown method comes from a recording by another program. */
export function parseResidency(text: string): ResidencyState {
  const reason = /^unknown: (.*)$/s.exec(text)?.[1];
  if (reason !== undefined) return { state: 'unknown', reason };
  return { state: 'known', method: METHODS.includes(text) ? (text as 'recorded') : 'recorded' };
}
