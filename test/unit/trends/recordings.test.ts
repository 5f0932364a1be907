import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parseRecording } from '../../../src/inputs/recording.ts';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';

/** Recorded from real JVMs in memory cgroups, 75 s each: what moved is known. A leak of `-` is null; cause of growth first. */
const TABLE = `
  b-heap-leak.v2       growing  true   heap
  c-log-growth.v1      growing  false  page-cache
  d-shmem-growth.v2    growing  true   shmem
  e-native-direct.v1   growing  true   native
  f-thread-leak.v2     growing  true   threads
  g-slab-growth.v1     growing  -      slab
  k-step-change.v2     stable   false  none
  m-log-rotation.v1    stable   false  none
`;

for (const row of TABLE.trim().split('\n')) {
  const [name, trend, leak, cause] = row.trim().split(/\s+/);
  test(`the recording ${name} is ${trend}, leak ${leak}, cause ${cause}`, () => {
    const file = new URL(`../../fixtures/recordings/${name}.jsonl.gz`, import.meta.url);
    const { series } = parseRecording(gunzipSync(readFileSync(file)).toString());
    const answer = evaluateSeries(series, { minHistorySeconds: 30 });
    assert.equal(answer.trend, trend);
    assert.equal(answer.leak ?? '-', leak === 'true' ? true : leak === 'false' ? false : '-');
    assert.equal(answer.causes[0]?.cause ?? 'none', cause);
  });
}
