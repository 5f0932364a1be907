import type { Step } from './common-holder.ts';

/** How many more objects of a class there are at the last look than at the first; null: not counted. */
export type MoreOf = (className: string) => number | null;

/** An object may hold so many of another class, such as an entity its fields. */
const MOST_IN_ONE = 100;

/**
 * Whether a sampled object took the place of another, as in a cache that is full: an object that has it for itself is of a class that did not
 * become more. `counts`: on how many paths an object is; what is on several holds many, and need not become more. Pure.
 */
export function isReplaced(path: readonly Step[], counts: ReadonlyMap<string, number>, more: number, moreOf: MoreOf): boolean {
  for (const { id, className, link } of path) {
    // Elements of an array, and all further out, are many in one.
    if (link === null || className === null || className.endsWith('[]') || counts.get(id) !== 1) return false;
    const its = moreOf(className);
    if (its !== null && its * MOST_IN_ONE < more) return true;
    if (className.startsWith('java.util.')) return false;
  }
  return false;
}
