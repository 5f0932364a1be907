import assert from 'node:assert/strict';
import type { Verdict } from '../../src/diagnosis/types.ts';

/** The story's verdict: grows, is no leak, is page cache, of that file; the heap is steady. */
export function assertStory(verdict: Verdict, log: string): void {
  const { trend, leak, cause, causes, headline, fields } = verdict;
  assert.deepEqual({ trend, leak, cause }, { trend: 'growing', leak: false, cause: 'page-cache' }, headline);
  assert.ok(causes[0]?.what?.endsWith(log), `causes[0].what is ${causes[0]?.what}`);
  assert.equal(causes[0]?.reclaimable, true);
  assert.ok(headline.includes(log), headline);
  assert.equal(fields.heap_used?.trend, 'stable', fields.heap_used?.basis?.reason);
}

/** For waiting: the first verdict may come before the file has grown long enough to be named, and before collections have shown the heap's floor. */
export const namesFile =
  (log: string) =>
  ({ trend, leak, causes, fields }: Verdict): boolean =>
    trend === 'growing' && leak === false && causes[0]?.what?.endsWith(log) === true && fields.heap_used?.trend !== 'cyclic';
