import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Due, timeProblem } from '../../src/clock.ts';
import { History } from '../../src/history/history.ts';
import { parseSegment } from '../../src/history/segment.ts';
import { openStore } from '../../src/history/store/store.ts';
import { parsePrometheus } from '../../src/inputs/prometheus-json.ts';
import { parseRecording } from '../../src/inputs/recording.ts';
import { parseSeries } from '../../src/inputs/series-file.ts';
import { DAY_S } from '../../src/units.ts';
import { dataDir } from '../support/memhound.ts';

const NOW_S = 1_764_000_000;
const TEN_YEARS_S = 3652 * DAY_S;
const ALL = { fields: null, fromS: null, toS: null, points: null, epoch: 'all' } as const;

describe('a stamp', () => {
  test('in milliseconds is refused with what it looks like, in each form of input', () => {
    const ms = [NOW_S * 1000, NOW_S * 1000 + 10_000];
    assert.throws(
      () => parseSeries({ t: ms, fields: { usage: [1, 2] } }),
      /t\[0\].*epoch seconds.*milliseconds: divide it by 1000/,
    );
    const matrix = { metric: { __name__: 'container_memory_rss' }, values: ms.map((t) => [t, '1']) };
    assert.throws(() => parsePrometheus({ status: 'success', data: { resultType: 'matrix', result: [matrix] } }), /milliseconds/);
    const line = (t: number) => JSON.stringify({ t, files: { 'memory.current': '1\n', 'memory.stat': 'anon 1\n' } });
    assert.throws(() => parseRecording(ms.map(line).join('\n')), /line 1.*milliseconds/);
    const segment = { schema: 'memhound.history/2', t: ms, fields: {}, events: [] };
    for (const proven of [true, false])
      assert.throws(() => parseSegment(JSON.stringify(segment), { proven }), /milliseconds/, `proven: ${proven}`);
  });

  test('that is wild is refused with its place', () => {
    const t = [NOW_S, NOW_S + 10, 8e15, NOW_S + 30];
    assert.throws(
      () => parseSeries({ t, fields: { usage: [1, 2, 3, 4] } }),
      /t\[2\].*expected epoch seconds.*found 8000000000000000/,
    );
    for (const wild of [-1, 1e300, Number.NaN, Number.POSITIVE_INFINITY, '5', null])
      assert.notEqual(timeProblem(wild), null, String(wild));
    assert.match(timeProblem({ toString: 0 }) ?? '', /found \{"toString":0\}/, 'String() fails on it');
    for (const fine of [0, 10, NOW_S, NOW_S + 0.5]) assert.equal(timeProblem(fine), null);
  });
});

const append = (history: History, atS: number): boolean =>
  history.append({ atMs: atS * 1000, epoch: 'a', values: { usage: atS }, limitBytes: null, heapMaxBytes: null, failures: [] });

describe('a clock that leaps ten years ahead and back', () => {
  for (const wrongRows of [1, 30, 300])
    test(`after ${wrongRows} samples loses no row of before, in memory or on disk`, async () => {
      const dir = dataDir();
      const store = await openStore({ dir, maxDiskBytes: 8 << 20, everyS: 10, log: { warn: () => undefined } });
      const history = await store.load('app');
      let at = NOW_S;
      const rows = async (count: number, ahead: number) => {
        for (let i = 0; i < count; i++) {
          at += 10;
          assert.ok(append(history, at + ahead));
          await store.save('app');
        }
      };
      await rows(600, 0);
      history.recordEvent({ t: NOW_S + 100, type: 'oom_kill' });
      await rows(wrongRows, TEN_YEARS_S);
      await rows(5, 0);
      const { t, events } = history.series(ALL);
      assert.equal(t[0], NOW_S + 10);
      assert.equal(t.at(-1), at);
      for (let i = 1; i < t.length; i++) assert.ok(t[i]! > t[i - 1]!, `row ${i}`);
      assert.ok(t.length >= 600 + 5, `${t.length} rows`);
      assert.deepEqual(
        events.map((event) => event.t),
        [NOW_S + 100],
      );
      await store.close();
      const again = await openStore({
        dir,
        maxDiskBytes: 8 << 20,
        everyS: 10,
        log: { warn: () => undefined },
      });
      const loaded = await again.load('app');
      assert.equal(loaded.firstS, NOW_S + 10);
      assert.equal(loaded.lastS, at);
      assert.ok(loaded.length >= 600, `${loaded.length} rows came back`);
      await again.close();
    });

  test('leaves nothing waiting for the time of the old clock', () => {
    const due = new Due();
    assert.ok(due.isDue(NOW_S * 1000));
    due.wait((NOW_S + TEN_YEARS_S) * 1000, 60_000);
    assert.ok(!due.isDue((NOW_S + TEN_YEARS_S) * 1000 + 59_999));
    assert.ok(due.isDue((NOW_S + TEN_YEARS_S) * 1000 + 60_000));
    assert.ok(due.isDue(NOW_S * 1000));
  });
});

test('rows after a pause of months are kept, and older rows go once a day of them is there', () => {
  const history = new History(92 * DAY_S);
  for (let i = 0; i < 300; i++) append(history, NOW_S + i * 600);
  const resumed = NOW_S + 200 * DAY_S;
  for (let i = 0; i < 300; i++) append(history, resumed + i * 60);
  assert.equal(history.firstS, NOW_S);
  for (let i = 300; i < 2400; i++) append(history, resumed + i * 60);
  assert.ok(history.firstS! >= resumed, new Date(history.firstS! * 1000).toISOString());
});
