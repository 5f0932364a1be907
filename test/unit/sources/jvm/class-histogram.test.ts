import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffHistograms, parseHistogram } from '../../../../src/sources/jvm/class-histogram.ts';
import { parseNativeMemory } from '../../../../src/sources/jvm/jcmd-output.ts';

const take = (rows: readonly (readonly [string, number, number])[]): string =>
  [
    ' num     #instances         #bytes  class name (module)',
    '-------------------------------------------------------',
    ...rows.map(
      ([name, n, bytes], i) => `${String(i + 1).padStart(4)}:${String(n).padStart(14)}${String(bytes).padStart(15)}  ${name}`,
    ),
    'Total          9999         999999',
  ].join('\n');

test('the ten classes that grew most come first, those that shrank not at all', () => {
  const first = parseHistogram(take([...Array(15).keys()].map((i) => [`app.C${i}`, 10, 1000])));
  const second = parseHistogram(
    take([['[B (java.base@17)', 5, 5000], ...[...Array(15).keys()].map((i) => [`app.C${i}`, 10 + i, 900 + 100 * i] as const)]),
  );
  const grown = diffHistograms(first, second);
  assert.equal(grown.length, 10);
  assert.deepEqual(grown[0], { name: '[B', bytesGrown: 5000, instancesGrown: 5, bytes: 5000 });
  assert.deepEqual(grown[1], { name: 'app.C14', bytesGrown: 1300, instancesGrown: 14, bytes: 2300 });
  assert.ok(grown.every((c) => c.bytesGrown > 0));
});

test('classes of one name from several loaders are one line', () => {
  assert.deepEqual(
    parseHistogram(
      take([
        ['app.A', 1, 16],
        ['app.A', 2, 32],
      ]),
    ),
    [{ name: 'app.A', instances: 3, bytes: 48 }],
  );
});

test('native memory tracking that is off is no value', () => {
  assert.equal(parseNativeMemory('Native memory tracking is not enabled\n'), null);
});
