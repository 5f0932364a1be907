import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocatorOf } from '../../../../src/diagnosis/ledger/allocator.ts';

const allocator = (...paths: string[]) => allocatorOf(paths.map((path) => ({ path })));

test('the library that serves malloc is recognised by its name, also beside the C library', () => {
  const libc = '/usr/lib/x86_64-linux-gnu/libc.so.6';
  assert.equal(allocator(libc, ''), 'glibc');
  assert.equal(allocator('/lib/x86_64-linux-gnu/libc-2.28.so'), 'glibc');
  assert.equal(allocator(libc, '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'), 'jemalloc');
  assert.equal(allocator(libc, '/opt/lib/libtcmalloc_minimal.so.4.5.9'), 'tcmalloc');
  assert.equal(allocator('/usr/lib/libmimalloc.so.2.1', libc), 'mimalloc');
  assert.equal(allocator('/lib/ld-musl-x86_64.so.1'), 'musl');
  assert.equal(allocator('/usr/lib/x86_64-linux-musl/libc.so'), 'musl');
});

test('a static program, and names that only resemble the libraries, are of no known allocator', () => {
  assert.equal(allocator('', '[heap]', '/app/server'), null);
  assert.equal(allocator('/app/libcrypto.so.3', '/app/libcmusl.so', '/data/jemalloc.so.txt'), null);
});
