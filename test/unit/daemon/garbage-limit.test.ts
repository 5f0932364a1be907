import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { limitGarbage } from '../../../src/daemon/garbage-limit.ts';

/** Of an entry of type gc. */
interface Detail {
  readonly kind: number;
  readonly flags: number;
}

/** Objects of some 30 MiB that live long enough to leave the young generation. */
const answers = (): unknown[] => Array.from({ length: 300_000 }, (_, i) => ({ pod: `pod-${i}` }));

test('garbage of a thread that waits is collected soon, although its heap is far from full', { timeout: 60_000 }, async (t) => {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind, flags } = (entry as PerformanceEntry & { readonly detail: Detail }).detail;
      const isForced = (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR && isForced) collections++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const garbage = limitGarbage();
  t.after(() => {
    garbage.stop();
    observer.disconnect();
  });
  assert.equal(answers().length, 300_000);
  while (collections === 0) await setTimeout(20, undefined, { signal: t.signal });
});
