import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDirtiedBytes, readDirtiedBytes } from '../../../../src/sources/process/dirtied-bytes.ts';

test('the bytes that a process wrote to files are read from its own count, and none where there is no count', () => {
  const text = 'rchar: 6976\nwchar: 12\nsyscr: 10\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 8404992\ncancelled_write_bytes: 4096\n';
  assert.equal(parseDirtiedBytes(text), 8404992);
  assert.equal(parseDirtiedBytes('rchar: 1\n'), null);
  assert.equal(readDirtiedBytes('/proc', 2 ** 22 + 1), null);
});

test('the count of this process rises or stays when it writes a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-dirtied-'));
  try {
    const before = readDirtiedBytes('/proc', process.pid);
    const fd = openSync(join(folder, 'file'), 'w');
    writeSync(fd, Buffer.alloc(1 << 20));
    closeSync(fd);
    const after = readDirtiedBytes('/proc', process.pid);
    // A kernel may not count, and /tmp may be a tmpfs, whose pages are not counted.
    assert.ok(before === null ? after === null : after !== null && after >= before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
