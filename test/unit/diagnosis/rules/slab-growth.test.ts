import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slabGrowth } from '../../../../src/diagnosis/rules/slab-growth.ts';
import { applyRule, causeShare, type Given } from '../../../support/rule-context.ts';

const growing = (reclaimable: boolean, over: Given = {}) =>
  applyRule(slabGrowth, {
    ...over,
    evaluation: { trend: 'growing', leak: !reclaimable, causes: [causeShare('slab', 31e6, { reclaimable })] },
  });
const V1 = { target: { cgroup: { version: 1, path: '/x' } } } as const;
const GROWS = 'Kernel memory grows 31 MB an hour on its own';

test('unreclaimable kernel memory is a warning', () => {
  assert.deepEqual(growing(false, { values: { kernel: 900, slab_reclaimable: 100, slab_unreclaimable: 700 } }), {
    id: 'slab-growth',
    headline: `${GROWS}: kernel objects that the kernel cannot take back.`,
    severity: 'warn',
    title: 'Kernel memory grows',
    evidence: { bytesPerHour: 31e6, kernelBytes: 900, slabReclaimableBytes: 100, slabUnreclaimableBytes: 700 },
    advice:
      'Find the kernel objects that grow: `slabtop -o -s c` on the node sorts them by size. sock_inode_cache, eventpoll, filp: descriptors that are never closed (`ls /proc/PID/fd | wc -l`). inotify_inode_mark: watches on files (`grep -c inotify /proc/PID/fdinfo/*`). nf_conntrack: connections. task_struct, pid: processes and threads that never end. What a process holds is freed when it ends.',
  });
});

test('reclaimable slab is an info finding without an end', () => {
  const found = growing(true);
  assert.equal(found?.headline, `${GROWS}: dentries and inodes of many files, and the kernel takes them back at the limit.`);
  assert.equal(found?.severity, 'info');
  assert.equal(found?.title, 'Reclaimable slab grows: many files are looked up or created');
});

test('without a limit what stays ends where the node runs short, and what is reclaimable is taken back then', () => {
  const series = { limitBytes: 'max' } as const;
  assert.match(growing(false, { series })?.headline ?? '', /cannot take back\. No limit is set: it grows until the node/);
  assert.match(growing(true, { series })?.headline ?? '', /takes them back when the node runs short of memory\.$/);
});

test('cgroup v1 cannot say which of the two it is, unless what holds it was counted', () => {
  assert.equal(
    growing(true, V1)?.headline,
    `${GROWS}: cgroup v1 does not say how much of it the kernel can take back; dentries and inodes can be.`,
  );
  assert.equal(growing(false, V1)?.headline, `${GROWS}: kernel objects that the kernel cannot take back.`);
});
