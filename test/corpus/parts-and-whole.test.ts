import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Series } from '../../src/history/series.ts';
import { parseRecording } from '../../src/inputs/recording.ts';
import { parseSeries } from '../../src/inputs/series-file.ts';
import { contradictionsIn, excessesIn } from '../support/contradictions.ts';
import { verdictsAlong } from '../support/verdicts-along.ts';

const FOLDER = new URL('../fixtures/recordings/', import.meta.url);
const HEAP_DUMP = 'heap-dump-serial.json.gz';
const RECORDINGS = [...readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl.gz')), HEAP_DUMP];
const LEAST_S = 20;

function recording(name: string): { readonly series: Series; readonly version: 1 | 2 } {
  const text = gunzipSync(readFileSync(new URL(name, FOLDER))).toString();
  return name.endsWith('.jsonl.gz') ? parseRecording(text) : { series: parseSeries(JSON.parse(text)), version: 1 };
}

/** The verdicts of `watch` in each second that it has enough history for. */
function* verdictsOf(name: string): ReturnType<typeof verdictsAlong> {
  const { series, version } = recording(name);
  const { t } = series;
  const seconds = Array.from({ length: Math.floor(t[t.length - 1]! - t[0]!) - LEAST_S + 1 }, (_, i) => t[0]! + LEAST_S + i);
  yield* verdictsAlong(series, seconds, { minHistorySeconds: LEAST_S, version });
}

for (const name of RECORDINGS)
  test(`at no second of ${name} do the parts of a headline exceed their whole, or its statements each other`, () => {
    for (const { verdict } of verdictsOf(name)) assert.deepEqual([...contradictionsIn(verdict), ...excessesIn(verdict)], []);
  });

test('a heap dump beside a heap that fills is told of for seconds, and then what goes on again', () => {
  const after = [...verdictsOf(HEAP_DUMP)].slice(-15).map(({ verdict }) => verdict);
  for (const { headline, causes } of after) {
    assert.deepEqual(causes, []);
    assert.match(headline, /^Memory grows 4\d\d MB an hour/);
  }
});
