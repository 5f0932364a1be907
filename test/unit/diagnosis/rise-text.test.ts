import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainHeadline } from '../../../src/diagnosis/headline.ts';
import { isLeakOpen } from '../../../src/diagnosis/rise-text.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import { Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import { whatSwung } from '../../../src/diagnosis/what-moved.ts';
import type { FieldId } from '../../../src/fields.ts';
import type { PartColumns } from '../../../src/history/part-readings.ts';
import type { FileTrack } from '../../../src/history/series.ts';
import type { Trend } from '../../../src/trends/types.ts';
import { MIB, MINUTE_S } from '../../../src/units.ts';
import { fileTrack } from '../../support/file-track.ts';
import { fieldTrend, ruleContext } from '../../support/rule-context.ts';

const SECONDS = 60;
const t = Float64Array.from({ length: SECONDS }, (_, i) => i);
/** 100 MiB, and 50 more between the seconds 20 and 30. */
const risen = (second: number): number => 100 + Math.min(50, Math.max(0, 5 * (second - 20)));
const column = (mib: (second: number) => number): Float64Array => t.map((second) => mib(second) * MIB);

interface Shown {
  readonly trend?: Trend;
  readonly leak?: boolean | null;
  readonly standsSeconds?: number;
  readonly roseSeconds?: number;
  readonly fields?: Partial<Record<FieldId, (second: number) => number>>;
  readonly files?: readonly FileTrack[];
  readonly parts?: PartColumns;
}

/** The headline on memory that rose by 50 MiB. */
function headline({ trend = 'settling', leak = false, standsSeconds = 30, roseSeconds = 10, ...shown }: Shown): string {
  const statistics = { rise: 50 * MIB, riseShare: 0.5, roseSeconds, standsSeconds };
  const usage = { ...fieldTrend(trend), windowSeconds: SECONDS - 1 };
  const fields = Object.entries({ usage: risen, ...shown.fields }).map(([id, mib]) => [id as FieldId, column(mib)] as const);
  const context = ruleContext({
    evaluation: { trend, leak, fields: { usage: { ...usage, basis: { ...usage.basis, statistics } } } },
    series: {
      t,
      fields: new Map(fields),
      files: shown.files ?? [],
      ...(shown.parts === undefined ? {} : { parts: shown.parts }),
    },
  });
  return sentenceText(plainHeadline(context));
}

describe('a rise that stands for too short a time to know', () => {
  test('names the page cache that rose, and the file', () => {
    const files = [
      fileTrack(
        '/data/batch.bin',
        [...t].map((second) => (risen(second) - 100) * MIB),
        { t },
      ),
    ];
    assert.equal(
      headline({ fields: { anon: () => 60, file: (second) => risen(second) - 60 }, files }),
      'Memory used rose 50 MiB (50 %), most of it page cache of /data/batch.bin, in 10 seconds and has not risen for 30 seconds: too short to know whether it has stopped.',
    );
    assert.match(headline({ fields: { file: risen } }), /, most of it page cache, in 10 seconds/, 'no file is in sight');
  });
  test('names the Java heap, where that is in shared memory', () => {
    const over = { t, fileSystem: { kind: 'tmpfs', freeBytes: 0, totalBytes: 1 } } as const;
    const files = [
      fileTrack(
        '/memfd:java_heap',
        [...t].map((second) => (risen(second) - 100) * MIB),
        over,
      ),
    ];
    assert.match(
      headline({ fields: { anon: () => 60, file: risen, shmem: risen }, files }),
      /, most of it Java heap, in 10 seconds/,
    );
  });
  test('names the part of anonymous memory that rose, if one has most of it', () => {
    const grew = (name: string, mib: (second: number) => number) => ({
      ...{ id: 'direct-buffers', name, process: null },
      bytes: column(mib),
    });
    const parts = { t, parts: [grew('direct buffers', (second) => risen(second) - 90), grew('Java heap', () => 50)] };
    assert.match(headline({ fields: { anon: risen }, parts }), /, most of it direct buffers, in/);
    const evenly = (...names: readonly string[]) => ({
      t,
      parts: names.map((name) => grew(name, (second) => risen(second) / names.length)),
    });
    assert.match(
      headline({ fields: { anon: risen }, parts: evenly('direct buffers', 'Java heap') }),
      /, most of it direct buffers and Java heap, in/,
    );
    assert.match(
      headline({ fields: { anon: risen }, parts: evenly('direct buffers', 'Java heap', 'code cache', 'metaspace') }),
      /, most of it anonymous memory, in/,
      'each of four has too little',
    );
  });
  test('names a file beside the part of anonymous memory that rose with it, such as a heap dump and the heap', () => {
    const files = [
      fileTrack(
        '/data/heap.hprof',
        [...t].map((second) => ((risen(second) - 100) / 2) * MIB),
        { t },
      ),
    ];
    const half = (second: number): number => risen(second) / 2;
    // The mappings are read rarely: two readings tell of a rise as well.
    const heap = { id: 'java-heap', name: 'Java heap', process: null, bytes: Float64Array.of(half(0) * MIB, half(59) * MIB) };
    assert.match(
      headline({ fields: { anon: half, file: half }, files, parts: { t: Float64Array.of(0, 59), parts: [heap] } }),
      /, most of it (Java heap and page cache of \/data\/heap\.hprof|page cache of \/data\/heap\.hprof and Java heap), in/,
    );
  });
  test('names shared memory and kernel memory, and nothing if nothing has most of it', () => {
    assert.match(headline({ fields: { file: risen, shmem: risen } }), /, most of it shared memory, in/);
    assert.match(headline({ fields: { kernel: risen } }), /, most of it kernel memory, in/);
    const half = (second: number): number => risen(second) / 2;
    assert.match(headline({ fields: { anon: half, file: half } }), /, most of it anonymous memory and page cache, in/);
    assert.match(headline({ fields: { anon: half } }), /^Memory used rose 50 MiB \(50 %\) in 10 seconds/);
  });
  test('what is in swap is said beside memory that stands at the limit', () => {
    const level = (swap: number): string =>
      sentenceText(
        plainHeadline(
          ruleContext({
            values: { usage: 72 * MIB, anon: 60 * MIB, swap: swap * MIB },
            evaluation: { trend: 'stable', fields: { usage: { ...fieldTrend('stable'), windowSeconds: 600 } } },
            series: { limitBytes: 72 * MIB },
          }),
        ),
      );
    assert.match(level(30), /^Nothing grows\. 72 MiB of 72 MiB and 30 MiB in swap, steady/);
    assert.match(level(2), /^Nothing grows\. 72 MiB of 72 MiB, steady/);
  });
  test('is told where memory is stable by its shape, but rose less than a minute ago', () => {
    assert.match(
      headline({ trend: 'stable', standsSeconds: 7 }),
      /^Memory used rose .* has not risen for 7 seconds: too short to know/,
    );
    assert.match(
      headline({ trend: 'stable', standsSeconds: 61 }),
      /^Nothing grows\. .*, steady for 61 seconds, after a rise of 50 MiB \(50 %\) in 10 seconds\.$/,
    );
  });
  test('of anonymous memory is not said to be anonymous memory, most of it', () => {
    const found = fieldTrend('settling');
    const statistics = { rise: 50 * MIB, riseShare: 0.5, roseSeconds: 10, standsSeconds: 30 };
    const anon = { ...found, windowSeconds: SECONDS - 1, basis: { ...found.basis, statistics } };
    const series = { t, fields: new Map([['anon' as const, column(risen)]]) };
    const context = ruleContext({ evaluation: { trend: 'settling', leak: null, fields: { anon } }, series });
    assert.match(sentenceText(plainHeadline(context)), /^Anonymous memory rose 50 MiB \(50 %\) in 10 seconds and has not risen/);
  });
  test('is no part of the time for which memory is called steady, where no rise was measured', () => {
    const steady = (usage: (second: number) => number): string => {
      const found = { ...fieldTrend('stable'), windowSeconds: SECONDS - 1, points: 500 };
      const series = { t, fields: new Map([['usage' as const, column(usage)]]) };
      return sentenceText(plainHeadline(ruleContext({ evaluation: { trend: 'stable', fields: { usage: found } }, series })));
    };
    assert.match(
      steady((second) => Math.min(300, 100 + 10 * second)),
      / steady for 45 seconds\.$/,
      'within a fifth from 240 MiB on',
    );
    assert.match(
      steady(() => 100),
      / steady for 59 seconds\.$/,
    );
    assert.match(
      steady((second) => (second === SECONDS - 1 ? 70 : 100)),
      / steady for 59 seconds\.$/,
      'one sample is no level',
    );
  });
  test('is not called steady where it moves by more than a tenth all the time, such as a log that is copied and emptied', () => {
    const found = { ...fieldTrend('stable'), windowSeconds: SECONDS - 1, points: 500 };
    const said = (by: number): string => {
      const usage = column((second) => 100 + (by * (second % 40)) / 4);
      const series = { t, fields: new Map([['usage' as const, usage]]) };
      return sentenceText(plainHeadline(ruleContext({ evaluation: { trend: 'stable', fields: { usage: found } }, series })));
    };
    assert.match(said(2), /, between 100 MiB and 120 MiB for 59 seconds\.$/);
    assert.match(said(0.5), /, steady for 59 seconds\.$/);
  });
  test('is told where memory is stable by its shape, but rose with dips, and the samples are few', () => {
    const dipping = (points: number): string => {
      const usage = { ...fieldTrend('stable'), windowSeconds: SECONDS - 1, points };
      const values = column((second) => 100 + 3 * second - (second % 12 === 5 ? 60 : 0));
      const series = { t, fields: new Map([['usage' as const, values]]) };
      return sentenceText(plainHeadline(ruleContext({ evaluation: { trend: 'stable', fields: { usage } }, series })));
    };
    assert.match(
      dipping(60),
      /^Memory used rose 12\d MiB \(9\d %\) in 59 seconds, unevenly: too short to know whether it goes on\.$/,
    );
    assert.doesNotMatch(dipping(200), /unevenly/);
  });
  test('came in one step, and never "in 0 seconds"', () => {
    assert.match(headline({ roseSeconds: 0.2 }), / in one step and has not risen/);
    assert.match(headline({ trend: 'stable', standsSeconds: 90, roseSeconds: 0 }), / after a rise of .* in one step\.$/);
  });
});

describe('memory that goes up and comes back', () => {
  const saw = (second: number): number => 100 + 5 * (second % 15);
  const swung = (shown: Shown): string => {
    const usage = { ...fieldTrend('stable'), windowSeconds: SECONDS - 1 };
    const fields = Object.entries({ usage: saw, ...shown.fields }).map(([id, mib]) => [id as FieldId, column(mib)] as const);
    const context = ruleContext({
      evaluation: { trend: 'stable', fields: { usage } },
      series: {
        t,
        fields: new Map(fields),
        files: shown.files ?? [],
        ...(shown.parts === undefined ? {} : { parts: shown.parts }),
      },
    });
    return sentenceText(plainHeadline(context));
  };
  test('is not called steady: the headline has its lowest and highest level', () =>
    assert.match(swung({}), /^Nothing grows\. \d+ MiB of 2 GiB, up and down between 100 MiB and 170 MiB in 59 seconds\.$/));
  test('names the file that is emptied again and again', () => {
    const files = [
      fileTrack(
        '/data/app.log',
        [...t].map((second) => (saw(second) - 100) * MIB),
        { t },
      ),
    ];
    assert.match(swung({ fields: { file: saw }, files }), /, most of it page cache of \/data\/app\.log\.$/);
  });
  test('names the process that comes and goes', () => {
    const parts = {
      t,
      parts: [{ id: 'other-process', name: 'wkhtml\u202etopdf', process: null, bytes: column((second) => saw(second) - 100) }],
    };
    assert.match(swung({ fields: { anon: saw }, parts }), /, most of it wkhtml\\u202etopdf\.$/);
  });
  test('names no part of which it is not known what it is', () => {
    const bytes = column((second) => saw(second) - 100);
    const parts = { t, parts: [{ id: 'since-mappings', name: 'since the mappings were read', process: null, bytes }] };
    assert.match(swung({ fields: { anon: saw }, parts }), /, most of it anonymous memory\.$/);
  });
  test('names what swung in a recording of a week, each second', () => {
    const week = Float64Array.from({ length: 604_800 }, (_, second) => second);
    const kernel = week.map((second) => saw(second % SECONDS) * MIB);
    const context = ruleContext({ series: { t: week, fields: new Map([['kernel', kernel]]) } });
    const part = whatSwung(context, { fromS: 0, toS: week.at(-1)!, bytes: 70 * MIB });
    assert.equal(sentenceText(part!), 'kernel memory');
  });
});

/** 100 MiB and a sawtooth of 60 MiB, eight seconds long, whose floor rises by this much each time. */
const sawtooth =
  (rise: number, base = 100) =>
  (second: number): number =>
    base + 7.5 * (second % 8) + rise * Math.floor(second / 8);

test('memory that goes up and down from a floor that rises is not said to stand', () => {
  const said = (fields: Partial<Record<FieldId, (second: number) => number>>): string => {
    const usage = fieldTrend('stable');
    const shown = ruleContext({
      evaluation: { trend: 'stable', leak: false, fields: { usage: { ...usage, windowSeconds: SECONDS, points: SECONDS } } },
      series: {
        t,
        fields: new Map(Object.entries(fields).map(([id, mib]) => [id as FieldId, column(mib)])),
      },
    });
    return `${isLeakOpen(shown)} ${sentenceText(plainHeadline(shown))}`;
  };
  assert.match(
    said({ usage: sawtooth(5), anon: sawtooth(5) }),
    /^true Memory used goes up and down between 100 MiB and .*, most of it anonymous memory, and its floor rose .* MiB in 7 cycles: too short to know/,
  );
  assert.match(
    said({ usage: sawtooth(5), anon: () => 50, file: sawtooth(5, 50), shmem: () => 0 }),
    /^false Memory used goes .* its floor rose/,
  );
  assert.match(said({ usage: sawtooth(0), anon: sawtooth(0) }), /^false .*Nothing grows/);
});

test('a log that is cut off for a moment after its cache rose does not make it open whether the rise leaks', () => {
  const usage = fieldTrend('stable');
  const statistics = { rise: 50 * MIB, riseShare: 0.5, roseSeconds: 40, standsSeconds: 5 };
  const shown = ruleContext({
    evaluation: {
      fields: { usage: { ...usage, windowSeconds: SECONDS, points: SECONDS, basis: { ...usage.basis, statistics } } },
    },
  });
  const cutOff = (second: number): number => (second > SECONDS - 4 ? 70 : 50 + (50 * second) / SECONDS);
  const whole = (second: number): number => 50 + (50 * second) / SECONDS;
  let state: SteadyState | null = null;
  const open = [whole, whole, cutOff, cutOff, whole, cutOff].map((cache, i) => {
    const fields = new Map<FieldId, Float64Array>([
      ['usage', column((second) => 50 + cache(second))],
      ['file', column(cache)],
      ['shmem', column(() => 0)],
    ]);
    const steady = new Steady(state, i, MINUTE_S);
    const isOpen = isLeakOpen({ ...shown, steady, series: { ...shown.series, t, fields } });
    state = steady.after;
    return isOpen;
  });
  assert.deepEqual(open, [false, false, false, false, false, false]);
});
