import { Random } from '../random.ts';
import type { Example } from './container.ts';
import { bounded } from './scenarios/bounded.ts';
import { heaps } from './scenarios/heaps.ts';
import { heldOutScenarios } from './scenarios/held-out.ts';
import { knownFromEarlierRuns } from './scenarios/known-from-earlier-runs.ts';
import { leaks } from './scenarios/leaks.ts';
import { loads } from './scenarios/loads.ts';
import { mixed } from './scenarios/mixed.ts';
import { noise } from './scenarios/noise.ts';
import { restarts } from './scenarios/restarts.ts';
import { sampling } from './scenarios/sampling.ts';
import type { Scenario } from './scenarios/types.ts';
import { weeks } from './scenarios/weekly.ts';

/** New scenarios go to the end: the index in this list seeds a series and decides whether it is held out. */
const SCENARIOS: readonly Scenario[] = [
  ...noise,
  ...heaps,
  ...loads,
  ...bounded,
  ...leaks,
  ...restarts,
  ...mixed,
  ...sampling,
  ...knownFromEarlierRuns,
  ...heldOutScenarios,
  ...weeks,
];

/** Every third scenario is held out, and some mixtures too. Their score is printed, and no threshold is tuned on it. */
export const CORPUS = SCENARIOS.map(({ name, heldOut }, index) => ({ name, index, heldOut: heldOut ?? index % 3 === 2 }));

/** The same arguments always give the same series. */
export function exampleOf(index: number, run: number): Example {
  const { name, make } = SCENARIOS[index]!;
  return make(new Random(7919 * (index + 1) + 104_729 * run), name);
}
