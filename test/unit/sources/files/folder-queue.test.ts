import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FolderQueue } from '../../../../src/sources/files/folder-queue.ts';
import { HOUR_S, SECOND_MS } from '../../../../src/units.ts';

const NOW_MS = 1e12;
const HOUR_MS = HOUR_S * SECOND_MS;

/** The next folder, which is then walked. */
function walkNext(queue: FolderQueue, entries = 1): string | null {
  const folder = queue.next(NOW_MS, true);
  if (folder !== null) Object.assign(folder, { walkedAtMs: NOW_MS, entries });
  return folder?.path ?? null;
}

test('the folders of the system fill at most half of the queue', () => {
  const queue = new FolderQueue(10);
  for (let i = 0; i < 20; i++) queue.add(`/usr/share/${i}`, 'below');
  assert.equal(queue.size, 5);
  for (let i = 0; i < 5; i++) queue.add(`/data/${i}`, 'below');
  assert.equal(queue.size, 10);
});

test('a full queue gives up the folder that was changed longest ago for one that was changed since', () => {
  const queue = new FolderQueue(2);
  queue.add('/data/2026/01', 'below', NOW_MS - 2 * HOUR_MS);
  queue.add('/data/2026/02', 'below', NOW_MS - HOUR_MS);
  queue.add('/data/2026/03', 'below', NOW_MS);
  queue.add('/data/2025/12', 'below', NOW_MS - 3 * HOUR_MS);
  assert.deepEqual([walkNext(queue), walkNext(queue), walkNext(queue)], ['/data/2026/03', '/data/2026/02', null]);
});

test('a folder that was made just now is walked before those that change are walked again', () => {
  const queue = new FolderQueue(10);
  queue.add('/data/log', 'hot', NOW_MS);
  queue.add('/opt', 'below', NOW_MS - HOUR_MS);
  queue.add('/data/2026/03', 'below', NOW_MS - 1000);
  queue.next(NOW_MS, true)!.walkedAtMs = NOW_MS - HOUR_MS;
  assert.equal(walkNext(queue), '/data/2026/03');
});

test('while page cache is not explained, a folder whose names change is walked again although it is large, after twice the time that its walk took', () => {
  const queue = new FolderQueue(10);
  queue.add('/data/spool', 'hot', NOW_MS);
  Object.assign(queue.next(NOW_MS, true)!, { walkedAtMs: NOW_MS, entries: 30_000, cost: 10_000, tookMs: 20 * SECOND_MS });
  assert.equal(queue.next(NOW_MS + 30 * SECOND_MS, true), null);
  assert.equal(queue.next(NOW_MS + 50 * SECOND_MS, false), null);
  assert.equal(queue.next(NOW_MS + 50 * SECOND_MS, true)?.path, '/data/spool');
});

test('while page cache is not explained, a folder whose names change is walked again after two seconds if it has few, and after more in proportion', () => {
  const againAfter = (cost: number, wide: boolean): number => {
    const queue = new FolderQueue(10);
    queue.add('/data/spool', 'hot', NOW_MS);
    Object.assign(queue.next(NOW_MS, true)!, { walkedAtMs: NOW_MS, entries: cost, cost });
    return Array.from({ length: 20 }, (_, i) => i + 1).find((s) => queue.next(NOW_MS + s * SECOND_MS, wide) !== null)!;
  };
  assert.deepEqual([againAfter(20, true), againAfter(100, true), againAfter(1000, true)], [2, 4, 10]);
  assert.deepEqual([againAfter(20, false), againAfter(150, false)], [10, 15]);
});

test('a folder that is found while others are walked is walked before them, and one that was dropped is not', () => {
  const queue = new FolderQueue(10);
  for (const day of ['01', '02', '03']) queue.add(`/data/2026/${day}`, 'below', NOW_MS - 2 * HOUR_MS);
  assert.equal(walkNext(queue), '/data/2026/01');
  queue.add('/data/2026/04', 'below', NOW_MS - 1000);
  queue.drop('/data/2026/02');
  assert.deepEqual([walkNext(queue), walkNext(queue), walkNext(queue)], ['/data/2026/04', '/data/2026/03', null]);
});

test('a full queue gives up those of lower rank and empty ones first, none that has become hot meanwhile, and never the root', () => {
  const queue = new FolderQueue(4);
  queue.add('/', 'root');
  queue.add('/data/empty', 'below', NOW_MS - HOUR_MS);
  assert.equal(walkNext(queue, 0), '/data/empty');
  queue.add('/data/old', 'below', NOW_MS - 3 * HOUR_MS);
  queue.add('/data/older', 'below', NOW_MS - 4 * HOUR_MS);
  queue.add('/data/new', 'below', NOW_MS - 2 * HOUR_MS);
  queue.add('/data/older', 'hot');
  queue.add('/data/newest', 'below', NOW_MS);
  queue.add('/data/oldest', 'below', NOW_MS - 5 * HOUR_MS);
  const left = Array.from({ length: 5 }, () => walkNext(queue));
  assert.deepEqual(left, ['/data/newest', '/data/older', '/data/new', '/', null]);
});
