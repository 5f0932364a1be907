import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FileReading } from '../../../src/sources/types.ts';
import { MIB } from '../../../src/units.ts';
import { fincore } from '../../support/fincore.ts';
import { missingRequirements, program } from '../../support/needs.ts';
import { start } from '../../support/process.ts';
import { unmount } from '../../support/unmount.ts';

const LOOK = fileURLToPath(new URL('./scan-as.ts', import.meta.url));
const AS = ['--reuid', '1000', '--regid', '1000', '--clear-groups'];

/** A shell that holds files open, and the rows that a watcher of the same user gives, by way of asking. */
async function scanAs(open: string, cwd: string, as: readonly string[]): Promise<Record<string, FileReading[]>> {
  const holder = start([program('setpriv'), [...as, 'sh', '-c', `${open}; echo ready; read -r _`]], { cwd });
  try {
    await holder.line((line) => line === 'ready');
    const env = { ...process.env, TMPDIR: cwd };
    const args = [...as, process.execPath, '--import', 'tsx', LOOK, String(holder.pid)];
    return JSON.parse(execFileSync(program('setpriv'), args, { env, encoding: 'utf8', maxBuffer: 64 * MIB }));
  } finally {
    await holder.stop('SIGKILL');
  }
}

test('a file of another user is unknown, never all resident; one of the same user is exact', {
  skip: missingRequirements('root', 'setpriv', 'fincore'),
}, async (t) => {
  const dir = mkdtempSync('/tmp/memhound-foreign-');
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const foreign = join(dir, 'foreign.jar');
  writeFileSync(foreign, Buffer.alloc(24 * MIB), { mode: 0o644 });
  // Out of the cache, so that a claim that it is all there would be a lie.
  execFileSync('sync', [foreign]);
  execFileSync('dd', [`if=${foreign}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  chownSync(dir, 1000, 1000);
  const answer = await scanAs('exec 3<foreign.jar 4>own.log; head -c 20971520 /dev/zero >&4', dir, AS);
  const left = await fincore(join(dir, 'own.log'));
  for (const [way, rows] of Object.entries(answer)) {
    const at = (name: string) => rows.find(({ path }) => path === join(dir, name));
    // A machine that reclaims may have taken pages since they were written; none come back.
    const resident = at('own.log')?.residentBytes ?? -1;
    assert.ok(left > 19 * MIB && resident >= left && resident <= 20 * MIB, `${way}: ${resident}, ${left} left`);
    assert.deepEqual(at('own.log')?.residency, { state: 'known', method: way });
    assert.equal(at('foreign.jar')?.residentBytes, null, way);
    assert.deepEqual(at('foreign.jar')?.residency, { state: 'unknown', reason: 'owned by uid 0, asked by uid 1000' }, way);
    assert.equal(at('foreign.jar')?.sizeBytes, 24 * MIB, way);
  }
});

test('on overlayfs, where cachestat returns 0, mincore is used', {
  skip: missingRequirements('root', 'setpriv', 'fincore', 'mount'),
}, async (t) => {
  const dir = mkdtempSync('/tmp/memhound-overlay-');
  let mounted = false;
  t.after(() => {
    if (mounted) unmount(join(dir, 'merged'));
    rmSync(dir, { recursive: true, force: true });
  });
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(dir, name));
  const merged = join(dir, 'merged');
  const options = `lowerdir=${dir}/lower,upperdir=${dir}/upper,workdir=${dir}/work`;
  try {
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged], { stdio: 'pipe' });
    mounted = true;
  } catch (error) {
    t.skip(`needs the right to mount overlayfs: ${(error as Error).message}`);
    return;
  }
  const answer = await scanAs(
    'exec 3>spring.log; head -c 20971520 /dev/zero >&3; exec 4>gone; head -c 4194304 /dev/zero >&4; rm gone',
    merged,
    [],
  );
  // The pages are those of the upper file. A machine that reclaims may have taken some since they were written; none come back.
  const left = await fincore(join(dir, 'upper', 'spring.log'));
  for (const [way, rows] of Object.entries(answer)) {
    const log = rows.find(({ path }) => path === join(merged, 'spring.log'));
    const resident = log?.residentBytes ?? -1;
    assert.ok(left > 19 * MIB && resident >= left && resident <= 20 * MIB, `${way}: ${resident}, ${left} left`);
    assert.deepEqual(log?.residency, { state: 'known', method: way === 'fincore' ? 'fincore' : 'mincore' });
    const gone = rows.find(({ path }) => path === join(merged, 'gone'));
    const kept = gone?.residentBytes ?? -1;
    assert.ok(gone?.deleted && kept > 3 * MIB && kept <= 4 * MIB, `${way}: ${kept}`);
  }
});
