import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { shmemHolder } from '../../../../src/sources/process/shmem-holder.ts';
import { KIB } from '../../../../src/units.ts';

test('of several processes the one that maps most shared memory is found; those that have ended and those that map none count for nothing', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-shmem-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const status = (pid: number, name: string, rssShmemKib: number) => {
    mkdirSync(`${proc}/${pid}`);
    writeFileSync(
      `${proc}/${pid}/status`,
      `Name:\t${name}\nPid:\t${pid}\nRssAnon:\t  900000 kB\nRssShmem:\t  ${rssShmemKib} kB\n`,
    );
  };
  status(7, 'java', 120);
  status(12, 'postgres', 4096);
  status(13, 'sh', 0);
  assert.deepEqual(shmemHolder(proc, [7, 12, 13, 999]), { pid: 12, name: 'postgres', bytes: 4096 * KIB });
  assert.equal(shmemHolder(proc, [13, 999]), null);
});
