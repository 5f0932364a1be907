import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherJvmsOf } from '../../../src/daemon/other-jvms.ts';
import { MIB } from '../../../src/units.ts';
import { causeShare, fieldTrend } from '../../support/rule-context.ts';

type Watched = Parameters<typeof otherJvmsOf>[0];

test('the floor of a heap that only fills is not said to rise', () => {
  const watched = (pid: number, what: string | null): Watched =>
    ({
      tick: null,
      target: { id: `x-${pid}`, cgroup: { path: '/x' }, process: { pid, name: 'java' }, jvm: {}, otherJvms: [] },
      alive: true,
      verdict: {
        fields: { heap_used: fieldTrend('cyclic') },
        causes: [causeShare('page-cache'), causeShare('heap', 1e6, { what })],
      },
    }) as unknown as Watched;
  const rise = otherJvmsOf(watched(10, null), [watched(20, 'filling'), watched(30, null)]).map(({ heapRises }) => heapRises);
  assert.deepEqual(rise, [false, true]);
});

test('of the other JVMs of a container it is known how far their heaps may grow', () => {
  const watched = (pid: number, heapMaxBytes: number | null) =>
    ({
      tick: { sample: { heapMaxBytes, values: { heap_committed: 20 * MIB } } },
      target: { id: `x-${pid}`, cgroup: { path: '/x' }, process: { pid, name: 'java' }, jvm: {}, otherJvms: [] },
      alive: true,
      verdict: null,
    }) as unknown as Watched;
  const own = watched(10, 300 * MIB);
  const plans = otherJvmsOf(own, [own, watched(20, 320 * MIB), watched(30, null)]).map(({ heapPlan }) => heapPlan);
  assert.deepEqual(plans, [{ maxBytes: 320 * MIB, committedBytes: 20 * MIB }, null]);
});
