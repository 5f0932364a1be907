import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB } from '../../../../src/units.ts';
import { folder, watcher } from './own-process.ts';

const FILES = 60;

test('cache that no file in sight explains has all of them queried every ten seconds, and between that those that move', async (t) => {
  const dir = folder(t);
  const open = (path: string, flags: string): number => {
    const fd = openSync(path, flags);
    t.after(() => closeSync(fd));
    return fd;
  };
  for (let i = 0; i < FILES; i++) {
    const path = join(dir, `lib-${i}.jar`);
    writeFileSync(path, Buffer.alloc(8192));
    open(path, 'r');
  }
  const log = open(join(dir, 'log'), 'w');
  // No folder is walked: what others do in those of the machine is no part of this.
  const watch = watcher(t, { limits: { folders: 0 } });
  let logBytes = 0;
  const queriesAt = async (second: number): Promise<number> => {
    writeSync(log, Buffer.alloc(MIB));
    const before = watch.stats().residencyQueries;
    const rows = await watch.scan(second * 1000, { fileBytes: second * 100 * MIB, shmemBytes: 0 });
    logBytes = rows.find(({ path }) => path === join(dir, 'log'))?.residentBytes ?? 0;
    return watch.stats().residencyQueries - before;
  };
  assert.ok((await queriesAt(1)) >= FILES, 'all of them at first');
  await queriesAt(2);
  for (const second of [3, 4, 5, 6, 7, 8]) {
    assert.ok((await queriesAt(second)) < FILES / 2, `second ${second}`);
    assert.equal(logBytes, second * MIB, 'the log is up to date');
  }
  assert.ok((await queriesAt(12)) >= FILES, 'all of them again');
});
