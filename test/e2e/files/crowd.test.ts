import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PageCacheScanner } from '../../../src/sources/files/page-cache-scanner.ts';
import { type Running, start } from '../../support/process.ts';
import { ownProcessRef, ROOTS } from '../../unit/sources/files/own-process.ts';

const EACH = 10_000;
/** Opens one private file 10,000 times, and then one log. */
const HOLDER = `
  const fs = require('fs');
  const [file, log] = process.argv.slice(1);
  for (let i = 0; i < ${EACH}; i++) fs.openSync(file, 'a+');
  fs.writeSync(fs.openSync(log, 'w'), Buffer.alloc(2 << 20));
  console.log('ready');
  process.stdin.resume();`;

test('100,000 open files: each scan does a limited amount of work, and the log opened last is found', {
  timeout: 180_000,
}, async (t) => {
  const dir = mkdtempSync('/tmp/memhound-crowd-');
  const holders: Running[] = [];
  t.after(async () => {
    for (const holder of holders) await holder.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  for (let i = 0; i < 10; i++) holders.push(start([process.execPath, ['-e', HOLDER, join(dir, `f${i}`), join(dir, `log${i}`)]]));
  for (const holder of holders) await holder.line((line) => line === 'ready');
  const pids = holders.map(({ pid }) => pid);
  const watcher = new PageCacheScanner({ roots: ROOTS, process: ownProcessRef(pids[0]!), pids: () => pids });
  t.after(() => watcher.close());

  let rows = await watcher.scan(1);
  const first = watcher.stats().operations;
  let scans = 1;
  let maxOperations = 0;
  for (let before = first; scans < 80; scans++) {
    rows = await watcher.scan(1 + scans * 10_000, { fileBytes: 1 << 20, shmemBytes: 0 });
    maxOperations = Math.max(maxOperations, watcher.stats().operations - before);
    before = watcher.stats().operations;
  }
  t.diagnostic(
    `first scan ${first} operations, later ones at most ${maxOperations}, on average ${(watcher.stats().operations - first) / (scans - 1)}`,
  );
  assert.ok(first < 80_000, `${first} operations in the first scan`);
  assert.ok(maxOperations < 5_000, `${maxOperations} operations in a later look`);
  for (let i = 0; i < 10; i++) {
    const log = rows.find(({ path }) => path === join(dir, `log${i}`));
    assert.equal(log?.residentBytes, 2 << 20, `log${i}`);
  }
});
