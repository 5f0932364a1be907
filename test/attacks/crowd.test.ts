import assert from 'node:assert/strict';
import { closeSync, mkdirSync, type Stats, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileSet } from '../../src/sources/files/file-set.ts';
import { queryPriority, type TrackedFile } from '../../src/sources/files/tracked-files.ts';
import { openHsperfFile } from '../../src/sources/jvm/jvm-detection.ts';
import { findTargets } from '../../src/sources/target/target-search.ts';
import { ANY_TARGET } from '../support/any-target.ts';
import { times } from '../support/attacked.ts';
import { MadeTree } from '../support/made-tree.ts';

const uid = process.getuid!();

test('a /tmp of more names than are read still gives the counters of the JVM, by the name of its user', (t) => {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'app' });
  const root = join(tree.roots.proc, '10/root');
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), `root:x:99999:0::/:/bin/sh\napp:x:${uid}:0::/:/bin/sh\n`);
  for (let i = 0; i < times(12_000); i++) writeFileSync(join(root, 'tmp', `leak-${i}`), '');
  const found = openHsperfFile(tree.roots.proc, 10, { uid, nspid: 10 });
  assert.equal(found?.state, 'opened');
  if (found?.state === 'opened') closeSync(found.fd);
  assert.equal(openHsperfFile(tree.roots.proc, 10, { uid, nspid: 11 }), null);
});

test('a search through a crowd of processes called java lets others have their turn, and says how many it had no time for', {
  timeout: 120_000,
}, async (t) => {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  const count = times(400);
  for (let pid = 100; pid < 100 + count; pid++)
    tree.run({ pid, startTicks: pid, rssMiB: 1, group: `app-${pid % 100}`, command: `Main${pid}` });
  let turns = 0;
  const turn = (): void => {
    turns++;
    if (!done) setImmediate(turn);
  };
  let done = false;
  setImmediate(turn);
  const found = await findTargets({ ...ANY_TARGET, roots: tree.roots });
  done = true;
  assert.ok(found.state === 'found');
  assert.ok(turns > 2, `${turns} turns`);
  assert.ok(found.targets.length <= 64, `${found.targets.length} targets`);
  assert.ok(found.skipped >= 0 && found.skipped < count);
});

test('the JVMs of many cgroups are 64 targets at most, also where several share one', async (t) => {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  for (let pid = 100; pid < 169; pid++)
    tree.run({ pid, startTicks: pid, rssMiB: 1, group: `app-${pid % 23}`, command: `Main${pid}` });
  const found = await findTargets({ ...ANY_TARGET, roots: tree.roots });
  assert.ok(found.state === 'found');
  // A slow machine may not have seen all of them within the time of a search.
  assert.ok(found.targets.length <= 64 && found.targets.length + found.skipped >= 60, `${found.targets.length} targets`);
});

test('of many JVMs in one cgroup some are named', async (t) => {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  for (let pid = 100; pid < 140; pid++)
    tree.run({ pid, startTicks: pid, rssMiB: 1, group: 'app', command: `${'M'.repeat(5000)}${pid}` });
  const found = await findTargets({ ...ANY_TARGET, roots: tree.roots });
  assert.ok(found.state === 'found');
  for (const { otherJvms } of found.targets) {
    assert.equal(otherJvms.length, 16);
    assert.ok(otherJvms.every(({ name }) => name.length <= 201));
  }
});

test('a file that is written is queried before a thousand mapped ones that never were', () => {
  const file = (more: Partial<TrackedFile>): TrackedFile => ({
    ...new FileSet(1).track('/a', { size: 2 ** 30, blocks: 2 ** 21 } as Stats, 0)!,
    ...more,
  });
  const residency = {
    residentBytes: 4096,
    dirtyBytes: 0,
    residency: { state: 'known', method: 'mincore' },
    fileSystem: null,
  } as const;
  const openBy = [{ pid: 1, fd: 1, mode: 'w' }] as unknown as TrackedFile['openBy'];
  const log = file({ openBy, residency, queriedAtMs: 1000 });
  assert.ok(queryPriority(log, 2000) > queryPriority(file({ mapped: true }), 2000));
  assert.ok(queryPriority(file({ mapped: true }), 2000) > queryPriority(file({ residency, queriedAtMs: 1000 }), 2000));
});
