import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileTracks } from '../../../src/history/file-tracks.ts';
import { type CacheTotals, PageCacheScanner } from '../../../src/sources/files/page-cache-scanner.ts';
import { Residency } from '../../../src/sources/files/residency.ts';
import { readPermission } from '../../../src/sources/files/residency-permission.ts';
import { MIB, MINUTE_MS, SECOND_MS } from '../../../src/units.ts';
import { start } from '../../support/process.ts';
import { ownProcessRef, ROOTS } from '../../unit/sources/files/own-process.ts';

/** Does what each line says, and answers it: so each scan comes at a known moment. */
const WRITER = `
  const fs = require('fs');
  const [dir] = process.argv.slice(1);
  const mib = Buffer.alloc(1 << 20, 7);
  const write = (fd, n) => { for (let i = 0; i < n; i++) fs.writeSync(fd, mib); };
  const open = (name, flags = 'w') => fs.openSync(dir + '/' + name, flags);
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => { eval(line); console.log('done'); });
  console.log('ready');`;

/** Little page cache: folders are not searched widely, so the folders of other programs in /tmp play no part. */
const NOT_SEARCHING: CacheTotals = { fileBytes: MIB, shmemBytes: 0 };

/** A program that obeys commands, and the tracks of the files in its folder after each scan. */
async function writer(t: TestContext, over: { readonly residency?: Residency } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-many-'));
  const program = start([process.execPath, ['-e', WRITER, dir]]);
  t.after(async () => {
    await program.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  await program.line((line) => line === 'ready');
  const scanner = new PageCacheScanner({ roots: ROOTS, process: ownProcessRef(program.pid), pids: () => [program.pid], ...over });
  t.after(() => scanner.close());
  const tracks = new FileTracks();
  let answers = 0;
  return {
    dir,
    pid: program.pid,
    async does(line: string): Promise<void> {
      const seen = ++answers;
      program.child.stdin!.write(`${line}\n`);
      let count = 0;
      await program.line((text) => text === 'done' && ++count === seen);
    },
    /** `laterMs`: the scan comes so much later than now. */
    async scan(laterMs = 0, hint?: CacheTotals) {
      const atMs = Date.now() + laterMs;
      const files = (await scanner.scan(atMs, hint)).filter(({ path }) => path.startsWith(dir));
      tracks.record(atMs, files);
      return tracks.newest().map((track) => ({ ...track, path: track.path.slice(dir.length) }));
    },
  };
}

test('segments that come one after the other are one group, which grows by their resident bytes', async (t) => {
  const { does, scan, pid } = await writer(t);
  for (let i = 0; i < 3; i++) {
    await does(`write(open('0000${i}.log'), 4)`);
    await scan();
  }
  const [group] = await scan();
  assert.deepEqual([group?.path, group?.files, group?.writtenFiles, group?.pids], ['/*.log', 3, 3, [pid]]);
  assert.deepEqual(
    [...group!.residentBytes],
    [4, 8, 12, 12].map((mib) => mib * MIB),
  );
});

test('deleted files that stay open are counted, with who holds them', async (t) => {
  const { does, scan, pid } = await writer(t);
  await does(`for (let i = 0; i < 5; i++) { write(open('cache-' + i), 1); fs.unlinkSync(dir + '/cache-' + i); }`);
  const [group] = await scan();
  assert.deepEqual([group?.path, group?.deletedFiles, group?.deleted, group?.pids], ['/cache*', 5, true, [pid]]);
  assert.equal(group?.residentBytes[0], 5 * MIB);
});

test('a log that is renamed keeps its bytes in the scan that follows', async (t) => {
  const { does, scan, dir } = await writer(t);
  await does(`log = open('app.log'); write(log, 6)`);
  await scan(0, NOT_SEARCHING);
  await does('fs.closeSync(log)');
  await scan(0, NOT_SEARCHING);
  renameSync(join(dir, 'app.log'), join(dir, 'app.log.1'));
  await does(`write(open('app.log'), 2)`);
  const [group] = await scan(0, NOT_SEARCHING);
  assert.deepEqual([group?.path, group?.files, group?.residentBytes.at(-1)], ['/app.log*', 2, 8 * MIB]);
});

test('a log that is truncated under its writer has on disk what it holds, not its length', async (t) => {
  const { does, scan, dir } = await writer(t);
  await does(`log = open('app.log'); write(log, 8)`);
  await scan();
  truncateSync(join(dir, 'app.log'), 0);
  await does('write(log, 2)');
  const [log] = await scan();
  assert.equal(log?.sizeBytes.at(-1), 10 * MIB);
  assert.ok(log!.allocatedBytes.at(-1)! < 3 * MIB, `${log?.allocatedBytes.at(-1)} bytes on disk`);
});

test('closed files of many new folders are found, and their residency is asked for together', async (t) => {
  let queries = 0;
  class Counted extends Residency {
    override query(...args: Parameters<Residency['query']>): ReturnType<Residency['query']> {
      queries++;
      return super.query(...args);
    }
  }
  const { does, scan } = await writer(t, { residency: new Counted(readPermission(ROOTS.proc)) });
  await does('log = open("log"); write(log, 1)');
  await scan(0, NOT_SEARCHING);
  await does(
    `for (let i = 0; i < 60; i++) { fs.mkdirSync(dir + '/d' + i); const fd = open('d' + i + '/audit.json'); write(fd, 1); fs.closeSync(fd); }`,
  );
  const before = queries;
  let found = 0;
  for (let i = 1; i <= 20 && found < 61; i++)
    found = (await scan(i * MINUTE_MS, NOT_SEARCHING)).reduce((sum, { files }) => sum + files, 0);
  assert.equal(found, 61);
  assert.ok(queries - before < 60, `${queries - before} queries for 60 folders`);
});

test('a closed file that was removed while another took its room has no row after the next walk of its folder', async (t) => {
  const { does, scan } = await writer(t);
  await does(`for (let i = 0; i < 2; i++) { const fd = open('spill-' + i); write(fd, 2); fs.closeSync(fd); }`);
  await does('write(open("log"), 1)');
  const files = async (laterMs: number): Promise<number> =>
    (await scan(laterMs, { fileBytes: 500 * MIB, shmemBytes: 0 })).reduce((sum, track) => sum + track.files, 0);
  assert.equal(await files(0), 3);
  assert.equal(await files(0), 3);
  await does(`fs.unlinkSync(dir + '/spill-0')`);
  // New folders of other programs in /tmp are walked first, so that the next walk of this one may be in a later scan.
  let left = 3;
  for (let i = 1; i <= 80 && left > 2; i++) left = await files(i * 11 * SECOND_MS);
  assert.equal(left, 2);
});
