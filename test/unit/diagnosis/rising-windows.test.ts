import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import type { Series } from '../../../src/history/series.ts';
import {
  directBuffers,
  justWarmedUp,
  processGone,
  redeploys,
  redeploysOfUnknownProcess,
  warmedUp,
} from '../../../synthetic/rising.ts';
import { verdictOn } from '../../support/verdict-on.ts';

const GOLDEN: readonly (readonly [
  name: string,
  series: Series,
  trend: Verdict['trend'],
  leak: boolean | null,
  headline: string,
])[] = [
  [
    'a leak with a dip at its end',
    directBuffers(),
    'settling',
    null,
    'Memory used rose 40.5 MiB (36 %), most of it anonymous memory, in 71 minutes and has not risen for 11 minutes: too short to know whether it has stopped.',
  ],
  [
    'steps of metaspace and anonymous memory together',
    redeploys(),
    'growing',
    true,
    'Metaspace grows 70 MB an hour: classes are loaded and never unloaded. OOM kill in 4 to 5 hours.',
  ],
  [
    'the same steps, of which nothing else is known',
    redeploysOfUnknownProcess(),
    'growing',
    true,
    'Anonymous memory grows 70 MB an hour: native memory. OOM kill in 4 to 5 hours.',
  ],
  [
    'a warm-up that stands for a short time',
    justWarmedUp(),
    'settling',
    null,
    'Memory used rose 48.6 MiB (48 %), most of it anonymous memory, in 19 minutes and has not risen for 3 minutes: too short to know whether it has stopped.',
  ],
  [
    'a warm-up that stands for six times as long as it took',
    warmedUp(),
    'stable',
    false,
    'Nothing grows. 150 MiB of 512 MiB, steady for 119 minutes, after a rise of 44.8 MiB (43 %), most of it anonymous memory, in 19 minutes.',
  ],
  [
    'a process that is gone',
    processGone(),
    'not-enough-data',
    null,
    'Not enough history yet: a first verdict comes in about 10 minutes. 204 KiB of 512 MiB now. Before that it fell from 128 MiB to 204 KiB in one sample: its process ended or was started again.',
  ],
];

for (const [name, series, trend, leak, headline] of GOLDEN)
  test(`the verdict on ${name}`, () => {
    const verdict = verdictOn(series);
    assert.deepEqual([verdict.headline, verdict.trend, verdict.leak], [headline, trend, leak]);
  });

test('what may still go on is said with less confidence than that nothing grows', () => {
  assert.ok(verdictOn(justWarmedUp()).confidence <= 0.6);
  assert.ok(verdictOn(redeploysOfUnknownProcess()).confidence < 0.8, 'the next redeploy may not come');
  assert.ok(verdictOn(warmedUp()).confidence > 0.9);
});
