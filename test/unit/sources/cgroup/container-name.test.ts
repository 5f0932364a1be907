import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesContainerName } from '../../../../src/sources/cgroup/container-name.ts';

const UID = 'a45f46f0-20be-45ab-ace6-b77e8e2f062c';
/** Lines as proc_pid_mountinfo(5) describes them, in the forms that nodes are known to have. */
const mountinfo = (termination: string) => `1535 1517 0:30 / /proc rw,nosuid - proc proc rw
1536 1519 8:1 /var/lib/kubelet/pods/${UID}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
${termination}
1538 1517 8:1 /var/lib/kubelet/pods/${UID}/volumes/kubernetes.io~empty-dir/containers/logs/0a1b2c3d/more /var/log rw - ext4 /dev/sda1 rw
`;

test('the name of a container is read from the mount of its termination log, wherever the node keeps it and the pod mounts it', () => {
  const roots = {
    'a node whose /var/lib is on the root file system': `/var/lib/kubelet/pods/${UID}`,
    'a node whose /var/lib is a volume': `/kubelet/pods/${UID}`,
    'a node whose kubelet folder is a volume': `/pods/${UID}`,
    'a node that is a container of docker': `/docker/volumes/minikube/_data/lib/kubelet/pods/${UID}`,
    'a static pod': '/var/lib/kubelet/pods/0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  };
  for (const [node, root] of Object.entries(roots))
    for (const point of ['/dev/termination-log', '/tmp/last-words'])
      assert.equal(
        kubernetesContainerName(
          mountinfo(`1537 1519 8:1 ${root}/containers/orders-api/e3d5dec7 ${point} rw,relatime - ext4 /dev/sda1 rw`),
        ),
        'orders-api',
        node,
      );
});

test('no other mount is taken for it', () => {
  for (const line of [
    `1537 1519 8:1 / /var/lib/kubelet/pods/${UID}/containers/orders/e3d5dec7 rw - ext4 /dev/sda1 rw`,
    `1537 1519 8:1 /var/lib/kubelet/pods/${UID}/containers/Orders/e3d5dec7 /dev/termination-log rw - ext4 /dev/sda1 rw`,
    `1537 1519 8:1 /var/lib/kubelet/pods/${UID}/containers/orders/e3d5dec7/x /dev/termination-log rw - ext4 /dev/sda1 rw`,
    '1537 1519 8:1 /var/lib/docker/containers/c0316cc3b633d0ba/hostname /etc/hostname rw - ext4 /dev/sda1 rw',
    '',
  ])
    assert.equal(kubernetesContainerName(mountinfo(line)), null, line);
});
