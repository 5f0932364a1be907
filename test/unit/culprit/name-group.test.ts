import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameGroup } from '../../../src/culprit/name-group.ts';
import { QUESTIONS } from '../../../src/culprit/questions.ts';
import { MIB } from '../../../src/units.ts';

const heap = (mib: Readonly<Record<string, number>>) =>
  Object.entries(mib).map(([name, size]) => ({
    name,
    size: size * MIB,
    counts: { instances: size },
    stand: null,
    parent: null,
  }));

test('a class that grew is named with its share, not a larger one that did not', () => {
  const found = nameGroup('heap', [heap({ '[B': 500, Order: 1, Other: 1 }), heap({ '[B': 500, Order: 10, Other: 2 })]);
  assert.equal(found.state, 'named');
  assert.deepEqual(found.state === 'named' && found.culprit, {
    name: 'Order',
    before: MIB,
    after: 10 * MIB,
    share: 0.9,
    sizes: [MIB, 10 * MIB],
    more: { instances: 9 },
  });
});

test('no class is named where none has half of the growth', () => {
  const found = nameGroup('heap', [heap({ A: 1, B: 1, C: 1 }), heap({ A: 4, B: 4, C: 4 })]);
  assert.equal(found.state === 'unknown' && found.because, 'no-group-has-half');
});

test('a class that grew by half exactly is named', () => {
  assert.equal(nameGroup('heap', [heap({ A: 1, B: 1, C: 1 }), heap({ A: 5, B: 3, C: 3 })]).state, 'named');
});

test('no class is named where the heap as a whole did not grow', () => {
  const found = nameGroup('heap', [heap({ A: 1, B: 9 }), heap({ A: 9, B: 1 })]);
  assert.equal(found.state === 'unknown' && found.because, 'no-growth');
});

test('an answer that holds no class is not understood', () => {
  const found = nameGroup('heap', [[], heap({ A: 9 })]);
  assert.equal(found.state === 'unknown' && found.because, 'not-understood');
});

const named = (...sizes: number[]) =>
  nameGroup(
    'heap',
    sizes.map((A) => heap({ A, Other: 5 })),
  );

test('a class that grows from each look to the next is named, with its size at each', () => {
  const found = named(10, 20, 25, 40);
  assert.deepEqual(
    found.state === 'named' && found.culprit.sizes,
    [10, 20, 25, 40].map((size) => size * MIB),
  );
});

for (const [what, sizes] of Object.entries({
  'breathes and is larger at the last look': [100, 300, 50, 400],
  'was filling and is full': [100, 300, 400, 400],
  'grew once': [100, 100, 400, 400],
  'hardly grows any more': [100, 300, 400, 405],
})) {
  test(`a class that ${what} is not named`, () => {
    const found = named(...sizes);
    assert.equal(found.state === 'unknown' && found.because, 'not-steady');
    assert.equal(found.grown[0]?.name, 'A');
  });
}

test('of seven looks one may show no growth, since a leak in bursts may pause; a fall, or a second pause, is none', () => {
  assert.equal(named(10, 20, 30, 30, 40, 50, 60).state, 'named');
  assert.equal(named(10, 20, 30, 24, 40, 50, 60).state, 'unknown');
  assert.equal(named(10, 20, 30, 30, 30, 45, 60).state, 'unknown');
});

test('a class that is there from the second look on has no size at the first', () => {
  const found = nameGroup('heap', [heap({ Other: 5 }), heap({ A: 5, Other: 5 }), heap({ A: 9, Other: 5 })]);
  assert.deepEqual(found.state === 'named' && found.culprit.sizes, [0, 5 * MIB, 9 * MIB]);
});

test('one look is not enough', () => {
  assert.equal(nameGroup('heap', [heap({ A: 9 })]).state, 'unknown');
});

const loaders = (counts: Readonly<Record<string, readonly [loaders: number, mib: number]>>) =>
  Object.entries(counts).map(([name, [n, mib]]) => ({
    name,
    size: mib * MIB,
    counts: { loaders: n },
    stand: null,
    parent: null,
  }));
const warmUp = (...apps: readonly (readonly [number, number])[]) =>
  nameGroup(
    'metaspace',
    apps.map(([n, mib], at) => loaders({ '<boot class loader>': [1, 9 + at / 3], 'app.Loader': [n, mib] })),
  );

test('loaders that became more are named beside a larger warm-up, which does not count', () => {
  const found = warmUp([1, 0.1], [2, 0.2], [3, 0.3]);
  assert.deepEqual(found.state === 'named' && [found.culprit.name, found.culprit.share], ['app.Loader', 1]);
});

test('a loader that only got classes is a warm-up, as long as it did not get a MiB', () => {
  assert.equal(warmUp([1, 0.1], [1, 0.5], [1, 0.9]).state, 'unknown');
  assert.equal(warmUp([1, 0.1], [1, 5], [1, 10]).state, 'named');
});

/** MiB of int[] at each look, beside a leak of 6 MiB in all. */
const besideInts = (...mib: readonly number[]) =>
  nameGroup(
    'heap',
    mib.map((ints, n) => heap({ 'int[]': ints, A: 10 + 1.5 * n })),
  );

test('int[] that come and go from look to look are gaps that the collector fills, and no growth', () => {
  const found = besideInts(1, 9, 2, 1, 9);
  assert.deepEqual(found.state === 'named' && [found.culprit.name, found.culprit.share], ['A', 1]);
});

test('int[] that become more with each look are a class like another', () => {
  assert.equal(besideInts(1, 4, 7, 10, 13).grown[0]?.name, 'int[]');
});

test('what the JDK fills gaps with is no class of the program', () => {
  const groups = QUESTIONS.heap.groups(
    '   1:  3  4194304  [Ljdk.internal.vm.FillerElement; (java.base@21)\n   2:  9  144  jdk.internal.vm.FillerObject (java.base@21)\n   3:  1  16  A\n',
  );
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['A'],
  );
});
