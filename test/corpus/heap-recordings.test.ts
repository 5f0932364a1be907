import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Series } from '../../src/history/series.ts';
import { parseSeries } from '../../src/inputs/series-file.ts';
import { createAlarm } from '../../src/trends/alarm.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';

/**
 * Recorded from real JVMs (scenarios/HeapChurn.java, JDK 17, a limit of 400 or 600 MiB): Serial and Parallel `-Xmx192m`, 40 MB live, 1500 KB/s
 * replaced, 6000 KB/s of garbage, 0 or 120 KB/s leaked, 14 minutes; G1 `-Xmx384m`, 60, 300, 2500, 0 or 40, 40 minutes. A leak is
 * reported by (minute), with this much in MB/h.
 */
const TABLE = `
  serial    9   442
  parallel  7   442
  g1       31   147
`;

function recording(name: string): Series {
  const file = new URL(`../fixtures/recordings/heap-${name}.json.gz`, import.meta.url);
  return parseSeries(JSON.parse(gunzipSync(readFileSync(file)).toString()));
}

/** The verdicts of `watch` for each minute, from the fourth minute on. */
function* watched({ t, fields, ...rest }: Series) {
  const alarm = createAlarm();
  for (let until = 240; until <= t[t.length - 1]!; until += 60) {
    const n = t.findIndex((at) => at > until);
    const cut = new Map([...fields].map(([id, column]) => [id, column.subarray(0, n)] as const));
    yield {
      minute: until / 60,
      answer: alarm.update(evaluateSeries({ ...rest, t: t.subarray(0, n), fields: cut }, { minHistorySeconds: 200 }), until),
    };
  }
}

for (const row of TABLE.trim().split('\n')) {
  const [collector, by, rate] = row.trim().split(/\s+/);
  test(`a heap that leaks under ${collector} is reported by minute ${by}, at its rate, and until the end`, () => {
    const verdicts = [...watched(recording(`${collector}-leak`))].filter(({ minute }) => minute >= Number(by));
    for (const { minute, answer } of verdicts) {
      assert.equal(answer.leak, true, `at minute ${minute}`);
      assert.equal(answer.causes[0]?.cause, 'heap');
    }
    const last = verdicts[verdicts.length - 1]!.answer.causes[0]!.bytesPerHour / 1e6;
    assert.ok(Math.abs(last / Number(rate) - 1) < 0.25, `${last} MB/h at the end`);
  });

  test(`the same program without its leak raises no alarm under ${collector}`, () => {
    for (const { minute, answer } of watched(recording(`${collector}-well`)))
      assert.notEqual(answer.leak, true, `at minute ${minute}`);
  });
}

/**
 * Recorded each two seconds up to the OutOfMemoryError (scenarios/HeapChurn.java, JDK 17, `-Xmx192m`): 40 MB live, 1500 KB/s replaced, 6000 KB/s of
 * garbage, 400 KB/s leaked. The old generation, two thirds of -Xmx, is full of live objects after 60 % (Serial) and 77 % of the time (Parallel).
 */
for (const [collector, fromS] of [
  ['serial', 200],
  ['parallel', 220],
] as const)
  test(`a heap that leaks under ${collector} grows until its end, though its old generation is full long before`, () => {
    const { t, fields, ...rest } = recording(`${collector}-end`);
    for (let until = fromS; until <= t[t.length - 1]!; until += 10) {
      const n = t.findLastIndex((at) => at <= until) + 1;
      const cut = new Map([...fields].map(([id, column]) => [id, column.subarray(0, n)] as const));
      const verdict = evaluateSeries({ ...rest, t: t.subarray(0, n), fields: cut }, { minHistorySeconds: 60 });
      assert.deepEqual([verdict.leak, verdict.causes[0]?.cause], [true, 'heap'], `after ${until} s`);
    }
  });
