import { dirname, join } from 'node:path';
import type { CgroupRef } from '../types.ts';
import { readCgroupText } from './cgroup-files.ts';

/** The file that has the limit of a group. */
export const LIMIT_FILES = { 1: 'memory.limit_in_bytes', 2: 'memory.max' } as const;

/** The limit files of the visible parent groups, the nearest first: a pod's limit applies to its containers too. The root group of v2 has none. */
export function limitFilesAbove({ dir, version }: CgroupRef): string[] {
  const above: string[] = [];
  for (let parent = dirname(dir); parent !== '/' && above.length < 16; parent = dirname(parent)) {
    const file = join(parent, LIMIT_FILES[version]);
    if (readCgroupText(file) === null) break;
    above.push(file);
  }
  return above;
}
