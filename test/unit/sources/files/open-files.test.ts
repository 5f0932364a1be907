import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OpenFiles } from '../../../../src/sources/files/open-files.ts';
import { WorkBudget } from '../../../../src/sources/files/work-budget.ts';
import { mountIdIn } from '../../../../src/sources/process/remote-mounts.ts';
import { folder } from './own-process.ts';

const PID = 7;
/** No mount of this machine has such a number. */
const [BUCKET, DISK, TAKEN_AWAY] = [2_000_000_043, 2_000_000_044, 2_000_000_045];

function mountIdOf(path: string): number {
  const fd = openSync(path, 'r');
  try {
    return mountIdIn(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  } finally {
    closeSync(fd);
  }
}

/** A process with a table of descriptors, of which some are open for reading. By default it is too large to be listed. */
function withFiles(t: TestContext, flags = '0100000', slots = 2048) {
  const root = folder(t);
  mkdirSync(join(root, `${PID}/fd`), { recursive: true });
  mkdirSync(join(root, `${PID}/fdinfo`));
  writeFileSync(join(root, `${PID}/status`), `Name:\tjava\nFDSize:\t${slots}\n`);
  const files = new OpenFiles(root, slots);
  return {
    folder: root,
    /** `mountId`: of the mount that it is on. */
    open(fd: number, mountId = mountIdOf(root), name = `file-${fd}`) {
      const path = join(root, name);
      writeFileSync(path, 'x');
      symlinkSync(path, join(root, `${PID}/fd/${fd}`));
      writeFileSync(join(root, `${PID}/fdinfo/${fd}`), `pos:\t0\nflags:\t${flags}\nmnt_id:\t${mountId}\n`);
    },
    mount: (...lines: readonly string[]) => writeFileSync(join(root, `${PID}/mountinfo`), `${lines.join('\n')}\n`),
    close: (fd: number) => rmSync(join(root, `${PID}/fd/${fd}`)),
    /** The descriptors that one scan sees, and its number of operations. */
    look(budget = new WorkBudget(10_000, 10_000)) {
      budget.refill();
      const seen = files.scan([PID], budget).map((file) => file.fd);
      const unasked = files.unasked().map(({ path, openBy }) => [path.slice(root.length + 1), openBy.map(({ fd }) => fd)]);
      return { seen: seen.sort((a, b) => a - b), unasked, work: budget.spent };
    },
  };
}

test('once its numbers are known, a few beyond the highest are tried and not all of an empty table', (t) => {
  const process = withFiles(t);
  for (const fd of [0, 1, 2, 3]) process.open(fd);
  const [first, second] = [process.look(), process.look()];
  assert.deepEqual(first.seen, [0, 1, 2, 3]);
  assert.deepEqual(second.seen, [0, 1, 2, 3]);
  assert.ok(first.work > 2048, `${first.work}`);
  assert.ok(second.work < 40, `${second.work}`);
});

test('a newly opened file is seen at once, a closed one is dropped, and one with a high descriptor is found within eight scans', (t) => {
  const process = withFiles(t);
  for (const fd of [0, 1, 2]) process.open(fd);
  process.look();
  process.open(3);
  process.close(1);
  assert.deepEqual(process.look().seen, [0, 2, 3]);
  process.open(200); // dup2 may ask for any number
  const looks = Array.from({ length: 8 }, () => process.look().seen.includes(200));
  assert.ok(looks.includes(true));
  assert.ok(looks.at(-1), 'and stays');
});

test('the descriptors of a small table are listed: one of a high number is seen at once, a closed one dropped, and free numbers are no work', (t) => {
  const process = withFiles(t, '0100000', 1024);
  for (const fd of [0, 1, 2, 3]) process.open(fd);
  const first = process.look();
  assert.deepEqual(first.seen, [0, 1, 2, 3]);
  assert.ok(first.work < 40, `${first.work}`);
  process.open(900);
  process.open(1000);
  assert.deepEqual(process.look().seen, [0, 1, 2, 3, 900, 1000]);
  process.close(1000);
  process.close(1);
  assert.deepEqual(process.look().seen, [0, 2, 3, 900]);
});

test('beside a mount that may never answer, known files cost no more work, and files on that mount are not asked', (t) => {
  const [plain, process] = [withFiles(t), withFiles(t)];
  process.mount(`${BUCKET} 27 0:39 / ${process.folder}/bucket rw - fuse gcsfuse rw`);
  for (const fd of [0, 1, 2, 3]) {
    plain.open(fd);
    process.open(fd);
  }
  mkdirSync(join(process.folder, 'bucket'));
  process.open(4, BUCKET, 'bucket/part-1');
  plain.look();
  assert.deepEqual(process.look().seen, [0, 1, 2, 3]);
  assert.ok(process.look().work <= plain.look().work + 1, 'the descriptor on the mount is one number more');
});

test('a new file whose mount is hidden by another is known by the id of its mount, and is not asked', (t) => {
  const process = withFiles(t);
  process.mount(`${BUCKET} 27 0:39 / /data rw - fuse gcsfuse rw`, `${DISK} ${BUCKET} 8:1 / /data rw - ext4 /dev/sda rw`);
  process.open(0);
  process.open(1, BUCKET);
  const { seen, unasked } = process.look();
  assert.deepEqual([seen, unasked], [[0], [['file-1', [1]]]], 'no row of a mount tells of it');
});

test('a file on a mount that is in no list any more, as after `umount -l` of a volume that hangs, is not asked', (t) => {
  const process = withFiles(t);
  process.open(0);
  process.open(1, TAKEN_AWAY);
  process.open(2, TAKEN_AWAY);
  for (let i = 0; i < 2; i++) {
    const { seen, unasked } = process.look();
    assert.deepEqual([seen, unasked], [[0], [['file-1', [1, 2]]]], 'it is told by its first file');
  }
  process.close(1);
  assert.deepEqual(process.look().unasked, [['file-1', [2]]], 'the mount keeps its name');
  process.close(2);
  assert.deepEqual(process.look().unasked, []);
});

test('beside hundreds of files that are written, which cost more than a scan adds, new files are found all the same', (t) => {
  const process = withFiles(t, '0100001');
  const budget = new WorkBudget(100, 1000);
  for (let fd = 0; fd < 150; fd++) process.open(fd);
  for (let scan = 0; scan < 40; scan++) process.look(budget);
  for (let fd = 150; fd < 200; fd++) process.open(fd);
  const before = budget.spent;
  let scans = 0;
  while (process.look(budget).seen.length < 200 && scans < 100) scans++;
  assert.ok(scans < 100, 'all are found');
  assert.ok((budget.spent - before) / scans < 250, `${budget.spent - before} operations in ${scans} scans`);
});

test('what is opened and kept open is seen at the next scan, however many descriptors there are before it and however few are tried in a scan', (t) => {
  const process = withFiles(t, '0100001');
  const budget = new WorkBudget(100, 1000);
  process.open(250); // one that was asked for by its number: the kernel takes the lowest free one for the next
  for (let fd = 0; fd < 150; fd++) process.open(fd);
  for (let scan = 0; scan < 40; scan++) process.look(budget);
  process.close(120);
  for (let scan = 0; scan < 40; scan++) process.look(budget);
  for (let fd = 150; fd < 180; fd += 3) {
    for (const opened of [fd === 150 ? 120 : fd - 1, fd, fd + 1]) process.open(opened);
    assert.equal(process.look(budget).seen.length, fd + 3);
  }
});
