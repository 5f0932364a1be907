import { Random } from '../../random.ts';
import type { Example } from '../container.ts';
import type { Scenario } from '../scenarios/types.ts';
import { bounded } from './bounded.ts';
import { leaking } from './leaks.ts';
import { lives } from './lives.ts';
import { quiet } from './quiet.ts';

/**
 * The wide corpus: made as hard as series that nobody has seen while the detector was built. New scenarios go to the end: the index seeds a series.
 */
const SCENARIOS: readonly Scenario[] = [...quiet, ...bounded, ...leaking, ...lives];

export const WIDE = SCENARIOS.map(({ name }, index) => ({ name, index }));

/** Runs from here on are held out: nothing is tuned on them. */
const HELD_OUT_FROM = 10_000;

/** The same arguments always give the same series. */
export function wideExample(index: number, run: number, heldOut: boolean): Example {
  const { name, make } = SCENARIOS[index]!;
  return make(new Random(15_485_863 * (index + 1) + 32_452_843 * (run + (heldOut ? HELD_OUT_FROM : 0))), name);
}
