import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kernel } from '../../../../src/trends/model/kernel/kernel.ts';

const PAGE = 65_536;

test('numbers that are copied into the kernel can be read back, one array after the other', () => {
  const kernel = new Kernel();
  const [a, b] = [kernel.copyFloats([1.5, -2, 1e300]), kernel.copyFloats(Float64Array.of(7))];
  assert.equal(b - a, 3 * 8);
  assert.deepEqual([...kernel.readFloats(a, 3), ...kernel.readFloats(b, 1)], [1.5, -2, 1e300, 7]);
});

test('what is read back is a copy, which later numbers do not change', () => {
  const kernel = new Kernel();
  const at = kernel.copyFloats([1, 2]);
  const read = kernel.readFloats(at, 2);
  kernel.f64[at >> 3] = 9;
  assert.deepEqual([...read], [1, 2]);
});

test('integers take four bytes each, and what follows them begins at a whole number of eight', () => {
  const kernel = new Kernel();
  const at = kernel.copyInts([3, -4, 5]);
  assert.deepEqual([...kernel.i32.subarray(at >> 2, (at >> 2) + 3)], [3, -4, 5]);
  assert.equal(kernel.allocate(1) - at, 16);
  const even = kernel.copyInts([1, 2]);
  assert.equal(kernel.allocate(0) - even, 8);
});

test('what is allocated lies behind what the compiled code itself uses', () => {
  const kernel = new Kernel();
  assert.equal(kernel.allocate(1), kernel.exports.free());
});

test('scratch memory is free again after its work, also where that throws', () => {
  const kernel = new Kernel();
  const kept = kernel.copyFloats([42]);
  const inside = kernel.withScratch(() => kernel.allocate(1000));
  assert.equal(
    kernel.withScratch(() => kernel.allocate(1)),
    inside,
  );
  assert.throws(
    () =>
      kernel.withScratch(() => {
        kernel.allocate(5);
        throw new TypeError('work failed');
      }),
    /work failed/,
  );
  assert.equal(kernel.allocate(1), inside);
  assert.deepEqual([...kernel.readFloats(kept, 1)], [42]);
});

test('memory grows by whole pages where it is short, and keeps its numbers', () => {
  const kernel = new Kernel();
  const before = kernel.memoryBytes;
  assert.equal(before % PAGE, 0);
  const at = kernel.copyFloats([6, 7]);
  const free = (before - kernel.allocate(0)) / 8;
  kernel.allocate(free);
  assert.equal(kernel.memoryBytes, before, 'it is full, and nothing is missing');
  kernel.allocate(1);
  assert.equal(kernel.memoryBytes, before + PAGE);
  kernel.allocate(PAGE / 8);
  assert.equal(kernel.memoryBytes, before + 2 * PAGE);
  assert.deepEqual([...kernel.readFloats(at, 2)], [6, 7]);
  assert.deepEqual([kernel.f64.byteLength, kernel.i32.byteLength], [kernel.memoryBytes, kernel.memoryBytes]);
});

test('a claim frees all memory, and the claims before it have ended', () => {
  const kernel = new Kernel();
  const first = kernel.claim();
  const at = kernel.allocate(100);
  assert.equal(
    kernel.withScratchOf(first, () => kernel.allocate(1)),
    at + 800,
  );
  assert.equal(kernel.allocate(1), at + 800, 'the work of a claim is scratch, too');
  const second = kernel.claim();
  assert.notEqual(second, first);
  assert.equal(kernel.allocate(0), at);
  assert.equal(
    kernel.withScratchOf(second, () => 5),
    5,
  );
  assert.throws(
    () => kernel.withScratchOf(first, () => 5),
    /these points are no longer in the kernel: average them by a new ModelAverager/,
  );
});

test('the compiled functions read and write the memory of their own kernel', () => {
  const [kernel, other] = [new Kernel(), new Kernel()];
  const at = kernel.copyFloats([1, 10, 0, 5]);
  assert.equal(at, other.copyFloats([1, 20, 0, 5]));
  assert.deepEqual(
    [kernel, other].map(({ exports }) => exports.slopeQuantile(at, 1, 0.5)),
    [10, 20],
  );
  assert.equal(kernel.exports.normalCdf(0), 0.5);
});
