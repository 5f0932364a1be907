import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FIELDS } from '../../../src/fields.ts';
import { readStoredFolders } from '../../../src/history/store/folder-owner.ts';
import type { SamplesAnswer } from '../../../src/outlets/status.ts';
import { dataDir, MEMHOUND, watch } from '../../support/memhound.ts';
import { run } from '../../support/process.ts';

test('history fill makes a folder that watch continues, and does not change a folder that is not empty', async () => {
  const dir = dataDir();
  const fill = ['history', 'fill', '--data', dir, '--days', '3', '--targets', '2', '--every', '1m'];
  const made = await run(process.execPath, [MEMHOUND, ...fill]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, new RegExp(`3 days of 2 targets, ${FIELDS.length} fields`));
  assert.deepEqual(readdirSync(dir).sort(), ['jvm', 'jvm-2']);
  const before = readdirSync(join(dir, 'jvm'));

  const again = await run(process.execPath, [MEMHOUND, ...fill]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /expected a new or empty folder, found 2 entries; nothing was changed/);
  assert.deepEqual(readdirSync(join(dir, 'jvm')), before);

  const other = await run(process.execPath, [MEMHOUND, 'history', 'empty']);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /expected the word fill, found empty/);

  // No JVM here: memhound's own cgroup gets one more history, in addition to the synthetic ones.
  const hound = await watch(['--own', '--every', '1s', '--data', dir]);
  const { body } = await hound.get<SamplesAnswer>('/api/v1/samples?fields=usage');
  assert.ok(body.t.length >= 1);
  await hound.stop();
  assert.deepEqual(readdirSync(join(dir, 'jvm')), before, 'sealed segments of others are as they were');
});

test('with a main class, the history is that of JVMs of this class', async () => {
  const dir = dataDir();
  const fill = [
    'history',
    'fill',
    '--data',
    dir,
    '--days',
    '1',
    '--targets',
    '2',
    '--every',
    '10m',
    '--main-class',
    'com.acme.Orders',
  ];
  const made = await run(process.execPath, [MEMHOUND, ...fill]);
  assert.equal(made.code, 0, made.stderr);
  const identity = { kind: 'jvm', source: 'main-class', name: 'com.acme.Orders', mainClass: 'com.acme.Orders' };
  assert.deepEqual(
    (await readStoredFolders(dir)).map((folder) => folder.identity),
    [identity, identity],
  );
});
