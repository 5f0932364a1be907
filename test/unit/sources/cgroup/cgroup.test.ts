import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldName } from '../../../../src/fields.ts';
import { parseCgroupV1, V1_FILES } from '../../../../src/sources/cgroup/cgroup-v1.ts';
import { parseCgroupV2, V2_FILES } from '../../../../src/sources/cgroup/cgroup-v2.ts';
import { containerId, slug } from '../../../../src/sources/cgroup/container-id.ts';
import { belowMount, parseCgroupMounts, parseProcCgroup } from '../../../../src/sources/cgroup/mountinfo.ts';
import { parseFincore } from '../../../../src/sources/files/fincore.ts';
import { parseStatus } from '../../../../src/sources/process/procfs.ts';

const V1 = {
  'memory.stat':
    'cache 1000\nrss 2000\nshmem 0\nmapped_file 0\ninactive_file 900\nhierarchical_memory_limit 805306368\ntotal_cache 822972416\ntotal_rss 652750848\ntotal_shmem 0\ntotal_mapped_file 86016\ntotal_inactive_file 822886400\ntotal_active_file 86016\n',
  'memory.usage_in_bytes': '1480000000\n',
  'memory.limit_in_bytes': '9223372036854771712\n',
  'memory.kmem.usage_in_bytes': '638976\n',
  'memory.failcnt': '3\n',
  'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
};
const V2 = {
  'memory.stat':
    'anon 100000\nfile 5000\nkernel_stack 10\npagetables 20\npercpu 5\nsock 7\nvmalloc 1\nshmem 1000\nfile_mapped 10\nactive_file 1000\ninactive_file 3000\nslab_reclaimable 50\nslab_unreclaimable 30\nslab 80\nworkingset_refault_file 4\n',
  'memory.current': '120000\n',
  'memory.max': 'max\n',
  'memory.events': 'low 0\nhigh 0\nmax 1185\noom 0\noom_kill 1\n',
  'memory.pressure':
    'some avg10=1.50 avg60=0.00 avg300=0.00 total=3000000\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=1250000\n',
};

test('v1 sums are the total_ figures, under the canonical names of v2', () => {
  const { values, limitBytes } = parseCgroupV1(V1);
  assert.deepEqual(
    [
      values.usage,
      values.anon,
      values.file,
      values.shmem,
      values.inactive_file,
      values.file_mapped,
      values.kernel,
      values.oom_kill,
      values.limit_hits,
    ],
    [1_480_000_000, 652_750_848, 822_972_416, 0, 822_886_400, 86_016, 638_976, 2, 3],
  );
  assert.equal(values.working_set, 1_480_000_000 - 822_886_400);
  assert.equal(limitBytes, 805_306_368, 'the tighter of the own limit and that of the groups above');
});

test('no limit is the word max, never a number that JavaScript cannot hold', () => {
  const unlimited = { ...V1, 'memory.stat': V1['memory.stat'].replace('805306368', '9223372036854771712') };
  assert.equal(parseCgroupV1(unlimited).limitBytes, 'max');
  assert.equal(
    parseCgroupV1({ ...unlimited, 'memory.limit_in_bytes': '9223372036854710272\n' }).limitBytes,
    'max',
    'with 64 KiB pages',
  );
  assert.equal(parseCgroupV2(V2).limitBytes, 'max');
  assert.equal(parseCgroupV2({ ...V2, 'memory.max': '268435456\n' }).limitBytes, 268_435_456);
});

test('a value that the kernel does not have is not there, and not 0', () => {
  assert.equal('slab' in parseCgroupV1(V1).values, false);
  const { 'memory.events': _, 'memory.pressure': __, ...rest } = V2;
  const bare = parseCgroupV2(rest);
  assert.equal('oom_kill' in bare.values, false);
  assert.equal('psi_full_seconds' in bare.values, false);
});

test('v2 kernel memory is summed from its parts if the kernel does not report it', () => {
  assert.equal(parseCgroupV2(V2).values.kernel, 10 + 20 + 5 + 1 + 80);
  assert.equal(parseCgroupV2({ ...V2, 'memory.stat': `${V2['memory.stat']}kernel 999\n` }).values.kernel, 999);
});

test('throttling at memory.high and time stalled on memory are fields; no throttling limit is no field', () => {
  const { values } = parseCgroupV2({ ...V2, 'memory.high': '200000\n', 'memory.events': 'low 0\nhigh 12\nmax 0\n' });
  assert.deepEqual([values.high, values.high_hits, values.psi_full_seconds], [200_000, 12, 1.25]);
  assert.equal('high' in parseCgroupV2({ ...V2, 'memory.high': 'max\n' }).values, false);
  const without = parseCgroupV2({ ...V2, 'memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n' });
  assert.equal('psi_full_seconds' in without.values, false);
});

test('the files that are read are those of the table of fields and of the limit', () => {
  assert.deepEqual([...V2_FILES].sort(), [
    'memory.current',
    'memory.events',
    'memory.high',
    'memory.max',
    'memory.pressure',
    'memory.stat',
    'memory.swap.current',
    'memory.swap.max',
  ]);
  assert.deepEqual([...V1_FILES].sort(), [
    'memory.failcnt',
    'memory.kmem.tcp.usage_in_bytes',
    'memory.kmem.usage_in_bytes',
    'memory.limit_in_bytes',
    'memory.memsw.limit_in_bytes',
    'memory.memsw.usage_in_bytes',
    'memory.oom_control',
    'memory.stat',
    'memory.usage_in_bytes',
  ]);
});

test('further keys of memory.stat are fields under their own name', () => {
  assert.equal(parseCgroupV2(V2).values[fieldName('workingset_refault_file')], 4);
});

test('an inactive_file above usage gives a working set of 0, not below', () => {
  assert.equal(parseCgroupV2({ ...V2, 'memory.current': '1000\n' }).values.working_set, 0);
});

test('a text that is not of the kernel names its file and line', () => {
  assert.throws(
    () => parseCgroupV2({ ...V2, 'memory.stat': 'anon 1\nfile x\n' }),
    /memory.stat line 2: expected "key number", found "file x"/,
  );
  assert.throws(() => parseCgroupV2({ ...V2, 'memory.current': '' }), /memory.current: expected a number/);
  assert.throws(() => parseCgroupV1({}), /must have memory.stat/);
});

const ID = `${'a'.repeat(63)}1`;
test('a container id is found in the paths of docker, containerd, CRI-O and podman', () => {
  for (const path of [
    `/docker/${ID}`,
    `/system.slice/docker-${ID}.scope`,
    `/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/${ID}`,
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e.slice/cri-containerd-${ID}.scope`,
    `/kubepods.slice/kubepods-pod0f1e.slice/crio-${ID}.scope`,
    `/libpod_parent/pod/libpod-${ID}`,
    `/machine.slice/libpod-${ID}.scope/container`,
    `/../cri-containerd-${ID}.scope`,
    `/system.slice/containerd.service/kubepods-burstable-pod0f1e.slice:cri-containerd:${ID}`,
  ]) {
    assert.equal(containerId(path), ID, path);
  }
  for (const path of ['/', '/user.slice/user-1000.slice/session-3.scope', `/machine.slice/libpod-conmon-${ID}.scope`])
    assert.equal(containerId(path), null, path);
  assert.match(slug('/user.slice/user-1000.slice/session-3.scope'), /^[a-z0-9._-]+$/);
});

test('a group is found below its mount, and equal ways up of a namespace cancel', () => {
  assert.equal(belowMount('/kubepods/a', '/'), '/kubepods/a');
  assert.equal(belowMount('/kubepods/a', '/kubepods/a'), '');
  assert.equal(belowMount('/kubepods/a/b', '/kubepods/a'), '/b');
  assert.equal(belowMount('/../cri-x.scope', '/../cri-x.scope'), '');
  assert.equal(belowMount('/kubepods/ab', '/kubepods/a'), null);
  assert.equal(belowMount('/../x', '/'), null);
});

test('cgroup mounts are read from mountinfo, the later one first, and octal escapes are undone', () => {
  const text = [
    '30 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755',
    '31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    '35 30 0:30 /docker/a /sys/fs/cgroup/memory ro master:1 - cgroup cgroup rw,memory',
    '36 30 0:31 / /mnt/with\\040space rw - cgroup cgroup rw,cpu,cpuacct',
  ].join('\n');
  assert.deepEqual(
    parseCgroupMounts(text).map((m) => [m.version, m.root, m.mountPoint]),
    [
      [1, '/', '/mnt/with space'],
      [1, '/docker/a', '/sys/fs/cgroup/memory'],
      [2, '/', '/sys/fs/cgroup/unified'],
    ],
  );
});

test('in a hybrid hierarchy the memory controller is at the path of its v1 line', () => {
  assert.deepEqual(parseProcCgroup('4:memory:/a\n0::/\n'), { v1Memory: '/a', v2: '/' });
  assert.deepEqual(parseProcCgroup('0::/../cri-x.scope\n'), { v1Memory: null, v2: '/../cri-x.scope' });
});

test('a status has the ids of a process in the innermost namespace', () => {
  const s = parseStatus(
    'Name:\tja\\nva\nPid:\t42\nPPid:\t1\nUid:\t1000\t1000\t1000\t1000\nGid:\t1001\t1001\t1001\t1001\nNSpid:\t42\t1\nVmRSS:\t  2048 kB\nThreads:\t17\nCapPrm:\t0000000000000008\nSigCgt:\t2000000181005ccf\n',
  );
  assert.deepEqual(
    [s.name, s.pid, s.nspid, s.uid, s.gid, s.threads, s.vmRssBytes, s.catchesSigquit],
    ['ja\nva', 42, 1, 1000, 1001, 17, 2 ** 21, true],
  );
  assert.equal(parseStatus('Name:\tkthreadd\nPid:\t2\n').vmRssBytes, null);
});

test('a file of which fincore said nothing is null, not 0', () => {
  assert.deepEqual(parseFincore('   8192 /proc/self/fd/3\n', ['/proc/self/fd/3', '/proc/self/fd/4']), [8192, null]);
});
