import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import koffi from 'koffi';
import { fileSystemType, openCgroupFile } from '../../src/sources/cgroup/cgroup-files.ts';
import { PageCacheScanner } from '../../src/sources/files/page-cache-scanner.ts';
import { type PinResult, pin, pinLink, pinUnder } from '../../src/sources/process/pinned-path.ts';
import { mountsOf, O_PATH, parseMounts } from '../../src/sources/process/remote-mounts.ts';
import { attackedMemhound } from '../support/attacked.ts';
import { watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { processRef, ROOTS } from '../support/process-ref.ts';

const MNT_DETACH = 2;

/** A FUSE file system whose program never answers: each call on it waits for ever. */
function deadVolume(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-fuse-'));
  const { answer } = hangFolder(t, dir);
  t.after(() => {
    answer();
    rmdirSync(dir);
  });
  return dir;
}

/**
 * Mounts a dead volume over a folder, so that any use of its path waits for ever, and takes it away again. `seconds`: it fails after so long,
 * also when this process waits for it itself.
 */
function hangFolder(t: TestContext, dir: string, seconds = Number.POSITIVE_INFINITY) {
  const libc = koffi.load(null);
  const mount = libc.func('int mount(str source, str target, str type, ulong flags, str data)');
  const umount2 = libc.func('int umount2(str target, int flags)');
  const fd = openSync('/dev/fuse', 'r+');
  assert.equal(mount('dead', dir, 'fuse', 0, `fd=${fd},rootmode=40000,user_id=0,group_id=0`), 0);
  const holder =
    seconds < Number.POSITIVE_INFINITY ? spawn('sleep', [`${seconds}`], { stdio: ['ignore', 'ignore', 'ignore', fd] }) : null;
  if (holder !== null) closeSync(fd);
  let ended = false;
  const answer = () => {
    if (ended) return;
    ended = true;
    umount2(dir, MNT_DETACH);
    // A waiting process gets ENOTCONN.
    if (holder === null) closeSync(fd);
    else holder.kill();
  };
  t.after(answer);
  return { answer, takeAway: () => assert.equal(umount2(dir, MNT_DETACH), 0) };
}

const fifo = (path: string): void => {
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
};

// By itself: the others mount volumes of the same namespace while they run, and the mounts of a second ago count.
test('a volume of the container that never answers costs its own files, and nothing else', {
  skip: missingRequirements('mount'),
  timeout: 60_000,
}, async (t) => {
  const dead = deadVolume(t);
  const app = spawn('sleep', ['1000']);
  await once(app, 'spawn');
  t.after(() => app.kill());
  const hound = await watch(['--pid', String(app.pid), '--every', '1s']);
  t.after(() => hound.stop('SIGKILL'));
  const live = hound.live();
  for (let i = 0; i < 8; i++) await live.next('sample', 10_000);
  live.close();
  assert.equal((await hound.get('/readyz')).status, 200);
  assert.equal((await hound.get('/api/v1/ledger')).status, 200);
  const reason = `${dead} is a mount of type fuse, which may never answer: its files are not asked`;
  const row = (await hound.files()).find(({ method }) => method === `unknown: ${reason}`);
  assert.deepEqual([row?.kind, row?.files, row?.residentBytes], ['unqueried', 0, null]);
  const said = hound.running
    .output()
    .split('\n')
    .filter((line) => line.includes(reason));
  assert.equal(said.length, 1, 'the log says it once');
  assert.equal((await hound.stop()).code, 0);
});

test('a file that is open on a volume which was taken away has a row that says that it is not asked, and memory without a name is asked', {
  skip: missingRequirements('mount'),
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-fuse-'));
  t.after(() => rmdirSync(dir));
  const libc = koffi.load(null);
  assert.equal(libc.func('int mount(str source, str target, str type, ulong flags, str data)')('none', dir, 'tmpfs', 0, ''), 0);
  const lost = openSync(join(dir, 'app.log'), 'w');
  assert.equal(libc.func('int umount2(str target, int flags)')(dir, MNT_DETACH), 0);
  const memory: number = libc.func('int memfd_create(str name, uint flags)')('cache', 0);
  t.after(() => [lost, memory].forEach(closeSync));
  ftruncateSync(memory, 2 ** 20);
  const self = processRef(process.pid);
  const scanner = new PageCacheScanner({ roots: ROOTS, process: self, pids: () => [self.pid] });
  t.after(() => scanner.close());
  const rows = await scanner.scan(Date.now(), { fileBytes: 0, shmemBytes: 0 });
  const row = rows.find(({ openBy }) => openBy.some(({ fd }) => fd === lost));
  assert.deepEqual([row?.kind, row?.files, row?.sizeBytes], ['unqueried', 1, null]);
  assert.match(
    row?.residency.state === 'unknown' ? row.residency.reason : '',
    /app\.log is open on a mount that was taken away .* not asked$/,
  );
  const asked = rows.find(({ openBy }) => openBy.some(({ fd }) => fd === memory));
  assert.deepEqual([asked?.path, asked?.deleted], ['/memfd:cache', true]);
});

test('a volume that is mounted or taken away in the moment of a look is not asked', {
  skip: missingRequirements('mount'),
}, (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-fuse-'));
  t.after(() => rmdirSync(dir));
  const root = `/proc/${process.pid}/root`;
  assert.equal(mountsOf(root).isRemotePath(dir), false);
  const { takeAway } = hangFolder(t, dir, 5);
  const code = (found: PinResult) => (found.state === 'refused' ? found.code : found.stat.ino);
  assert.equal(mountsOf(root).isRemotePath(dir), false, 'the list is that of a moment ago');
  assert.equal(code(pinUnder(root, dir)), 'EREMOTE');
  assert.equal(code(pinUnder(root, `${dir}/a/b`)), 'EREMOTE');
  assert.equal(code(pin(dir, '/proc/self')), 'EREMOTE');
  assert.throws(() => openCgroupFile(`${root}${dir}/memory.stat`), /is covered by a mount that may never answer/);
  assert.throws(() => fileSystemType(`${root}${dir}`), /is covered by a mount that may never answer/);
  const fd = openSync(dir, O_PATH);
  t.after(() => closeSync(fd));
  assert.equal(code(pinLink('/proc/self', `fd/${fd}`)), 'EREMOTE');
  takeAway();
  assert.equal(code(pinLink('/proc/self', `fd/${fd}`)), 'EREMOTE', 'it is in no list any more');
});

// They mostly wait for the seconds after which a volume counts as dead. Each has its own folders.
describe('what never answers', { concurrency: true }, () => {
  test('which mounts may never answer is known from their type, the one on top counts, and the root is the container itself', () => {
    const line = (id: number, point: string, type: string) => `${id} 1 0:${id} / ${point} rw,relatime - ${type} none rw`;
    const mounts = parseMounts(
      [
        line(1, '/', 'fuse.fuse-overlayfs'),
        line(2, '/bucket', 'fuse.gcsfuse'),
        line(3, '/bucket/cache', 'tmpfs'),
        line(4, '/with\\040space', 'nfs4'),
        line(5, '/twice', 'fuse.sshfs'),
        line(6, '/twice', 'ext4'),
        line(7, '/log/app.log', 'fuse'),
      ].join('\n'),
    );
    const remote = (path: string): boolean => mounts.isRemotePath(path);
    assert.deepEqual(
      ['/bucket', '/bucket/a/b', '/with space/x', '/log/app.log', '//bucket//a/'].map(remote),
      Array(5).fill(true),
    );
    assert.deepEqual(['/', '/tmp/a', '/bucket/cache/a', '/buckets', '/twice/a', '/log'].map(remote), Array(6).fill(false));
    assert.deepEqual([1, 2, 4, 3].map(mounts.isRemoteId), [false, true, true, false]);
    assert.deepEqual(parseMounts(line(1, '/', 'overlay')).remote, []);
  });

  test('a data folder whose volume stops to answer costs the storing alone, until it answers again', {
    skip: missingRequirements('mount'),
    timeout: 120_000,
  }, async (t) => {
    const { hound, data } = await attackedMemhound(t, { days: 1 });
    const live = hound.live();
    await live.next('sample', 10_000);
    const missed = async () => (await hound.get<{ missedTicks: number }>('/api/v1/self')).body.missedTicks;
    const before = await missed();
    const { answer } = hangFolder(t, data);
    const reason = async () => (await hound.get<string>('/readyz')).body;
    while (!/history cannot be stored/.test(await reason())) await live.next('sample', 30_000);
    for (let i = 0; i < 3; i++) await live.next('sample', 10_000);
    // A tick each second: before, all of the ten seconds were missed after which the volume counts as dead.
    assert.ok((await missed()) - before < 8, 'a tick does not wait for the volume');
    assert.equal((await hound.get('/readyz')).status, 200);
    assert.equal((await hound.get('/api/v1/samples?envelope=true')).status, 200);
    const { body } = await hound.get<{ history: unknown }>('/api/v1/self');
    assert.match(JSON.stringify(body), /the volume has not answered for \d+ s/);
    answer();
    while (/history cannot be stored/.test(await reason())) await live.next('sample', 10_000);
    live.close();
    assert.equal((await hound.stop()).code, 0);
  });

  test('with a data folder that never answers memhound starts, samples and ends', {
    skip: missingRequirements('mount'),
    timeout: 120_000,
  }, async (t) => {
    const { hound, data, tree } = await attackedMemhound(t);
    await hound.stop();
    hangFolder(t, data);
    const roots = ['--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup];
    const again = await watch(['--every', '1s', '--data', data, ...roots]);
    t.after(() => again.stop('SIGKILL'));
    const live = again.live();
    for (let i = 0; i < 3; i++) await live.next('sample', 30_000);
    live.close();
    const { status, body } = await again.get<string>('/readyz');
    assert.equal(status, 200);
    assert.match(body, /history cannot be stored/);
    // exit() would wait for the thread that hangs.
    assert.equal((await again.stop()).signal, 'SIGKILL');
  });

  test('a FIFO over a file of the cgroup makes that source fail with a reason, and sampling goes on', {
    timeout: 60_000,
  }, async (t) => {
    for (const name of ['memory.stat', 'memory.max', 'memory.current', 'cgroup.procs']) {
      const { hound, tree } = await attackedMemhound(t);
      const live = hound.live();
      await live.next('sample', 10_000);
      fifo(join(tree.roots.proc, '10/root/sys/fs/cgroup', name));
      // A restart of memhound finds it there.
      await hound.stop('SIGKILL');
      const again = await watch(['--every', '1s', '--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup]);
      t.after(() => again.stop('SIGKILL'));
      assert.ok([200, 503].includes((await again.get('/readyz')).status), name);
      assert.equal((await again.get('/healthz')).status, 200);
      live.close();
      assert.equal((await again.stop()).code, 0, name);
    }
  });

  test('a FIFO among the files of the history holds nothing up', { timeout: 60_000 }, async (t) => {
    const { hound, data, tree } = await attackedMemhound(t, { days: 2 });
    await hound.stop();
    for (const name of ['target.json', 'final-reports.json', '1700000000000.json']) fifo(join(data, 'jvm-app', name));
    mkdirSync(join(data, 'other'));
    fifo(join(data, 'other', 'target.json'));
    fifo(join(data, 'lock'));
    writeFileSync(join(data, 'other', 'note.txt'), '');
    const again = await watch([
      ...['--every', '1s', '--data', data, '--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup],
    ]);
    t.after(() => again.stop('SIGKILL'));
    assert.equal((await again.get('/api/v1/verdict')).status, 200);
    assert.equal((await again.stop()).code, 0);
  });
});
