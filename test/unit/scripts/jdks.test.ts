import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../support/process.ts';

test('a JDK that cannot be fetched is named with the reason, and the others are tried', async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'memhound-jdks-'));
  t.after(() => rmSync(cache, { recursive: true, force: true }));
  const { code, stdout } = await run(process.execPath, ['scripts/jdks.mjs', '8', '25'], {
    env: { XDG_CACHE_HOME: cache, PATH: '/nonexistent' },
  });
  assert.equal(code, 1);
  assert.match(stdout, /^JDK 8: missing: .*apt-get.*\nJDK 25: missing: .*apt-get.*\n$/);
});

test('a line that there is no JDK of is refused', async () => {
  const { code, stderr } = await run(process.execPath, ['scripts/jdks.mjs', '9']);
  assert.equal(code, 2);
  assert.match(stderr, /expected some of 8, 11, 17, 21, 25, found 9/);
});
