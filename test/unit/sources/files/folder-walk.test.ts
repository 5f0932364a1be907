import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileSystems } from '../../../../src/sources/files/file-systems.ts';
import { FolderQueue } from '../../../../src/sources/files/folder-queue.ts';
import { FolderWalk, type NamedFile } from '../../../../src/sources/files/folder-walk.ts';
import { WorkBudget } from '../../../../src/sources/files/work-budget.ts';
import { missingRequirements } from '../../../support/needs.ts';
import { unmount } from '../../../support/unmount.ts';

/** The files that a walk of one folder opens, by name, with their weights. */
async function walked(t: TestContext, files: number): Promise<ReadonlyMap<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-walk-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (let i = 0; i < files; i++) writeFileSync(join(dir, `object-${i}`), '');
  for (let i = 0; i < 5; i++) mkdirSync(join(dir, `folder-${i}`));
  const queue = new FolderQueue(100);
  queue.add(dir, 'hot');
  const walk = new FolderWalk('/proc/self/root', queue, new FileSystems());
  t.after(() => walk.close());
  const budget = new WorkBudget(1e6, 1e6);
  budget.refill();
  const found: NamedFile[] = [];
  await walk.walk(Date.now(), budget, false, {
    accepts: () => true,
    begin() {},
    folder() {},
    end() {},
    files: async (batch) => void found.push(...batch.filter(({ folder }) => folder === dir)),
  });
  assert.equal(queue.size, 6, 'each folder below it is remembered');
  return new Map(found.map(({ name, weight }) => [name, weight]));
}

test('each file of a folder is opened, if they are not thousands', async (t) => {
  const found = await walked(t, 900);
  assert.deepEqual([found.size, [...new Set(found.values())]], [900, [1]]);
});

test('of a folder with very many files a part is opened, and stands for all', async (t) => {
  const found = await walked(t, 5000);
  const sum = [...found.values()].reduce((all, weight) => all + weight, 0);
  assert.ok(Math.abs(sum - 5000) < 100, `${found.size} files stand for ${sum}`);
  assert.ok(found.size < 4000, `${found.size} were opened`);
});

test('a folder that is mounted at a second path is walked by the first one alone, and by the second once that is gone', {
  skip: missingRequirements('mount'),
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-twins-'));
  const [first, second] = [join(dir, 'first'), join(dir, 'second')];
  for (const folder of [join(first, 'below'), second]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(first, 'below/data.bin'), '');
  const mount = (...args: string[]) => assert.equal(spawnSync('mount', args).status, 0);
  mount('--bind', first, second);
  t.after(() => {
    unmount(second);
    rmSync(dir, { recursive: true, force: true });
  });
  const queue = new FolderQueue(100);
  const walk = new FolderWalk('/proc/self/root', queue, new FileSystems());
  t.after(() => walk.close());
  const foldersWithFiles = async (nowMs: number): Promise<string[]> => {
    const found: string[] = [];
    const budget = new WorkBudget(1e6, 1e6);
    budget.refill();
    await walk.walk(nowMs, budget, false, {
      accepts: () => true,
      begin() {},
      folder() {},
      end() {},
      files: async (batch) => void found.push(...batch.map(({ folder }) => folder)),
    });
    return found;
  };
  const nowMs = Date.now();
  queue.add(first, 'hot');
  assert.deepEqual(await foldersWithFiles(nowMs), [join(first, 'below')]);
  queue.add(second, 'hot');
  assert.deepEqual(await foldersWithFiles(nowMs + 1), []);
  renameSync(first, join(dir, 'renamed'));
  assert.deepEqual(await foldersWithFiles(nowMs + 60_000), [join(second, 'below')]);
});
