import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MEMHOUND } from '../../support/memhound.ts';
import { run } from '../../support/process.ts';

const dir = mkdtempSync(join(tmpdir(), 'memhound-settings-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
writeFileSync(join(dir, 'file'), 'a file');
const data = join(dir, 'data');

const BAD: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  {
    args: ['--every', '7s'],
    says: /--every "7s": expected an interval that divides 60 s or 60 min evenly.*the nearest are 6s and 10s/,
  },
  { args: ['--every', '90s'], says: /the nearest are 1m and 2m/ },
  { args: ['--every', '500ms'], says: /the nearest is 1s/ },
  { args: ['--every', '2h'], says: /the nearest is 1h/ },
  { args: ['--keep', '5s'], says: /--keep 5s: expected at least one --every, 10s/ },
  { args: ['--keep', '-1d'], says: /--keep "-1d": expected a time above 0/ },
  { args: ['--max-disk', '-4MiB'], says: /--max-disk "-4MiB": expected a size above 0/ },
  { args: ['--max-disk', '0'], says: /--max-disk "0": expected a size above 0/ },
  { args: ['--max-disk', '100KiB'], says: /--max-disk 102400: expected at least 1MiB, the size of a few segments/ },
  { args: ['--data', join(dir, 'file')], says: /--data .*file: expected a folder, found a file/ },
  { args: ['--data', join(dir, 'file', 'below')], says: /--data .*below: expected a folder, found a file/ },
];

for (const { args, says } of BAD) {
  const shown = args.map((arg) => arg.replace(dir, 'DIR')).join(' ');
  test(`${shown}: one clear line, exit code 2, nothing touched`, async () => {
    const all = ['watch', '--own', '--port', '0', '--ops-port', '0', ...args];
    if (!args.includes('--data')) all.push('--data', data);
    const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...all]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.deepEqual(readdirSync(dir), ['file']);
  });
}
