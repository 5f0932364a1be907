import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runOf } from '../../../../src/inputs/prometheus/container-key.ts';

const ID = '3f'.repeat(32);

test('a container whose cgroup has another path, with the same id at its end, was not restarted', () => {
  const run = runOf({ id: `/kubepods/burstable/pod1/${ID}` });
  assert.equal(
    runOf({ id: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${ID}.scope` }),
    run,
  );
  assert.equal(runOf({ id: `/docker/${'a0'.repeat(32)}/kubelet/kubepods/burstable/pod1/${ID}` }), run);
});

test('another id, and a cgroup below that of a container, are other runs', () => {
  const run = runOf({ id: `/kubepods/burstable/pod1/${ID}` });
  assert.notEqual(runOf({ id: `/kubepods/burstable/pod1/${'40'.repeat(32)}` }), run);
  assert.notEqual(runOf({ id: `/kubepods/burstable/pod1/${ID}/init.scope` }), run);
  assert.notEqual(runOf({ id: '/system.slice/app.service' }), runOf({ id: '/system.slice/other.service' }));
});
