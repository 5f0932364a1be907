import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { podCgroup } from '../../../../src/sources/cgroup/pod-cgroup.ts';

const UID = '8f2c1f0e-6d1c-4a6e-9c0b-2f1a3b4c5d6e';
const UNDERSCORED = UID.replaceAll('-', '_');

function find(folders: readonly string[], uid = UID): string | null {
  const cgroup = mkdtempSync(join(tmpdir(), 'memhound-pods-'));
  try {
    for (const folder of folders) mkdirSync(join(cgroup, folder), { recursive: true });
    return podCgroup({ proc: '/proc', cgroup }, uid)?.slice(cgroup.length + 1) ?? null;
  } finally {
    rmSync(cgroup, { recursive: true });
  }
}

test("a pod's group is found under both drivers of the kubelet, on v1 and v2, of every class of service", () => {
  for (const pod of [
    `memory/kubepods/burstable/pod${UID}`,
    `memory/kubepods/pod${UID}`,
    `memory/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDERSCORED}.slice`,
    `kubepods.slice/kubepods-pod${UNDERSCORED}.slice`,
    `kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${UNDERSCORED}.slice`,
  ])
    assert.equal(find(['cpu/kubepods', `${pod}/cri-containerd-1234.scope`, 'memory/system.slice']), pod);
});

test('the memory controller is used if several v1 controllers have the pod', () => {
  assert.equal(find([`cpu/kubepods/pod${UID}`, `memory/kubepods/pod${UID}`]), `memory/kubepods/pod${UID}`);
});

test('another pod is not taken, nor one whose uid only begins alike', () => {
  assert.equal(find([`memory/kubepods/pod${UID}0`, 'memory/kubepods/pod00000000-0000-0000-0000-000000000000']), null);
});
