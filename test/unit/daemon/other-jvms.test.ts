import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherJvmsOf } from '../../../src/daemon/other-jvms.ts';
import { MIB } from '../../../src/units.ts';

test('of the other JVMs of a container it is known how far their heaps may grow', () => {
  const watched = (pid: number, heapMaxBytes: number | null) =>
    ({
      tick: { sample: { heapMaxBytes, values: { heap_committed: 20 * MIB } } },
      target: { id: `x-${pid}`, cgroup: { path: '/x' }, process: { pid, name: 'java' }, jvm: {}, otherJvms: [] },
      alive: true,
      verdict: null,
    }) as unknown as Parameters<typeof otherJvmsOf>[0];
  const own = watched(10, 300 * MIB);
  const plans = otherJvmsOf(own, [own, watched(20, 320 * MIB), watched(30, null)]).map(({ heapPlan }) => heapPlan);
  assert.deepEqual(plans, [{ maxBytes: 320 * MIB, committedBytes: 20 * MIB }, null]);
});
