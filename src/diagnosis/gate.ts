import type { Verdict } from './types.ts';

/** The values of --fail-on and of `?fail-on=`. */
export const GATES = ['leak', 'growing', 'unsure'] as const;
export type Gate = (typeof GATES)[number];

/** Whether a verdict fails a gate. `unsure` fails on a leak too: it is the stricter one. */
export function failsGate(verdict: Pick<Verdict, 'leak' | 'trend'>, gate: Gate): boolean {
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
