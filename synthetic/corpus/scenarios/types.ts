import type { Random } from '../../random.ts';
import type { Example } from '../container.ts';

/** A shape that memory has, by name: the name is for people, and no detector sees it. */
export interface Scenario {
  readonly name: string;
  readonly heldOut?: boolean;
  readonly make: (random: Random, name: string) => Example;
}
