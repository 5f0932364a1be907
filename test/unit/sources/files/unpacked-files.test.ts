import assert from 'node:assert/strict';
import { closeSync, openSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KIB, MIB } from '../../../../src/units.ts';
import { folder, watcher } from './own-process.ts';

const LONG_AGO = new Date('2019-01-01');

test('files that were unpacked, which keep the time of their original, count as written by the container, each by itself or with its folder', async (t) => {
  const dir = folder(t);
  const log = openSync(join(dir, 'log'), 'w');
  t.after(() => closeSync(log));
  const files = [['large.jar', 2 * MIB] as const, ...Array.from({ length: 5 }, (_, i) => [`small-${i}`, 100 * KIB] as const)];
  for (const [name, bytes] of files) {
    writeFileSync(join(dir, name), Buffer.alloc(bytes));
    utimesSync(join(dir, name), LONG_AGO, LONG_AGO);
  }
  const rows = await watcher(t).scan(Date.now());
  for (const path of [join(dir, 'large.jar'), `${dir}/`]) {
    const row = rows.find((one) => one.path === path);
    assert.equal(row?.isOwn, true, path);
    assert.ok(row.mtimeMs! > LONG_AGO.getTime(), `${path} is not taken for a file that is only read`);
  }
});
