import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FolderLock } from '../../src/history/store/folder-lock.ts';
import { openStore } from '../../src/history/store/store.ts';
import { dataDir } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { start } from '../support/process.ts';

const CHILD = resolve('test/support/lock-child.ts');

/** Processes that wait for the word, so that they take the lock at the same time. */
async function contenders(t: TestContext, dir: string, count: number, wrap: readonly string[] = []) {
  const all = Array.from({ length: count }, () => {
    const [command = process.execPath, ...args] = [...wrap, process.execPath, '--import', 'tsx', CHILD, dir];
    return start([command, args]);
  });
  t.after(() => Promise.all(all.map((one) => one.stop('SIGKILL'))));
  await Promise.all(all.map((one) => one.line((line) => line === 'ready')));
  return all;
}

type Contender = Awaited<ReturnType<typeof contenders>>[number];

async function outcome(one: Contender): Promise<string> {
  one.child.stdin!.write('go\n');
  return one.line((line) => line !== 'ready');
}

const stale = (dir: string): void => {
  writeFileSync(
    join(dir, 'lock'),
    JSON.stringify({ pid: 2 ** 22, start: '1', id: 'gone', namespace: 'pid:[1]', boot: 'another' }),
  );
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(join(dir, 'lock'), longAgo, longAgo);
};

test('of several that find a stale lock at the same time exactly one holds it', { timeout: 600_000 }, async (t) => {
  for (let round = 0; round < Number(process.env.LOCK_ROUNDS ?? 3); round++) {
    const dir = dataDir();
    stale(dir);
    const all = await contenders(t, dir, 3);
    const outcomes = await Promise.all(all.map(outcome));
    assert.equal(outcomes.filter((said) => said === 'held').length, 1, outcomes.join(', '));
    assert.deepEqual(readdirSync(dir), ['lock']);
    await Promise.all(all.map((one) => one.stop('SIGKILL')));
  }
});

test('the lock of a living one in another pid namespace is not taken', {
  skip: missingRequirements('unshare'),
  timeout: 60_000,
}, async (t) => {
  const dir = dataDir();
  const [other] = await contenders(t, dir, 1, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
  assert.equal(await outcome(other!), 'held');
  const before = readFileSync(join(dir, 'lock'), 'utf8');
  const [here] = await contenders(t, dir, 1);
  assert.equal(await outcome(here!), 'LockUncertainError');
  assert.equal(readFileSync(join(dir, 'lock'), 'utf8'), before);

  // memhound itself samples from memory, and says why.
  const warned: object[] = [];
  const store = await openStore({
    dir,
    maxDiskBytes: 8 << 20,
    everyS: 10,
    log: { warn: (details) => void warned.push(details) },
  });
  assert.match(JSON.stringify(warned), /in another pod or container wrote there/);
  assert.equal(store.state().ok, false);
  store.giveUp();
  await store.close();
  assert.ok(existsSync(join(dir, 'lock')), 'and leaves the lock of the other one');
});

test('one that has ended in the same pid namespace leaves a lock that is taken at once', { timeout: 60_000 }, async (t) => {
  const dir = dataDir();
  const [first] = await contenders(t, dir, 1);
  assert.equal(await outcome(first!), 'held');
  await first!.stop('SIGKILL');
  const [second, third] = await contenders(t, dir, 2);
  assert.equal(await outcome(second!), 'held');
  assert.equal(await outcome(third!), 'StoreError');
});

test('one that was killed while it took a stale lock keeps nobody from it', { timeout: 60_000 }, async (t) => {
  const dir = dataDir();
  const [first] = await contenders(t, dir, 1);
  assert.equal(await outcome(first!), 'held');
  await first!.stop('SIGKILL');
  copyFileSync(join(dir, 'lock'), join(dir, 'lock.taking'));
  const [second] = await contenders(t, dir, 1);
  assert.equal(await outcome(second!), 'held');
  assert.deepEqual(readdirSync(dir), ['lock']);
});

test('a lock is renewed when it is due, and one that was replaced in the same file is no longer held', async (t) => {
  const dir = dataDir();
  const path = join(dir, 'lock');
  const lock = await FolderLock.acquire(dir, { renewAfterMs: 3_600_000 });
  t.after(() => lock.release());
  const began = performance.now();
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(path, longAgo, longAgo);
  await lock.renewIfDue(began + 5000);
  assert.equal(Math.round(statSync(path).mtimeMs), longAgo.getTime(), 'not due yet');
  await lock.renewIfDue(began + 10_000);
  assert.ok(Date.now() - statSync(path).mtimeMs < 60_000, 'renewed');
  await lock.renewIfDue(began + 20_000);
  assert.ok(lock.isHeld);
  writeFileSync(path, 'of another memhound');
  utimesSync(path, longAgo, longAgo);
  await lock.renewIfDue(began + 30_000);
  assert.equal(lock.isHeld, false);
  assert.equal(Math.round(statSync(path).mtimeMs), longAgo.getTime(), 'and left alone');
});

test('a lock that no tick renews is renewed by a timer, again and again, until it is given up', {
  timeout: 60_000,
}, async (t) => {
  const dir = dataDir();
  const path = join(dir, 'lock');
  const lock = await FolderLock.acquire(dir, { renewAfterMs: 20 });
  t.after(() => lock.release());
  const longAgo = new Date(Date.now() - 3_600_000);
  for (let i = 0; i < 3; i++) {
    utimesSync(path, longAgo, longAgo);
    while (statSync(path).mtimeMs < Date.now() - 1_800_000) await delay(5);
  }
  assert.ok(lock.isHeld);
});
