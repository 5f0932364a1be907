import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { History } from '../../../src/history/history.ts';
import { openStore, type Store } from '../../../src/history/store/store.ts';
import { missingRequirements } from '../../support/needs.ts';
import { unmount } from '../../support/unmount.ts';

const mount = (...args: string[]) => spawnSync('mount', args, { encoding: 'utf8' });
const ALL = { fields: null, fromS: null, toS: null, points: null, epoch: 'all' } as const;

/** The folder of a separate small file system. */
function smallDisk(): string {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-disk-'));
  const { status, stderr } = mount('-t', 'tmpfs', '-o', 'size=1536k', 'tmpfs', dir);
  assert.equal(status, 0, stderr);
  return dir;
}
const skip = missingRequirements('mount');
const removeDisk = (dir: string): void => {
  unmount(dir);
  rmdirSync(dir);
};

async function withDisk(work: (dir: string, store: Store, history: History, warned: string[]) => Promise<void>): Promise<void> {
  const dir = smallDisk();
  try {
    const warned: string[] = [];
    const log = { warn: (_: object, message: string) => void warned.push(message) };
    const store = await openStore({ dir: join(dir, 'data'), maxDiskBytes: 1 << 20, everyS: 10, log });
    await work(dir, store, await store.load('jvm'), warned);
    await store.close();
  } finally {
    mount('-o', 'remount,rw', dir);
    removeDisk(dir);
  }
}

let at = 0;
async function rows(store: Store, history: History, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    at += 10;
    const values = { usage: at, anon: at * 3, file: at * 5 };
    history.append({ atMs: at * 1000, epoch: 'a', values, limitBytes: 1e9, heapMaxBytes: null, failures: [] });
    await store.save('jvm');
  }
}

async function reloaded(dir: string): Promise<number[]> {
  const log = { warn: (_: object, message: string) => assert.fail(message) };
  const store = await openStore({ dir: join(dir, 'data'), maxDiskBytes: 1 << 20, everyS: 10, log });
  const { t } = (await store.load('jvm')).series(ALL);
  await store.close();
  return [...t];
}

/** Fills what is left, to the last byte. */
function fill(path: string): void {
  for (let size = 256 << 10; size >= 1; size = Math.floor(size / 4)) {
    for (let i = 0; ; i++) {
      try {
        writeFileSync(`${path}-${size}-${i}`, Buffer.alloc(size));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        rmSync(`${path}-${size}-${i}`, { force: true });
        break;
      }
    }
  }
}

test(
  'a disk filled to the brim: sampling continues in memory, it is said once, and all rows are there when there is room again',
  { skip },
  () =>
    withDisk(async (dir, store, history, warned) => {
      await rows(store, history, 45);
      fill(join(dir, 'filler'));
      await rows(store, history, 100);
      const state = store.state();
      assert.equal(state.ok, false);
      assert.match(state.ok ? '' : state.reason, /ENOSPC/);
      assert.equal(history.length, 145, 'memory has every row');
      assert.equal(warned.length, 1, warned.join('; '));
      for (const name of readdirSync(dir)) if (name.startsWith('filler')) rmSync(join(dir, name));
      await rows(store, history, 1);
      assert.equal(store.state().ok, true);
      assert.deepEqual(warned.slice(1), ['history is stored again']);
      await store.close();
      assert.deepEqual(await reloaded(dir), [...history.series(ALL).t]);
    }),
);

test('a file system that turns read-only and back: the same', { skip }, () =>
  withDisk(async (dir, store, history, warned) => {
    await rows(store, history, 20);
    assert.equal(mount('-o', 'remount,ro', dir).status, 0);
    await rows(store, history, 40);
    const state = store.state();
    assert.match(state.ok ? 'ok' : state.reason, /EROFS/);
    assert.equal(warned.length, 1);
    assert.equal(mount('-o', 'remount,rw', dir).status, 0);
    await rows(store, history, 1);
    assert.equal(store.state().ok, true);
    await store.close();
    assert.deepEqual(await reloaded(dir), [...history.series(ALL).t]);
  }),
);

test('memhound starts with a read-only volume, says so, and stores history once the volume is writable', {
  skip,
}, async () => {
  const dir = smallDisk();
  try {
    assert.equal(mount('-o', 'remount,ro', dir).status, 0);
    const warned: string[] = [];
    const log = { warn: (_: object, message: string) => void warned.push(message) };
    const store = await openStore({ dir: join(dir, 'data'), maxDiskBytes: 1 << 20, everyS: 10, log });
    const history = await store.load('jvm');
    await rows(store, history, 5);
    const state = store.state();
    assert.match(
      state.ok ? 'ok' : state.reason,
      /cannot be written \(EROFS\): the file system is read-only; mount it for writing/,
    );
    assert.equal(mount('-o', 'remount,rw', dir).status, 0);
    await rows(store, history, 1);
    assert.equal(store.state().ok, true);
    assert.ok(readdirSync(join(dir, 'data')).includes('lock'), 'the folder is taken once it can be');
    await store.close();
    assert.deepEqual(await reloaded(dir), [...history.series(ALL).t]);
    assert.deepEqual(warned, ['history cannot be stored; sampling continues in memory', 'history is stored again']);
  } finally {
    mount('-o', 'remount,rw', dir);
    removeDisk(dir);
  }
});
