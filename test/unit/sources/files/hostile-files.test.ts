import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MIB } from '../../../../src/units.ts';
import { folder, watcher } from './own-process.ts';

/** Keeps a file open for writing, so that its folder is scanned. */
function held(t: TestContext, path: string, bytes = 2 * MIB): number {
  const fd = openSync(path, 'w');
  t.after(() => closeSync(fd));
  writeSync(fd, Buffer.alloc(bytes));
  return fd;
}

test('a FIFO in place of a file is neither opened nor shown, and a process that waits to write to it is not released', async (t) => {
  const dir = folder(t);
  held(t, join(dir, 'log'));
  execFileSync('mkfifo', [join(dir, 'trap')]);
  const rows = await watcher(t).scan(1);
  assert.ok(rows.some((row) => row.path === join(dir, 'log')));
  assert.ok(!rows.some((row) => row.path.endsWith('trap')));
  // A reader, however short, would have let this open through: with none it fails with ENXIO.
  assert.throws(() => openSync(join(dir, 'trap'), constants.O_WRONLY | constants.O_NONBLOCK), { code: 'ENXIO' });
});

test('links to files and folders elsewhere are not followed', async (t) => {
  const [dir, other] = [folder(t), folder(t)];
  held(t, join(dir, 'log'));
  writeFileSync(join(other, 'secret'), Buffer.alloc(3 * MIB));
  symlinkSync(join(other, 'secret'), join(dir, 'link'));
  symlinkSync(other, join(dir, 'linked'));
  const rows = await watcher(t).scan(1);
  assert.ok(!rows.some((row) => row.path.startsWith(join(dir, 'link'))));
});

test('names with newlines, escapes, HTML, 255 bytes and no UTF-8 are found and measured', async (t) => {
  const dir = folder(t);
  held(t, join(dir, 'log'));
  const names = ['a\nb', '\u001b[31mred', '<script>', 'x'.repeat(255), 'y (deleted)'];
  for (const name of names) writeFileSync(join(dir, name), Buffer.alloc(2 * MIB));
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])]), Buffer.alloc(2 * MIB));
  const rows = (await watcher(t).scan(1)).filter((row) => row.path.startsWith(dir));
  for (const name of names) {
    const row = rows.find(({ path }) => path === join(dir, name));
    assert.equal(row?.residentBytes, 2 * MIB, JSON.stringify(name));
    assert.equal(row?.deleted, false);
  }
  assert.equal(rows.find(({ path }) => path.includes('\ufffd'))?.residentBytes, 2 * MIB);
});

test('a path of 4,000 characters is found when it is open', async (t) => {
  const dir = folder(t);
  let deep = dir;
  const name = 'd'.repeat(200);
  while (deep.length + 201 < 3900) deep = join(deep, name);
  mkdirSync(deep, { recursive: true });
  held(t, join(deep, 'log'));
  const row = (await watcher(t).scan(1)).find(({ path }) => path === join(deep, 'log'));
  assert.ok(deep.length > 3700);
  assert.equal(row?.residentBytes, 2 * MIB);
});

test('a path that is too long for the kernel to report still has its bytes', async (t) => {
  const dir = folder(t);
  // Made from the inside, a name at a time: no path of this length can be given to the kernel.
  const script =
    'for i in $(seq 25); do mkdir "$1" && cd -P "./$1" || exit 1; done; exec 3>log; head -c 2097152 /dev/zero >&3; ls -l /proc/$$/fd/3';
  const { spawn } = await import('node:child_process');
  const child = spawn('bash', ['-c', `${script}; echo ready; read -r _`, 'bash', 'n'.repeat(200)], {
    cwd: dir,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => child.kill());
  for await (const chunk of child.stdout) if (String(chunk).includes('ready')) break;
  const rows = await watcher(t, { pid: child.pid! }).scan(1);
  const row = rows.find(({ openBy }) => openBy.some(({ fd }) => fd === 3));
  assert.equal(row?.residentBytes, 2 * MIB);
  assert.match(row.path, /more than 4,096 bytes/);
});

test('a sparse file of 1 TiB counts with its blocks, not with its size', async (t) => {
  const dir = folder(t);
  const fd = held(t, join(dir, 'sparse'), MIB);
  ftruncateSync(fd, 2 ** 40);
  const watch = watcher(t);
  const row = (await watch.scan(1)).find(({ path }) => path === join(dir, 'sparse'));
  assert.equal(row?.sizeBytes, 2 ** 40);
  assert.ok(
    row.residentBytes !== null
      ? row.residentBytes <= 2 * MIB
      : row.residency.state === 'unknown' && /too many/.test(row.residency.reason),
  );
});

test('a deleted file that is still open keeps its row, and loses it when it is closed', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'gone');
  const fd = openSync(path, 'w');
  writeSync(fd, Buffer.alloc(2 * MIB));
  unlinkSync(path);
  const watch = watcher(t);
  const row = (await watch.scan(1)).find((r) => r.path === path);
  assert.deepEqual([row?.deleted, row?.residentBytes], [true, 2 * MIB]);
  closeSync(fd);
  assert.ok(!(await watch.scan(2)).some((r) => r.path === path));
});

test('a folder that changes between scans in the middle of its walk gives each remaining file once', async (t) => {
  const dir = folder(t);
  held(t, join(dir, 'log'));
  for (let i = 0; i < 400; i++) writeFileSync(join(dir, `keep${i}`), Buffer.alloc(4096));
  const watch = watcher(t, { limits: { perScan: 120, burst: 400, descriptors: 30 } });
  for (let now = 1; now < 400; now++) {
    await watch.scan(now);
    writeFileSync(join(dir, `new${now}`), 'x');
    if (now % 2 === 0) unlinkSync(join(dir, `new${now}`));
    else renameSync(join(dir, `new${now}`), join(dir, `renamed${now}`));
  }
  const row = (await watch.scan(400)).find(({ path }) => path === `${dir}/`);
  assert.ok(row !== undefined && row.files >= 400 && row.files <= 800, JSON.stringify(row));
  assert.ok(row.residentBytes! >= 400 * 4096);
});

test('a folder that goes away during its walk ends it without an error', async (t) => {
  const dir = folder(t);
  const gone = join(dir, 'gone');
  mkdirSync(gone);
  for (let i = 0; i < 300; i++) writeFileSync(join(gone, `f${i}`), Buffer.alloc(4096));
  const fd = openSync(join(gone, 'log'), 'w');
  t.after(() => closeSync(fd));
  const watch = watcher(t, { limits: { perScan: 100, burst: 300, descriptors: 30 } });
  await watch.scan(1);
  execFileSync('rm', ['-r', gone]);
  const shown = async (nowMs: number) => (await watch.scan(nowMs)).some(({ path }) => path === `${gone}/`);
  // Each look goes a piece further through whatever else there is to walk on this machine.
  for (let look = 1; look <= 200 && (await shown(look * 1000)); look++);
  assert.equal(await shown(300_000), false);
});

test('a scan uses no more operations than its limits, and the next one continues where it stopped', async (t) => {
  const dir = folder(t);
  held(t, join(dir, 'log'));
  for (let i = 0; i < 3000; i++) writeFileSync(join(dir, `f${i}`), 'x');
  const watch = watcher(t, { limits: { perScan: 50, burst: 500, descriptors: 64 } });
  let before = 0;
  const spent: number[] = [];
  for (let now = 1; now <= 40; now++) {
    await watch.scan(now);
    spent.push(watch.stats().operations - before);
    before = watch.stats().operations;
  }
  // A heap of files is finished, and the known descriptors and maps are seen, whatever is left.
  const grain = 64 * 4 + 400;
  assert.ok(Math.max(...spent) <= 500 + grain, `${spent}`);
  assert.ok(watch.stats().names > 100, JSON.stringify(watch.stats()));
});
