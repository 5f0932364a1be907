import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeFolder } from '../../../../src/history/store/make-folder.ts';
import { openStore } from '../../../../src/history/store/store.ts';

const dir = mkdtempSync(join(tmpdir(), 'memhound-folder-'));
after(() => rmSync(dir, { recursive: true }));

test('a folder is created with those above it, and may be there already', async () => {
  const deep = join(dir, 'a/b/c');
  await Promise.all([makeFolder(deep), makeFolder(deep)]);
  await makeFolder(deep);
  assert.ok(statSync(deep).isDirectory());
});

test('a file in the way is an error, as the folder itself or above it', async () => {
  writeFileSync(join(dir, 'file'), '');
  await assert.rejects(makeFolder(join(dir, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(dir, 'file/below')), { code: 'ENOTDIR' });
});

test('a file system that takes no folders is a clear error, of the store too', async () => {
  for (const path of ['/proc/memhound', '/proc/memhound/data']) {
    await assert.rejects(makeFolder(path), { code: 'ENOENT' });
    await assert.rejects(openStore({ dir: path, maxDiskBytes: 64 << 20, everyS: 10, log: { warn: () => undefined } }), {
      name: 'StoreError',
      message: `--data ${path}: expected a file system that takes folders, found one that does not; choose another folder`,
    });
  }
});
