import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';
import { CompiledArithmetic } from '../../src/trends/model/kernel/compiled-arithmetic.ts';
import { modelAverage } from '../../src/trends/model/model-average.ts';
import { PLAIN_ARITHMETIC } from '../../src/trends/model/plain-arithmetic.ts';
import { CORPUS, exampleOf } from '../../synthetic/corpus/index.ts';
import { figures, randomSeries } from '../support/random-series.ts';
import { sameNumbers } from '../support/same-numbers.ts';

const compiled = new CompiledArithmetic();

test('the shipped kernel is the compiled form of its source', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/kernel.mjs', '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('the kernel gives the same verdicts as plain TypeScript on every scenario of the corpus', () => {
  const [byKernel, plain] = [new EvaluationCache(compiled), new EvaluationCache(PLAIN_ARITHMETIC)];
  for (const { index, name } of CORPUS) {
    const { series } = exampleOf(index, 0);
    const options = { minHistorySeconds: 900 };
    sameNumbers(evaluateSeries(series, options, byKernel), evaluateSeries(series, options, plain), name);
  }
});

test('the kernel gives the same model averages as plain TypeScript on random series with uneven points', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const { t, y, windowS } = randomSeries(seed);
    const [a, b] = [modelAverage(t, y, windowS, compiled), modelAverage(t, y, windowS)];
    sameNumbers(figures(a), figures(b), `seed ${seed}`, 1e-7);
    sameNumbers([a.slope, a.levelAtEnd, a.growing], [b.slope, b.levelAtEnd, b.growing], `seed ${seed}`);
  }
});
