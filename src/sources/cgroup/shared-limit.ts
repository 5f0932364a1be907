import { basename, join } from 'node:path';
import type { FieldValues } from '../../fields.ts';
import { readerOf, unreclaimable } from '../../memory-facts.ts';
import { isAbsence, isDenied } from '../process/read-text.ts';
import { childGroupNames } from './cgroup-files.ts';

/** A pod has a few containers. A group with more children is not a pod's, and reading them all would cost too much. */
const MAX_CHILDREN = 32;
const POD = /^(?:.*-)?pod[0-9a-f][0-9a-f_-]*(?:\.slice)?$/;

/** The memory of a group above the container, whose limit counts. */
interface LimitingGroup {
  readonly dir: string;
  /** The values of a group; null: it has ended. */
  readonly valuesOf: (dir: string) => FieldValues | null;
  readonly version: 1 | 2;
}

/**
 * What others hold of a limit that the container shares: bytes that the kernel cannot reclaim. If a container ends, its tmpfs files and its page
 * cache stay charged to the pod: no container that runs has them.
 */
export function heldOfSharedLimit(own: FieldValues, { dir, valuesOf, version }: LimitingGroup): FieldValues {
  const bytesOf = (values: FieldValues | null): number => (values === null ? 0 : (unreclaimable(readerOf(values), version) ?? 0));
  const all = bytesOf(valuesOf(dir));
  const elsewhere = { held_elsewhere: Math.max(0, all - bytesOf(own)) };
  const children = POD.test(basename(dir)) ? childrenOf(dir) : [];
  if (children.length === 0 || children.length > MAX_CHILDREN) return elsewhere;
  const running = children.reduce((sum, child) => sum + bytesOf(valuesOf(child)), 0);
  return { ...elsewhere, held_by_ended: Math.min(elsewhere.held_elsewhere, Math.max(0, all - running)) };
}

function childrenOf(dir: string): string[] {
  try {
    return childGroupNames(dir).map((name) => join(dir, name));
  } catch (error) {
    if (isAbsence(error) || isDenied(error)) return [];
    throw error;
  }
}
