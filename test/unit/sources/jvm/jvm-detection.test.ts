import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { detectJvm, openHsperfFile } from '../../../../src/sources/jvm/jvm-detection.ts';
import { parseStatus } from '../../../../src/sources/process/procfs.ts';

const PID = 7;

/** A /proc with one process; `tmp` is the /tmp of its container. */
function proc(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'memhound-detection-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const tmp = join(root, String(PID), 'root/tmp');
  mkdirSync(tmp, { recursive: true });
  return { root, tmp, maps: join(root, String(PID), 'maps') };
}

const process = (name: string, threads: number) =>
  parseStatus(`Name:\t${name}\nPid:\t${PID}\nNSpid:\t${PID}\nVmRSS:\t100 kB\nThreads:\t${threads}\n`);

/** What can be read of the process's hsperfdata; null: there is none. */
function hsperfText(root: string): string | null {
  const file = openHsperfFile(root, PID, { uid: 1000, nspid: PID });
  if (file === null || file.state === 'refused') return file?.code ?? null;
  try {
    const bytes = Buffer.alloc(64);
    return bytes.toString('latin1', 0, readSync(file.fd, bytes));
  } finally {
    closeSync(file.fd);
  }
}

test('a process with an hsperfdata file is a JVM, whatever its name is', (t) => {
  const { root, tmp } = proc(t);
  mkdirSync(join(tmp, 'hsperfdata_app'));
  writeFileSync(join(tmp, 'hsperfdata_app', String(PID)), 'counters');
  assert.equal(detectJvm(root, PID, process('spring-boot', 20)), 'hsperfdata');
  assert.equal(hsperfText(root), 'counters');
});

test('a process with few threads is not asked for its file unless its name is java', (t) => {
  const { root, tmp } = proc(t);
  mkdirSync(join(tmp, 'hsperfdata_app'));
  writeFileSync(join(tmp, 'hsperfdata_app', String(PID)), 'counters');
  assert.deepEqual([detectJvm(root, PID, process('sh', 1)), detectJvm(root, PID, process('java', 1))], [null, 'hsperfdata']);
});

test('without the file, a mapping of libjvm.so shows a JVM, and then the name java', (t) => {
  const { root, maps } = proc(t);
  assert.deepEqual([detectJvm(root, PID, process('java', 20)), detectJvm(root, PID, process('node', 20))], ['name', null]);
  writeFileSync(maps, '7f00-7f01 r-xp 00000000 08:01 12 /opt/jdk/lib/server/libjvm.so (deleted)\n');
  assert.equal(detectJvm(root, PID, process('app', 20)), 'libjvm');
});

test('the file is found in the folder of a user whose name is not UTF-8', (t) => {
  const { root, tmp } = proc(t);
  const folder = Buffer.concat([Buffer.from(`${tmp}/hsperfdata_`), Buffer.from([0xe9])]);
  mkdirSync(folder);
  writeFileSync(Buffer.concat([folder, Buffer.from(`/${PID}`)]), 'counters');
  assert.equal(hsperfText(root), 'counters');
});

const HSPERF_LINE = '7f10-7f18 rw-s 00000000 08:01 13 /tmp/hsperfdata_app/7\n';

test('a file that a dead JVM of the same pid left behind makes no JVM of a process that does not map it', (t) => {
  const { root, tmp, maps } = proc(t);
  mkdirSync(join(tmp, 'hsperfdata_app'));
  writeFileSync(join(tmp, 'hsperfdata_app', String(PID)), 'counters');
  writeFileSync(maps, '7f00-7f01 r-xp 00000000 08:01 12 /usr/bin/node\n');
  assert.equal(detectJvm(root, PID, process('node', 11)), null);
  writeFileSync(maps, `7f00-7f01 r-xp 00000000 08:01 12 /opt/jdk/lib/server/libjvm.so\n${HSPERF_LINE}`);
  assert.equal(detectJvm(root, PID, process('app', 11)), 'hsperfdata');
});

test('a JVM inside of another program is found though it has seven threads', (t) => {
  const { root, maps } = proc(t);
  writeFileSync(maps, '7f00-7f01 r-xp 00000000 08:01 12 /opt/jdk8/jre/lib/amd64/server/libjvm.so\n');
  assert.equal(detectJvm(root, PID, process('emb', 7)), 'libjvm');
});

test('OpenJ9 is recognised by its own library, and not taken for HotSpot by the libjvm.so that loads it', (t) => {
  const { root, maps } = proc(t);
  const lib = (name: string) => `7f00-7f01 r-xp 00000000 08:01 12 /opt/jdk/lib/${name}\n`;
  writeFileSync(maps, lib('server/libjvm.so') + lib('default/libj9vm29.so'));
  assert.equal(detectJvm(root, PID, process('java', 20)), 'openj9');
});

/** A program of 64 bits with one section, whose name is in the table of names. */
function elf(section: string): Buffer {
  const names = Buffer.from(`\0${section}\0`);
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeBigUInt64LE(64n, 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(1, 60);
  head.writeUInt16LE(0, 62);
  const table = Buffer.alloc(64);
  table.writeBigUInt64LE(128n, 24);
  table.writeBigUInt64LE(BigInt(names.length), 32);
  return Buffer.concat([head, table, names]);
}

test('a GraalVM native image is recognised by the section of its image heap, and a broken program is none', (t) => {
  const { root, maps } = proc(t);
  const exe = join(root, String(PID), 'exe');
  const big = { ...process('server', 3), vmRssBytes: 30 << 20 };
  writeFileSync(maps, '');
  writeFileSync(exe, elf('.svm_heap'));
  assert.equal(detectJvm(root, PID, big), 'native-image');
  for (const bytes of [elf('.text'), elf('.svm_heap').subarray(0, 100), Buffer.from('#!/bin/sh\n'), Buffer.alloc(64, 0xff)]) {
    writeFileSync(exe, bytes);
    assert.equal(detectJvm(root, PID, big), null);
  }
});

test('if a folder is a link, or has a link in place of the file, the next folder is tried', (t) => {
  const { root, tmp } = proc(t);
  for (const user of ['a', 'c']) mkdirSync(join(tmp, `hsperfdata_${user}`));
  symlinkSync('/etc/passwd', join(tmp, 'hsperfdata_a', String(PID)));
  symlinkSync('/etc', join(tmp, 'hsperfdata_b'));
  assert.equal(hsperfText(root), null);
  writeFileSync(join(tmp, 'hsperfdata_c', String(PID)), 'counters');
  assert.equal(hsperfText(root), 'counters');
});

/** Returns once the process sleeps in a system call. */
async function asleep(pid: number): Promise<void> {
  while (!/^State:\s+S/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await nextTurn();
}

test('a FIFO in place of the file is not opened: a process that waits to write to it goes on waiting', async (t) => {
  const { root, tmp } = proc(t);
  mkdirSync(join(tmp, 'hsperfdata_app'));
  const fifo = join(tmp, 'hsperfdata_app', String(PID));
  execFileSync('mkfifo', [fifo]);
  const writer = spawn('sh', ['-c', 'echo ready; echo written > "$0"', fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => writer.kill());
  await once(writer.stdout, 'data');
  await asleep(writer.pid!);
  // Often, so that a writer that was released has the time to write.
  for (let i = 0; i < 500; i++) assert.equal(hsperfText(root), null);
  assert.equal(detectJvm(root, PID, process('java', 20)), 'name');
  // A reader that came and went would have released the writer, and its text would be lost.
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  t.after(() => closeSync(reader));
  await once(writer, 'close');
  const bytes = Buffer.alloc(64);
  assert.equal(bytes.toString('latin1', 0, readSync(reader, bytes)), 'written\n');
});
