import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { recordedVerdict } from '../../../src/diagnosis/recorded-verdict.ts';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { parseSeries } from '../../../src/inputs/series-file.ts';

function verdictOf(name: string): Verdict {
  const file = new URL(`../../fixtures/recordings/${name}.json.gz`, import.meta.url);
  const series = parseSeries(JSON.parse(gunzipSync(readFileSync(file)).toString()));
  return recordedVerdict(series, { jvm: null, version: 1, minHistorySeconds: 20 });
}

test('a recording of a Shenandoah heap that is used for the first time says that it fills, as its committed regions show without mappings', () => {
  const { trend, leak, headline } = verdictOf('shenandoah-start');
  assert.deepEqual([trend, leak], ['growing', null]);
  assert.match(headline, /^Memory grows 4\.1 MB a second as the Java heap fills\. Whether that is a leak is known after/);
});

test('of a Shenandoah heap that expands, what its collector takes beside it is no leak of native memory', () => {
  const { leak, cause, headline } = verdictOf('shenandoah-expands');
  assert.deepEqual([leak, cause], [null, 'none']);
  assert.match(headline, /as the Java heap fills/);
});
