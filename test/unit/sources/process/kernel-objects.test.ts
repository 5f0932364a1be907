import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { kernelObjects } from '../../../../src/sources/process/kernel-objects.ts';

test('the process that holds most descriptors of one kind is found, and thousands are estimated from a thousand', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-descriptors-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const process = (pid: number, slots: number, links: readonly string[]) => {
    mkdirSync(`${proc}/${pid}/fd`, { recursive: true });
    writeFileSync(`${proc}/${pid}/status`, `Name:\tjava\nPid:\t${pid}\nFDSize:\t${slots}\n`);
    for (const [fd, link] of links.entries()) symlinkSync(link, `${proc}/${pid}/fd/${fd}`);
  };
  const repeat = (count: number, ...links: readonly string[]) => Array.from({ length: count }, () => links).flat();
  process(7, 256, repeat(200, 'socket:[1]'));
  process(8, 1024, [...repeat(400, 'pipe:[1]'), ...repeat(520, 'socket:[2]')]);
  process(9, 8192, repeat(2000, 'anon_inode:[eventpoll]', 'anon_inode:[eventfd]', '/data/app.log'));
  assert.deepEqual(kernelObjects(proc, [7, 8, 999], null), [{ pid: 8, kind: 'socket', count: 520 }]);
  const [most] = kernelObjects(proc, [7, 8, 9], null);
  assert.ok(most !== undefined && 'pid' in most);
  assert.equal(most.pid, 9);
  assert.ok(most.kind === 'epoll' || most.kind === 'eventfd');
  assert.ok(Math.abs(most.count - 2000) < 200, `${most.count} of 2,000, which alternate with two other kinds`);
  assert.deepEqual(kernelObjects(proc, [7], null), [], 'few are no matter');
});

test('watches are counted, and of very many the newest are read', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-watches-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const watching = (pid: number, count: number) => {
    for (const folder of ['fd', 'fdinfo']) mkdirSync(`${proc}/${pid}/${folder}`, { recursive: true });
    writeFileSync(`${proc}/${pid}/status`, `Name:\tjava\nPid:\t${pid}\nFDSize:\t64\n`);
    symlinkSync('anon_inode:inotify', `${proc}/${pid}/fd/5`);
    const line = (wd: number) => `inotify wd:${wd.toString(16)} ino:${wd} sdev:fe00000 mask:100 ignored_mask:0 fhandle-bytes:8\n`;
    const lines = Array.from({ length: count }, (_, i) => line(count - i));
    writeFileSync(`${proc}/${pid}/fdinfo/5`, `pos:\t0\nflags:\t02004000\nmnt_id:\t15\n${lines.join('')}`);
  };
  watching(7, 600);
  assert.deepEqual(kernelObjects(proc, [7], null), [{ kind: 'watch', pid: 7, count: 600 }]);
  watching(8, 30_000);
  const [most] = kernelObjects(proc, [7, 8], null);
  assert.ok(most?.kind === 'watch' && most.pid === 8);
  assert.ok(Math.abs(most.count - 30_000) < 100, `${most.count} of 30,000`);
});

test('rings of io_uring are few and large: their sizes are read, and they count by them', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-rings-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const holding = (pid: number, rings: number, sockets: number) => {
    for (const folder of ['fd', 'fdinfo']) mkdirSync(`${proc}/${pid}/${folder}`, { recursive: true });
    writeFileSync(`${proc}/${pid}/status`, `Name:\tjava\nPid:\t${pid}\nFDSize:\t1024\n`);
    for (let fd = 0; fd < rings + sockets; fd++)
      symlinkSync(fd < rings ? 'anon_inode:[io_uring]' : 'socket:[1]', `${proc}/${pid}/fd/${fd}`);
    for (let fd = 0; fd < rings; fd++)
      writeFileSync(
        `${proc}/${pid}/fdinfo/${fd}`,
        'pos:\t0\nino:\t84\nSqMask:\t0xfff\nSqHead:\t0\nCqMask:\t0x1fff\nCqHead:\t0\n',
      );
  };
  holding(7, 40, 600);
  assert.deepEqual(kernelObjects(proc, [7], null), [
    { pid: 7, kind: 'io_uring', count: 40, leastBytes: 40 * (4096 * 68 + 8192 * 16) },
  ]);
  holding(8, 4, 100);
  assert.deepEqual(kernelObjects(proc, [8], null), [], 'the rings of one event loop or two are no matter');
});

test('children that have ended and are not waited for are counted by the process that started them', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-zombies-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const having = (pid: number, children: readonly number[]) => {
    mkdirSync(`${proc}/${pid}/task/${pid}`, { recursive: true });
    mkdirSync(`${proc}/${pid}/fd`);
    writeFileSync(`${proc}/${pid}/status`, `Name:\tnode\nPid:\t${pid}\nFDSize:\t64\n`);
    writeFileSync(`${proc}/${pid}/task/${pid}/children`, children.map((child) => `${child} `).join(''));
  };
  const inState = (pid: number, state: string) => {
    mkdirSync(`${proc}/${pid}`);
    writeFileSync(`${proc}/${pid}/stat`, `${pid} (render (1)) ${state} 8 8 8 0 -1 4228108 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n`);
  };
  for (let pid = 1000; pid < 7400; pid++) inState(pid, 'Z');
  for (let pid = 8000; pid < 8800; pid++) inState(pid, 'S');
  having(7, [8, 9]);
  having(8, [9, ...Array.from({ length: 6400 }, (_, i) => 1000 + i)]);
  having(9, []);
  assert.deepEqual(kernelObjects(proc, [7, 8, 9], null), [{ kind: 'zombie', pid: 8, count: 6400 }]);
  having(
    10,
    Array.from({ length: 400 }, (_, i) => 1000 + i),
  );
  assert.deepEqual(kernelObjects(proc, [10], null), [], 'few are no matter');
  const living = Array.from({ length: 800 }, (_, i) => 8000 + i);
  having(11, living);
  assert.deepEqual(kernelObjects(proc, [11], null), [], 'those of a cgroup below live');
  having(12, [...living, ...Array.from({ length: 2400 }, (_, i) => 1000 + i)]);
  assert.deepEqual(kernelObjects(proc, [12], null), [{ kind: 'zombie', pid: 12, count: 2400 }]);
});

test('the files of a tmpfs of a container are counted, and not those of a host', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-tmpfs-'));
  const folder = mkdtempSync('/dev/shm/memhound-files-');
  t.after(() => {
    for (const path of [proc, folder]) rmSync(path, { recursive: true });
  });
  for (let i = 0; i < 600; i++) writeFileSync(join(folder, `lock-${i}`), '');
  const mounts = (root: number) =>
    `${root} 1 8:1 / / rw,relatime - ext4 /dev/sda rw\n${root + 1} ${root} 0:5 / /dev/shm rw,nosuid - tmpfs tmpfs rw\n`;
  for (const [name, root] of [
    ['7', 40],
    ['self', 60],
  ] as const) {
    mkdirSync(`${proc}/${name}`);
    writeFileSync(`${proc}/${name}/mountinfo`, mounts(root));
  }
  symlinkSync('/', `${proc}/7/root`);
  const [found] = kernelObjects(proc, [], 7);
  assert.ok(found?.kind === 'tmpfs-file' && found.path === '/dev/shm');
  assert.ok(found.count >= 600, `${found.count}`);
  writeFileSync(`${proc}/self/mountinfo`, mounts(40));
  assert.deepEqual(kernelObjects(proc, [], 7), [], 'memhound has the same mounts');
});
