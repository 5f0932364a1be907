import type { Random } from '../../random.ts';
import type { Example } from '../container.ts';

/** A named shape of memory. The name is for people; no detector sees it. */
export interface Scenario {
  readonly name: string;
  readonly heldOut?: boolean;
  readonly make: (random: Random, name: string) => Example;
}
