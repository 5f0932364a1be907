import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnonGrowth } from '../../../src/diagnosis/growth/anon-growth.ts';
import { plainHeadline } from '../../../src/diagnosis/headline.ts';
import type { LedgerPartId } from '../../../src/diagnosis/ledger/part-table.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import { Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import type { FieldId } from '../../../src/fields.ts';
import type { Limit } from '../../../src/sources/types.ts';
import type { FieldTrend, Trend } from '../../../src/trends/types.ts';
import { GIB, MIB } from '../../../src/units.ts';
import { fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const headline = (trend: Trend, fields: Record<string, FieldTrend>, over: Given = {}) =>
  sentenceText(plainHeadline(ruleContext({ ...over, evaluation: { trend, fields, ...over.evaluation } })));

const growing = (fields: Record<string, FieldTrend>, over: Given = {}) =>
  headline('growing', { usage: fieldTrend('growing', 15e6), ...fields }, over);

describe('growth whose cause is not known yet', () => {
  test('names the fastest field that is no sum, and what is flat', () => {
    const fields = {
      working_set: fieldTrend('growing', 20e6),
      rss: fieldTrend('growing', 20e6),
      kernel: fieldTrend('growing', 11e6),
      anon: fieldTrend('growing', 12e6),
      file: fieldTrend('stable', 30e6),
      heap_used: fieldTrend('stable'),
      threads: fieldTrend('cyclic'),
    };
    assert.equal(
      growing(fields),
      'Memory grows 12 MB an hour in anon, and the cause is not known yet. Heap and threads are flat.',
    );
  });

  test('names no memory that others of a shared limit hold, and takes it from the limit', () => {
    const fields = { anon: fieldTrend('growing', 12e6), held_elsewhere: fieldTrend('growing', 90e6) };
    const values = { usage: 1000e6, held_elsewhere: 100e6 };
    const text = growing(fields, { values, series: { limitBytes: 1250e6 } });
    assert.equal(
      text,
      'Memory grows 12 MB an hour in anon, and the cause is not known yet. At this pace the limit is reached in 9 to 11 hours.',
    );
  });

  test('names no number of classes or threads as if it were bytes', () =>
    assert.equal(growing({ classes: fieldTrend('growing', 54_000) }), 'Memory grows, and the cause is not known yet.'));
  test('names no field if only sums grow', () => assert.equal(growing({}), 'Memory grows, and the cause is not known yet.'));

  test('says why it is not known whether it leaks where parts are not reported, as of Windows nodes', () => {
    const fields = { working_set: fieldTrend('growing', 15e6) };
    const values = { usage: 300 * MIB, working_set: 300 * MIB };
    assert.match(
      growing(fields, { values }),
      /^Memory grows\. Its parts are not reported, .*, and whether it leaks is not known\./,
    );
    assert.match(growing(fields, { values: { ...values, anon: 200 * MIB } }), /the cause is not known yet/);
  });

  test('says when the limit is reached at this pace', () => {
    const values = { usage: 1000e6 };
    const series = { limitBytes: 1150e6 };
    assert.match(growing({}, { values, series }), / At this pace the limit is reached in 9 to 11 hours\.$/);
    const vague = { usage: { ...fieldTrend('growing', 15e6), low: -1 } };
    assert.match(growing(vague, { values, series }), /is reached in 9 hours or more\.$/);
    assert.match(growing({}, { values: { usage: 1200e6 }, series }), /is reached now\.$/);
  });

  test('names no time if usage does not grow, or if usage, its slope or the limit is not known', () => {
    const values = { usage: 1000e6 };
    const none = /not known yet\.$/;
    assert.match(growing({ usage: fieldTrend('stable', 15e6) }, { values }), none);
    assert.match(growing({ usage: fieldTrend('growing', null) }, { values }), none);
    assert.match(growing({}, { values, series: { limitBytes: 'max' } }), none);
    assert.match(growing({}, { values, series: { limitBytes: null } }), none);
    assert.match(growing({ usage: { ...fieldTrend('growing', 15e6), high: -1 } }, { values }), none);
  });

  test('is that of a heap that fills, if the heap is 70 % of it or more', () => {
    const anon = fieldTrend('growing', 20e6);
    const FILLS =
      'Memory grows 20 MB an hour as the Java heap fills. Whether that is a leak is known after its old generation has been collected.';
    assert.equal(growing({ anon, heap_used: fieldTrend('settling', 14e6) }), FILLS);
    assert.match(growing({ anon, heap_used: fieldTrend('settling', 13.9e6) }), /in anon, and the cause is not known yet/);
    assert.match(growing({ anon: fieldTrend('stable', 20e6), heap_used: fieldTrend('settling', 14e6) }), /^Memory grows, and/);
    assert.match(
      growing({ anon: fieldTrend('growing', null), heap_used: fieldTrend('settling', 14e6) }),
      /^Memory grows 0 kB a day in anon/,
    );
  });
});

describe('a heap that fills or expands', () => {
  const part = (id: LedgerPartId, mib: number) => ({
    id,
    name: id,
    process: null,
    bytes: 200 * MIB,
    grewBytes: mib * MIB,
    bytesPerHour: 1e6,
  });
  const grew = (heap: number, others: number): AnonGrowth => ({
    fromS: 0,
    toS: 60,
    readings: 4,
    grewBytes: (heap + others) * MIB,
    parts: [part('java-heap', heap), part('direct-buffers', others)],
  });
  const fields = { anon: fieldTrend('growing', 20e6), heap_used: fieldTrend('cyclic', 5e6) };

  test('is told by its mappings too, since it touches new pages while what is in use rises by less', () => {
    assert.match(growing(fields, { anonGrowth: grew(70, 30) }), /as the Java heap fills\. Whether that is a leak/);
    assert.match(growing(fields, { anonGrowth: grew(69, 31) }), /the cause is not known yet/);
  });

  test('ends at -Xmx, and it is said where that fits the limit', () => {
    const values = { anon: 300 * MIB, kernel: 0, shmem: 0, heap_used: 250 * MIB, heap_committed: 260 * MIB };
    const most = (heapMaxBytes: Limit, limitBytes: Limit) =>
      growing(fields, { anonGrowth: grew(80, 0), values, series: { heapMaxBytes, limitBytes } });
    assert.match(
      most(600 * MIB, 768 * MIB),
      / The heap ends at -Xmx \(600 MiB\) at the latest, which fits the limit of 768 MiB with the \d+(?:\.\d)? MiB outside it\.$/,
    );
    assert.match(most(768 * MIB, 768 * MIB), / The heap ends at -Xmx \(768 MiB\) at the latest\.$/);
    assert.match(most(600 * MIB, 'max'), / The heap ends at -Xmx \(600 MiB\) at the latest\.$/);
    assert.doesNotMatch(most('max', 768 * MIB), /at the latest/);
  });
});

describe('what is not growing', () => {
  const HOURS = { ...fieldTrend('cyclic'), windowSeconds: 86_400 };
  test('goes up and down, "with the day" if the window is longer than a day', () => {
    assert.equal(
      headline('cyclic', { usage: fieldTrend('cyclic') }),
      'Memory used goes up and down with the day, without lasting drift in 7 days.',
    );
    assert.equal(headline('cyclic', { usage: HOURS }), 'Memory used goes up and down, without lasting drift in 24 hours.');
  });
  test('shrinks by the slope of usage', () => {
    assert.equal(
      headline('shrinking', { usage: fieldTrend('shrinking', -12e6) }),
      'Memory used shrinks 12 MB an hour. Nothing grows.',
    );
    assert.equal(headline('shrinking', {}), 'Memory used shrinks 0 kB a day. Nothing grows.');
  });
  test('is stable at a level: of the limit, without a limit, of an unknown limit, or not known', () => {
    const stable = (over: Given) => headline('stable', { anon: fieldTrend('stable'), usage: HOURS }, over);
    const values = { usage: 600 * MIB, working_set: 500 * MIB };
    assert.equal(stable({ values }), 'Nothing grows. 600 MiB of 2 GiB, steady for 7 days.');
    assert.equal(stable({ values, series: { limitBytes: 'max' } }), 'Nothing grows. 600 MiB (no limit), steady for 7 days.');
    assert.equal(stable({ values, series: { limitBytes: null } }), 'Nothing grows. 600 MiB, steady for 7 days.');
    assert.equal(stable({ values: { working_set: 500 * MIB } }), 'Nothing grows. 500 MiB of 2 GiB, steady for 7 days.');
    assert.equal(stable({}), 'Nothing grows. Usage is not known, steady for 7 days.');
    const grew = {
      ...fieldTrend('stable'),
      basis: { ...fieldTrend('stable').basis, statistics: { runsThatGrew: 2, slopeOfRuns: 1e6 } },
    };
    assert.match(
      headline('stable', { anon: grew, usage: HOURS }, { values, evaluation: { leak: null } }),
      / But the 2 runs before this one grew 24 MB a day until they ended, and this one is too young to show whether it does\.$/,
    );
    assert.doesNotMatch(headline('stable', { anon: grew, usage: HOURS }, { values }), /runs before/);
    assert.equal(headline('stable', {}, { values: { usage: GIB } }), 'Nothing grows. 1 GiB of 2 GiB, steady for 0 seconds.');
  });
  test('fell as its process ended, unless it was no more than an empty cgroup has left', () => {
    const fell = (from: number): string => {
      const series = {
        t: Float64Array.of(0, 1, 2, 3, 4),
        fields: new Map([['usage' as const, Float64Array.of(from, from, 0, 0, 0)]]),
      };
      return headline('stable', { usage: HOURS }, { series });
    };
    assert.match(fell(128 * MIB), / Before that it fell from 128 MiB to 0 bytes in one sample: its process ended/);
    assert.doesNotMatch(fell(12 * 1024), /fell/);
  });
  test('is too short for a trend: says of what memory consists, unless the verdict comes within a minute', () => {
    const values = { usage: GIB, anon: GIB / 2, file: GIB / 4 };
    const short = (seconds: number, before: SteadyState | null = null) => {
      const steady = new Steady(before, 1000, 60);
      const evaluation = { trend: 'not-enough-data' as const, needs: { hours: seconds / 3600, for: '' } };
      return { text: sentenceText(plainHeadline({ ...ruleContext({ values, evaluation }), steady })), steady };
    };
    const long = short(60);
    assert.match(long.text, / 1 GiB of 2 GiB now: 512 MiB anonymous memory and 256 MiB page cache\.$/);
    assert.match(short(59).text, / 1 GiB of 2 GiB now\.$/);
    // What was told stays as the wait ends.
    assert.match(short(59, long.steady.after).text, / now: 512 MiB anonymous memory/);
  });
  test('is too short for a trend: says how long it takes, if that is known', () => {
    const short = (hours: number | null) =>
      headline(
        'not-enough-data',
        {},
        { values: { usage: GIB }, evaluation: { needs: hours === null ? null : { hours, for: '' } } },
      );
    assert.equal(short(30), 'Not enough history yet: a first verdict comes in about 30 hours. 1 GiB of 2 GiB now.');
    assert.equal(short(0), 'Not enough history yet: a first verdict comes in about 1 second. 1 GiB of 2 GiB now.');
    assert.equal(short(null), 'Not enough history yet. 1 GiB of 2 GiB now.');
  });
});

describe('what is still settling', () => {
  const DAY = 86_400;
  /** A field at the given levels in MiB, a day apart; the trend is of the last `days`. */
  const settling = (field: FieldId, mib: readonly number[], slope = 0, days = 7) => {
    const t = Float64Array.from(mib, (_, i) => i * DAY);
    const fields = new Map([[field, Float64Array.from(mib, (v) => v * MIB)]]);
    return headline(
      'settling',
      { [field]: { ...fieldTrend('settling', slope), windowSeconds: days * DAY } },
      { series: { t, fields } },
    );
  };
  test('names the rise within its window, without gaps', () => {
    assert.equal(
      settling('usage', [600, 700, 777]),
      'Still settling: memory used rose 177 MiB in 7 days, and the growth is slowing. Ask again in 4 days.',
    );
    assert.match(settling('usage', [0, 600, 700, 777], 0, 2), /rose 177 MiB in 2 days/);
    assert.match(settling('usage', [Number.NaN, 600, 777, Number.NaN]), /rose 177 MiB/);
    assert.match(settling('anon', [600, 777]), /rose 177 MiB/);
  });
  test('names the pace from 1 MiB a day on', () => {
    assert.match(settling('usage', [600, 777], MIB / 24), /is slowing, 1 MB a day now\./);
    assert.match(settling('anon', [600, 777], MIB / 24), /is slowing, 1 MB a day now\./);
    assert.match(settling('usage', [600, 777], MIB / 24 - 1), /is slowing\. /);
  });
  test('names no rise if there is none, or if there are too few samples', () => {
    const NONE = /^Still settling: growth is levelling off\. /;
    assert.match(settling('usage', [777, 600]), NONE);
    assert.match(settling('usage', [600, 600]), NONE);
    assert.match(settling('usage', [600]), NONE);
    assert.match(settling('file', [600, 777]), NONE);
  });
  test('says to ask again after half the window, and not before half an hour', () => {
    assert.match(settling('usage', [1, 2], 0, 1), /Ask again in 12 hours\.$/);
    assert.match(settling('usage', [1, 2], 0, 1 / 48), /Ask again in 30 minutes\.$/);
  });
});

test('a JVM that grows outside its heap beside processes that come and go is said to, and only where leak is not known', () => {
  const parts = [
    {
      id: 'direct-buffers',
      name: 'direct buffers',
      process: null,
      bytes: 200 * MIB,
      grewBytes: 100 * MIB,
      bytesPerHour: 100 * MIB,
    },
  ] as const;
  const anonGrowth: AnonGrowth = { fromS: 0, toS: 3600, readings: 60, grewBytes: 100 * MIB, parts };
  const rss = { ...fieldTrend('growing', 100 * MIB), windowSeconds: 3600 };
  const said = (trend: Trend, leak: boolean | null): string =>
    sentenceText(
      plainHeadline(
        ruleContext({
          anonGrowth,
          evaluation: { trend, leak, fields: { usage: fieldTrend('stable'), anon: fieldTrend('stable'), rss } },
        }),
      ),
    );
  for (const trend of ['stable', 'cyclic'] as const)
    assert.equal(
      said(trend, null),
      "The JVM's own memory (RSS) rose 100 MiB in 60 minutes, outside its heap, while the container's memory has no lasting growth. Whether it leaks is not known yet.",
    );
  assert.match(said('stable', false), /^Nothing grows/);
});

test('memory used that stands while what the heap allocates survives is not said to be all that there is to know', () => {
  const heap = fieldTrend('cyclic', 1e6);
  const statistics = { survivedBytes: 45 * MIB, survivedShare: 0.92 };
  const fields = { usage: fieldTrend('stable'), heap_used: { ...heap, basis: { ...heap.basis, statistics } } };
  const said = (leak: null | false) => headline('stable', fields, { values: { usage: 300 * MIB }, evaluation: { leak } });
  assert.match(
    said(null),
    /^Memory used stands at 300 MiB.*, but the Java heap fills within it: 45 MiB, about 92 % of what it allocated, survived its young collections\. Whether that is a leak is known after its old generation has been collected\.$/,
  );
  assert.match(said(false), /^Nothing grows\./);
});
