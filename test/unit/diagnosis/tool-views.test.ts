import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolViews } from '../../../src/diagnosis/tool-views.ts';
import type { ViewId } from '../../../src/diagnosis/types.ts';
import { ruleContext } from '../../support/rule-context.ts';

/** usage 1,000 = anon 300 + cache 600 (shmem 50, inactive 400) + kernel 100. */
const values = {
  usage: 1000,
  anon: 300,
  file: 600,
  shmem: 50,
  inactive_file: 400,
  active_file: 150,
  kernel: 100,
  file_mapped: 20,
};
const { jvm } = ruleContext({ jvm: { heapUsed: { value: 120, atMs: 0 }, heapCommitted: { value: 250, atMs: 0 } } });

const shown = (version: 1 | 2, id: ViewId, of = jvm) => toolViews(values, version, 330, of).find((view) => view.id === id)!.bytes;

test('each tool shows its own number for the same container', () => {
  const expected = {
    'kubectl-top': 600,
    'cadvisor-usage': 1000,
    'cadvisor-rss': 300,
    'docker-stats': 600,
    'ps-rss': 330,
    'coroot-rss': 320,
    'micrometer-heap-used': 120,
    'micrometer-heap-committed': 250,
    'nmt-committed': null,
    free: null,
  } as const;
  for (const [id, bytes] of Object.entries(expected)) assert.equal(shown(2, id as ViewId), bytes, id);
});

test('podman and ECS count differently on cgroup v1 and v2', () => {
  assert.deepEqual([shown(1, 'podman-stats'), shown(2, 'podman-stats')], [1000, 300]);
  assert.deepEqual([shown(1, 'ecs-memory-utilized'), shown(2, 'ecs-memory-utilized')], [400, 1000]);
});

test('without a JVM its own figures are unknown, not zero', () => {
  assert.equal(shown(2, 'micrometer-heap-used', null), null);
});

test('the largest number comes first, and what is not known comes last', () => {
  const bytes = toolViews(values, 2, 330, jvm).map((view) => view.bytes);
  const known = bytes.filter((b) => b !== null);
  assert.deepEqual(
    known,
    [...known].sort((a, b) => b - a),
  );
  assert.deepEqual(bytes.slice(known.length), [null, null]);
});
