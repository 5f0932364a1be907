import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unescapeMappedPath, unescapeMountPath, withoutDeletedMark } from '../../../../src/sources/process/proc-paths.ts';

test('in mountinfo space, tab, newline and backslash are escaped', () => {
  assert.equal(unescapeMountPath('/a\\040b\\011c\\012d\\134e'), '/a b\tc\nd\\e');
});

test('an escaped backslash before digits is not read as another escape', () => {
  assert.equal(unescapeMountPath('/a\\134040'), '/a\\040');
});

test('in maps only the newline is escaped: any other backslash belongs to the name', () => {
  assert.equal(unescapeMappedPath('/a\\012b\\040c\\'), '/a\nb\\040c\\');
});

test('the mark of a deleted file is taken off once', () => {
  assert.deepEqual(withoutDeletedMark('/tmp/a (deleted)'), { path: '/tmp/a', deleted: true });
  assert.deepEqual(withoutDeletedMark('/tmp/a (deleted) (deleted)'), { path: '/tmp/a (deleted)', deleted: true });
  assert.deepEqual(withoutDeletedMark('/tmp/a'), { path: '/tmp/a', deleted: false });
});
