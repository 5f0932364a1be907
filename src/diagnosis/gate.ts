import type { Verdict } from './types.ts';

export type Gate = 'leak' | 'growing' | 'unsure';

/** True when a gate shall close. `unsure` closes on a leak too: it is the stricter one. */
export function failsGate(verdict: Verdict, gate: Gate): boolean {
  switch (gate) {
    case 'leak':
      return verdict.leak === true;
    case 'growing':
      return verdict.trend === 'growing';
    case 'unsure':
      return verdict.leak !== false || verdict.trend === 'not-enough-data';
    default:
      return gate satisfies never;
  }
}
