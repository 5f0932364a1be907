import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryTrimmer } from '../../../src/daemon/memory-trimmer.ts';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../../src/trends/evaluation-cache.ts';
import { MIB, MINUTE_MS, SECOND_MS } from '../../../src/units.ts';
import { leakSeries } from '../../support/series.ts';

test('memory is looked at a minute after the trim of the start, then each four minutes', async () => {
  let looks = 0;
  const trimmer = new MemoryTrimmer(() => {
    looks++;
    return 20 * MIB;
  }, new EvaluationCache());
  const looksAt = async (nowMs: number): Promise<boolean> => {
    const before = looks;
    await trimmer.tick(nowMs);
    return looks > before;
  };
  await trimmer.trimAfterStart(0);
  assert.equal(await looksAt(MINUTE_MS - SECOND_MS), false);
  assert.equal(await looksAt(MINUTE_MS), true);
  assert.equal(await looksAt(4 * MINUTE_MS), false);
  assert.equal(await looksAt(5 * MINUTE_MS), true);
});

test('what an evaluation computed with is empty after the tick', async () => {
  const cache = new EvaluationCache();
  const evaluate = (): void => void evaluateSeries(leakSeries({ seed: 1 }), { minHistorySeconds: 900 }, cache);
  evaluate();
  let memory: Uint8Array = new Uint8Array(0);
  cache.forget((all) => {
    memory = all;
  });
  evaluate();
  const used = (): number => memory.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
  const before = used();
  await new MemoryTrimmer(() => 20 * MIB, cache).tick(0);
  // The page at its beginning holds other things.
  assert.ok(used() < before / 10, `${used()} of ${before} bytes`);
});
