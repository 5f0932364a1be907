import { getHeapStatistics } from 'node:v8';
import { MIB } from '../units.ts';
import { garbageCollection } from './collect-garbage.ts';

/** A collection takes some 20 ms, so garbage of so many bytes is little work. */
const MAX_GARBAGE_BYTES = 6 * MIB;
const EVERY_MS = 200;

/**
 * Collects garbage of this thread soon: V8 lets the heap of a main thread grow to a multiple of its live objects, and only the heaps of
 * threads have limits that can be set by a program.
 */
export function limitGarbage(): { readonly stop: () => void } {
  const collect = garbageCollection('regular');
  let liveBytes = getHeapStatistics().used_heap_size;
  const timer = setInterval(() => {
    const { used_heap_size: usedBytes } = getHeapStatistics();
    if (usedBytes < liveBytes + MAX_GARBAGE_BYTES) return;
    collect();
    liveBytes = getHeapStatistics().used_heap_size;
  }, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
