import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHistogram } from '../../../../src/sources/jvm/class-histogram.ts';
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
