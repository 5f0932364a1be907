import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameCauses } from '../../../src/diagnosis/name-causes.ts';
import type { Cause } from '../../../src/trends/types.ts';
import { causeShare, fileRow } from '../../support/rule-context.ts';

const grown = { 'page-cache': [fileRow({ path: '/data/' }), fileRow({ path: '/tmp/x' })], shmem: [fileRow({ path: '/shm/' })] };
const named = (cause: Cause) => nameCauses([causeShare(cause, 100)], grown)[0]?.what;

test('page cache and shared memory are called by the files that grew most', () => {
  assert.equal(named('page-cache'), '/data/');
  assert.equal(named('shmem'), '/shm/');
  assert.equal(nameCauses([causeShare('shmem', 100)], { ...grown, shmem: [] })[0]?.what, null);
});

test('no other cause is a file, and a cause that has a name keeps it', () => {
  assert.equal(named('native'), null);
  const share = causeShare('page-cache', 100, { what: '/known' });
  assert.deepEqual(nameCauses([share], grown), [share]);
});
