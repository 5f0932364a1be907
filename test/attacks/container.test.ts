import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHsperfdata } from '../../src/sources/jvm/hsperfdata.ts';
import { attackedMemhound, watched } from '../support/attacked.ts';
import { MadeTree } from '../support/made-tree.ts';
import { MEMHOUND } from '../support/memhound.ts';
import { run, start } from '../support/process.ts';

const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066<img src=x onerror=alert(1)>"\'\\\r';
/** Characters that a terminal obeys, or that turn the text around. */
const OBEYED = /(?![\n\t])\p{Cc}|\p{Bidi_Control}/u;

test('names of a container with escapes, turning characters and markup reach no terminal, no log line and no metric as they are', {
  timeout: 60_000,
}, async (t) => {
  const { hound, tree } = await attackedMemhound(t);
  const live = hound.live();
  tree.run({
    pid: 10,
    startTicks: 100,
    rssMiB: 200,
    group: 'app',
    container: 'app',
    command: `com.acme.${ESCAPES}Main ${ESCAPES}`,
  });
  tree.run({ pid: 11, startTicks: 100, rssMiB: 300, group: 'app', container: 'app', process: `x${ESCAPES}\n` });
  tree.setMembers(10, [10, 11]);
  for (let i = 0; i < 3; i++) await live.next('sample', 20_000);
  const roots = ['--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup];
  const explained = await run(process.execPath, [MEMHOUND, 'explain', ...roots]);
  const printed = explained.stdout + explained.stderr;
  assert.match(printed, /owned/, 'the name is shown');
  assert.doesNotMatch(printed, OBEYED);
  const metrics = await (await fetch(`${hound.opsUrl}/metrics`)).text();
  assert.doesNotMatch(metrics, OBEYED);
  assert.doesNotMatch(hound.running.output(), OBEYED);
  live.close();
});

test('files of /proc and hsperfdata that change, shrink, turn into links or have huge counts at each look cost no tick', {
  timeout: 120_000,
}, async (t) => {
  const { hound, tree } = await attackedMemhound(t);
  const holds = await watched(hound);
  const live = hound.live();
  const dir = join(tree.roots.proc, '10');
  const perf = join(dir, 'root/tmp/hsperfdata_app/10');
  const group = join(dir, 'root/sys/fs/cgroup');
  const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const counters: readonly (() => void)[] = [
    () => truncateSync(perf, 31),
    () => truncateSync(perf, 2 ** 40),
    () => writeFileSync(perf, Buffer.alloc(32 * 1024, 0xff)),
    () => {
      // The header of a file with 2^31 - 1 entries that begin at its end.
      const header = Buffer.alloc(4096);
      header.writeUInt32BE(0xcafec0c0, 0);
      header.set([1, 2, 0, 1], 4);
      header.writeInt32LE(0x7fffffff, 8);
      header.writeInt32LE(4095, 24);
      header.writeInt32LE(0x7fffffff, 28);
      writeFileSync(perf, header);
    },
    () => {
      unlinkSync(perf);
      symlinkSync('/proc/self/environ', perf);
    },
  ];
  const others: readonly (() => void)[] = [
    () =>
      writeFileSync(
        join(dir, 'mountinfo'),
        lines(20_000, (i) => `${i} 37 0:24 / /m${i}\\012x rw - overlay none rw,lowerdir=/a\\012b:${'c'.repeat(200)}`),
      ),
    () => writeFileSync(join(dir, 'cmdline'), Buffer.alloc(4 * 1024 * 1024, 'a\0')),
    () =>
      writeFileSync(
        join(dir, 'status'),
        lines(20_000, (i) => `VmRSS:\t${i}e99 kB`),
      ),
    () => writeFileSync(join(dir, 'cgroup'), `0::/../../../${'x'.repeat(5000)}\u202e\n`),
    () =>
      writeFileSync(
        join(group, 'cgroup.procs'),
        lines(100_000, (i) => String(i)),
      ),
    () =>
      writeFileSync(
        join(group, 'memory.stat'),
        lines(100_000, (i) => `key${i} ${i}`),
      ),
    () => renameSync(join(group, 'memory.stat'), join(group, 'memory.stat.old')),
  ];
  const restore = (): void => {
    rmSync(perf, { force: true });
    tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'app', container: 'app' });
  };
  for (let i = 0; i < Math.max(counters.length, others.length); i++) {
    restore();
    counters[i]?.();
    others[i]?.();
    await live.next('sample', 30_000);
  }
  restore();
  await live.next('sample', 30_000);
  const everything = JSON.stringify(
    await Promise.all(['targets', 'jvm', 'ledger', 'verdict'].map(async (name) => (await hound.get(`/api/v1/${name}`)).body)),
  );
  assert.doesNotMatch(everything, /PATH=/, 'no file of memhound is read through a link');
  live.close();
  await holds({ mib: 60, ticks: 3 });
});

test('hsperfdata that another process cuts, lengthens and rewrites while it is read is read as far as it goes, or refused in words', {
  timeout: 60_000,
}, async (t) => {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'app', container: 'app' });
  const file = join(tree.roots.proc, '10/root/tmp/hsperfdata_app/10');
  // It is mapped and written in place, as by a JVM: read(2) gives less where there is less, and no signal.
  const writer = start([
    process.execPath,
    [
      '-e',
      `const fs = require('node:fs'), fd = fs.openSync(${JSON.stringify(file)}, 'r+'), whole = fs.readFileSync(fd);
      const cut = () => fs.ftruncateSync(fd, Math.floor(Math.random() * whole.length));
      const odd = () => fs.writeSync(fd, Buffer.from([Math.random() * 256]), 0, 1, Math.floor(Math.random() * whole.length));
      const restore = () => fs.writeSync(fd, whole, 0, whole.length, 0);
      const longer = () => fs.ftruncateSync(fd, whole.length + 4096);
      const steps = [cut, restore, odd, restore, longer, restore];
      process.stdin.on('end', () => process.exit()).resume();
      console.log('ready');
      (function more() { for (let i = 0; i < 600; i++) steps[i % 6](); setImmediate(more); })();`,
    ],
  ]);
  t.after(() => writer.stop());
  await writer.line((line) => line === 'ready');
  const process10 = { pid: 10, nspid: 10, startTicks: 100, uid: process.getuid!(), gid: process.getgid!(), name: 'java' };
  const reader = openHsperfdata({ roots: tree.roots, process: process10 });
  t.after(() => reader.close());
  const seen = { read: 0, failed: 0, absent: 0 };
  for (let i = 0; i < 100_000; i++) {
    const reading = reader.read(1.7e12 + i);
    seen[reading.state]++;
    if (reading.state === 'failed') assert.doesNotMatch(reading.error, /DataView|offset|RangeError|undefined/i);
    if (reading.state === 'read')
      for (const { value } of [reading.value.heapUsed, reading.value.heapCommitted]) assert.ok(value >= 0 && value <= 2 ** 54);
  }
  assert.ok(seen.read > 0 && seen.failed > 0, JSON.stringify(seen));
});
