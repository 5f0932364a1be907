import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutSamples } from '../../../../src/inputs/prometheus/matrix-text.ts';
import { parseMatrix } from '../../../../src/inputs/prometheus-json.ts';

const matrix = (result: readonly object[]) => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
const one = (values: string): string => `{"data":{"resultType":"matrix","result":[{"metric":{"pod":"a"},"values":${values}}]}}`;
const parsed = (text: string) => parseMatrix((JSON.parse(text) as { data: unknown }).data);

const word = fc.oneof(
  fc.nat().map(String),
  fc.double({ noNaN: false }).map(String),
  fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
  fc.constantFrom('+Inf', '-Inf', 'NaN', '1e+09', '1.8446744073709552e+19', '0.5', '007', '1.', '.5', '', '-1', '1.2.3'),
);
const times = fc
  .uniqueArray(
    fc.oneof(
      fc.nat(2e9),
      fc.nat(2e9).map((n) => n / 1000),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((list) => list.sort((a, b) => a - b));
const row = fc.tuple(times, fc.array(word, { minLength: 20, maxLength: 20 }), fc.string()).map(([list, words, pod]) => ({
  metric: { pod, note: '"values":[[1,"2"]]' },
  values: list.map((t, i) => [t, words[i]!] as const),
}));

test('samples that are cut out of a text are those that JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const text = matrix(rows);
      const cut = cutSamples(text);
      if (cut === null) return rows.some(({ values }) => values.some(([t]) => String(t).includes('e')));
      const expected = parsed(text);
      const left = parsed(cut.json);
      assert.deepEqual(
        left.map(({ labels }) => labels),
        expected.map(({ labels }) => labels),
      );
      assert.deepEqual(
        cut.samples,
        expected.map(({ t, v }) => ({ t, v })),
      );
      return left.every(({ t }) => t.length === 0);
    }),
  );
});

test('a text that is written in another way, or whose times do not rise or are not plausible, is for JSON.parse', () => {
  assert.deepEqual(cutSamples(one('[[1,"2"],[3.5,"4"]]'))?.samples, [{ t: Float64Array.of(1, 3.5), v: Float64Array.of(2, 4) }]);
  for (const values of [
    '[]',
    '[ [1,"2"]]',
    '[[1, "2"]]',
    '[[1,2]]',
    '[[1,"2"] ]',
    '[[1,"2"],[1,"3"]]',
    '[[2,"2"],[1,"3"]]',
    '[[-1,"2"]]',
    '[[1e3,"2"]]',
    '[[1700000000000,"2"]]',
    '[[1,"\\u0031"]]',
    '[[1,"2"]',
    '[[1,"2',
    '[[',
  ])
    assert.equal(cutSamples(one(values)), null, values);
});
