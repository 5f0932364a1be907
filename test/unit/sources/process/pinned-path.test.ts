import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  decodePath,
  openFileUnder,
  type PinResult,
  pinFolderUnder,
  pinUnder,
} from '../../../../src/sources/process/pinned-path.ts';
import { holdingMounts } from '../../../../src/sources/process/remote-mounts.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-pinned-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The text of a file, or the code of the refusal. */
function textOf(root: string, path: string): string {
  const opened = openFileUnder(root, path);
  if (opened.state === 'refused') return opened.code;
  try {
    return readFileSync(opened.fd, 'utf8');
  } finally {
    closeSync(opened.fd);
  }
}

/** What was pinned, or the code of the refusal. */
function kindOf(found: PinResult): string {
  if (found.state === 'refused') return found.code;
  closeSync(found.fd);
  return found.stat.isDirectory() ? 'folder' : found.stat.isFile() ? 'file' : 'other';
}

test('a regular file is opened for reading, with and without a slash at the beginning', (t) => {
  const root = folder(t);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'app:x:1000:');
  assert.deepEqual([textOf(root, 'etc/passwd'), textOf(root, '/etc//./passwd')], ['app:x:1000:', 'app:x:1000:']);
});

test('a name that is not UTF-8 is found by its bytes', (t) => {
  const root = folder(t);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'found');
  const names = readdirSync(root, 'latin1');
  assert.deepEqual(
    names.map((name) => textOf(root, name)),
    ['found'],
  );
  assert.equal(decodePath(Buffer.from('grün', 'utf8').toString('latin1')), 'grün');
});

test('a link is not followed at any place in the path', (t) => {
  const [root, other] = [folder(t), folder(t)];
  writeFileSync(join(other, 'secret'), 'secret');
  symlinkSync(other, join(root, 'folder'));
  symlinkSync(join(other, 'secret'), join(root, 'file'));
  assert.deepEqual([textOf(root, 'file'), textOf(root, 'folder/secret')], ['ENOTREGULAR', 'ENOTDIR']);
  assert.equal(kindOf(pinFolderUnder(root, 'folder')), 'ENOTDIR');
});

test('a root that is a link is followed, as /proc/PID/root is one', (t) => {
  const [root, other] = [folder(t), folder(t)];
  writeFileSync(join(root, 'a'), 'text');
  symlinkSync(root, join(other, 'root'));
  assert.equal(textOf(join(other, 'root'), 'a'), 'text');
});

test('a path that goes up is refused, even if it would come back', (t) => {
  const root = folder(t);
  mkdirSync(join(root, 'tmp'));
  writeFileSync(join(root, 'a'), 'text');
  assert.deepEqual([textOf(root, '../a'), textOf(root, 'tmp/../a')], ['EXDEV', 'EXDEV']);
});

test('a path of more than 64 names is refused', (t) => {
  const root = folder(t);
  const deep = (names: number): string => Array.from({ length: names }, () => 'd').join('/');
  mkdirSync(join(root, deep(64)), { recursive: true });
  assert.deepEqual([kindOf(pinUnder(root, deep(64))), kindOf(pinUnder(root, deep(65)))], ['folder', 'ENAMETOOLONG']);
});

test('a folder, a FIFO, a device and what is not there are no files that can be opened', (t) => {
  const root = folder(t);
  mkdirSync(join(root, 'tmp'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  assert.deepEqual(
    [textOf(root, 'tmp'), textOf(root, 'fifo'), textOf('/dev', 'null'), textOf(root, 'none'), textOf(root, '')],
    ['ENOTREGULAR', 'ENOTREGULAR', 'ENOTREGULAR', 'ENOENT', 'ENOTREGULAR'],
  );
});

test('a folder is pinned, and its names are listed through the descriptor', (t) => {
  const root = folder(t);
  mkdirSync(join(root, 'tmp/hsperfdata_app'), { recursive: true });
  const found = pinFolderUnder(root, 'tmp');
  assert.ok(found.state === 'pinned');
  assert.deepEqual(readdirSync(`/proc/self/fd/${found.fd}`), ['hsperfdata_app']);
  closeSync(found.fd);
  writeFileSync(join(root, 'file'), '');
  assert.deepEqual([kindOf(pinFolderUnder(root, 'file')), kindOf(pinFolderUnder(root, 'none'))], ['ENOTDIR', 'ENOENT']);
});

test('no descriptor stays open, whether a path is opened or refused', (t) => {
  const root = folder(t);
  mkdirSync(join(root, 'tmp'));
  writeFileSync(join(root, 'tmp/a'), 'text');
  // Node opens and closes descriptors of its own meanwhile: those of the folder, or of the one above it, are ours.
  const open = (): string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      const link = linkOf(fd);
      return link === dirname(root) || link.startsWith(root) ? [link] : [];
    });
  for (const path of ['tmp/a', 'tmp', 'tmp/b', 'b/tmp', '../tmp', 'tmp/a/b']) textOf(root, path);
  kindOf(pinFolderUnder(root, 'tmp/a'));
  assert.deepEqual(open(), []);
  const opened = openFileUnder(root, 'tmp/a');
  assert.ok(opened.state !== 'refused');
  assert.deepEqual(open(), [join(root, 'tmp/a')]);
  closeSync(opened.fd);
});

/** Empty: it was closed meanwhile, as the one with which the list is read. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return '';
  }
}

test('a mount that answers is held for a turn, and over the turns of a walk, and is then let go', async (t) => {
  const dir = folder(t);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const look = (): void => {
    const found = pinUnder('/proc/self/root', dir);
    assert.ok(found.state === 'pinned');
    closeSync(found.fd);
  };
  await nextTurn();
  const before = descriptors();
  look();
  assert.ok(descriptors() > before);
  await nextTurn();
  assert.equal(descriptors(), before);
  await holdingMounts(async () => {
    look();
    const held = descriptors();
    assert.ok(held > before);
    await nextTurn();
    assert.equal(descriptors(), held);
  });
  assert.equal(descriptors(), before);
  await assert.rejects(
    holdingMounts(async () => {
      look();
      throw new Error('the walk fails');
    }),
  );
  assert.equal(descriptors(), before);
});
