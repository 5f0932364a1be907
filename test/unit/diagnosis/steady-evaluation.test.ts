import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import { steadyCauses } from '../../../src/diagnosis/steady-evaluation.ts';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { diagnoseAfter } from '../../../src/diagnosis/verdict.ts';
import type { Trend } from '../../../src/trends/types.ts';
import { MIB, MINUTE_S } from '../../../src/units.ts';
import { causeShare, eta, fieldTrend, fileRow, filesThatGrow, type Given, ruleContext } from '../../support/rule-context.ts';

/** The verdicts of these contexts, one a second, in a window of a minute. */
function verdictsOf(contexts: readonly Given[]): Verdict[] {
  let state: SteadyState | null = null;
  return contexts.map((given, second) => {
    const after = diagnoseAfter(state, { ...ruleContext({ values: { heap_used: MIB }, ...given }), atMs: second * 1000 });
    state = after.steady;
    return after.verdict;
  });
}

const overAMinute = (trend: Trend, slope = 0) => ({ ...fieldTrend(trend, slope), windowSeconds: MINUTE_S });
const GROWS = { trend: 'growing', leak: false, causes: [causeShare('page-cache', 3600 * MIB, { reclaimable: true })] } as const;
const alternating = (a: Given, b: Given): Given[] => Array.from({ length: 120 }, (_, i) => (i % 4 === 3 ? b : a));
const shapes = (verdicts: readonly Verdict[]): Set<string> =>
  new Set(verdicts.map(({ headline, trend }) => `${trend}: ${headline.replace(/[\d.]+/g, '#')}`));

test('a working set that is flat or not by turns is said to be the one that it was first', () => {
  const withTrend = (trend: Trend): Given => ({
    evaluation: { ...GROWS, fields: { usage: overAMinute('growing', 3600 * MIB), working_set: overAMinute(trend, 1800 * MIB) } },
  });
  const said = verdictsOf(alternating(withTrend('stable'), withTrend('growing')));
  assert.deepEqual(shapes(said), new Set([...shapes(said.slice(0, 1))]));
  assert.match(said.at(-1)!.headline, /Working set is flat/);
});

test('what is flat beside a cache stays as it was said first for half an hour, while more becomes known', () => {
  const of = (trend: Trend, windowSeconds: number): Given => ({
    evaluation: {
      ...GROWS,
      fields: {
        usage: { ...fieldTrend('growing', 3600 * MIB), windowSeconds },
        threads: fieldTrend('stable'),
        working_set: fieldTrend(trend, trend === 'growing' ? 1800 * MIB : 0),
      },
    },
  });
  const after = (windowSeconds: number): string =>
    verdictsOf([of('growing', windowSeconds), ...Array.from({ length: 200 }, () => of('stable', windowSeconds))]).at(-1)!
      .headline;
  assert.match(after(MINUTE_S), /\. Threads are flat/);
  assert.match(after(30 * MINUTE_S), /\. Threads and working set are flat/);
});

test('a rate at the border of two units of time is told in one of them, and in another as soon as it is far from there', () => {
  const of = (slope: number): Given => ({
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('native', slope)],
      fields: { usage: overAMinute('growing', slope) },
    },
  });
  const rates = verdictsOf([3.7e9, 3.5e9, 3.7e9, 3.3e9, 1.8e9, 3.7e9].map(of)).map(
    ({ headline }) => / grows (.*? a \w+)/.exec(headline)![1],
  );
  assert.deepEqual(rates, [
    '1 MB a second',
    '1 MB a second',
    '1 MB a second',
    '0.9 MB a second',
    '30 MB a minute',
    '62 MB a minute',
  ]);
});

test('growth that the evaluations find three times of four is reported without a break, with the newest numbers', () => {
  const grows = (slope: number): Given => ({
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', slope, { reclaimable: true })],
      fields: { usage: overAMinute('growing', slope) },
    },
  });
  const stable: Given = { evaluation: { trend: 'stable', leak: false, fields: { usage: overAMinute('stable') } } };
  const said = verdictsOf([...alternating(grows(3600e6), stable), grows(7200e6)]);
  assert.equal(shapes(said).size, 1);
  assert.equal(said.at(-1)!.trend, 'growing');
  assert.match(said.at(-1)!.headline, /grows 2 MB a second/);
});

test('growth that has ended is reported as ended after a third of the window', () => {
  const grows: Given = { evaluation: { ...GROWS, fields: { usage: overAMinute('growing', 3.6e9) } } };
  const stable: Given = { evaluation: { trend: 'stable', leak: false, fields: { usage: overAMinute('stable') } } };
  const trends = verdictsOf([grows, ...Array.from({ length: 30 }, () => stable)]).map(({ trend }) => trend);
  assert.equal(trends.indexOf('stable'), 21);
});

test('growth that began as another event, and was seen for seconds, is not reported for longer than a few more', () => {
  const heap: Given = { evaluation: { ...GROWS, leak: null, causes: [], fields: { usage: overAMinute('growing', 4e8) } } };
  const dump: Given = { evaluation: { ...GROWS, leak: null, fields: { usage: overAMinute('growing', 3.6e9) } } };
  const stable: Given = { evaluation: { trend: 'stable', leak: false, fields: { usage: overAMinute('stable') } } };
  const endsAfter = (seconds: number): number => {
    const before = Array.from({ length: 10 }, () => heap);
    const dumped = Array.from({ length: seconds }, () => dump);
    const verdicts = verdictsOf([...before, ...dumped, ...Array.from({ length: 30 }, () => stable)]);
    return verdicts.findIndex(({ trend }) => trend === 'stable') - before.length - seconds;
  };
  assert.deepEqual([endsAfter(2), endsAfter(12), endsAfter(40)], [5, 12, 20]);
});

test('a leak that was to end in an OOM kill by now, and is not found any more, is not reported for longer', () => {
  const of = (leak: boolean | null, secondsToKill: number): Given => ({
    evaluation: {
      trend: 'growing',
      leak,
      causes: [causeShare('native', 3.6e9)],
      etas: [eta('oom-kill', secondsToKill)],
      fields: { usage: overAMinute('growing', 3.6e9) },
    },
  });
  const stays = (secondsToKill: number): number => {
    const all = [...Array.from({ length: 30 }, () => of(true, secondsToKill)), ...Array.from({ length: 30 }, () => of(null, 60))];
    return verdictsOf(all).filter(({ leak }) => leak === true).length - 30;
  };
  assert.deepEqual([stays(600), stays(3)], [20, 3]);
});

test('a leak is reported as soon as the alarm fires, and the first trend as soon as it is known', () => {
  const none: Given = { evaluation: { trend: 'not-enough-data', leak: null, fields: { usage: overAMinute('not-enough-data') } } };
  const stable: Given = { evaluation: { trend: 'stable', leak: false, fields: { usage: overAMinute('stable') } } };
  const leaks: Given = {
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('native')],
      fields: { usage: overAMinute('growing', 3.6e9) },
    },
  };
  assert.deepEqual(
    verdictsOf([none, stable, leaks]).map(({ trend, leak }) => [trend, leak]),
    [
      ['not-enough-data', null],
      ['stable', false],
      ['growing', true],
    ],
  );
});

test('a log that grows is no longer the whole story in the sample in which another process takes eighty times as much', () => {
  const log: Given = {
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', 7.2e9, { reclaimable: true })],
      fields: { usage: overAMinute('growing', 7.2e9) },
    },
  };
  const browser = (leak: boolean | null): Given => ({
    evaluation: {
      trend: 'growing',
      leak,
      causes: [causeShare('process', 590e9), causeShare('page-cache', 7.2e9, { reclaimable: true })],
      fields: { usage: overAMinute('growing', 597e9) },
    },
  });
  for (const leak of [true, null]) {
    const last = verdictsOf([...Array.from({ length: 10 }, () => log), browser(leak)]).at(-1)!;
    assert.deepEqual([last.leak, last.cause], [leak, 'process']);
    assert.match(last.headline, /^Another process grows 164 MB a second/);
    assert.doesNotMatch(last.headline, /all of it|not a leak/);
  }
});

test('no evaluation that leaves only half of the growth to a file has all of it said to be that file', () => {
  const half: Given = {
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', 1.8e9, { reclaimable: true })],
      fields: { usage: overAMinute('growing', 3.6e9) },
    },
  };
  const all: Given = {
    evaluation: { ...GROWS, causes: [causeShare('page-cache', 3.6e9, { reclaimable: true })], fields: half.evaluation!.fields! },
  };
  const [first, second] = verdictsOf([all, half]);
  assert.match(first!.headline, /all of it/);
  assert.match(second!.headline, /50 % of it/);
});

/** Page cache has this share of the growth. */
const withShare = (share: number): Given => ({
  evaluation: {
    ...GROWS,
    causes: [causeShare('page-cache', share * 3.6e9, { reclaimable: true })],
    fields: { usage: overAMinute('growing', 3.6e9) },
  },
});

test('all of the growth is still all of it where its share is measured a little lower now and then, however long', () => {
  const lower = Array.from({ length: 100 }, () => withShare(0.89));
  assert.equal(shapes(verdictsOf([withShare(0.97), ...lower])).size, 1);
  assert.match(verdictsOf(lower).at(-1)!.headline, /89 % of it/);
});

test('a share that is all of it within the error of the slopes is all of it from the first verdict on', () => {
  const usage = overAMinute('growing', 3.6e9);
  const withError = (share: number, error: number): Given => ({
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', share * 3.6e9, { reclaimable: true })],
      fields: { usage, file: { ...usage, high: share * (1 + error) * 3.6e9 } },
    },
  });
  const [early, late] = verdictsOf([withError(0.87, 0.16), withError(0.97, 0.02)]);
  assert.match(early!.headline, /all of it/);
  assert.match(late!.headline, /all of it/);
  assert.match(verdictsOf([withError(0.87, 0.05)])[0]!.headline, /87 % of it/);
  assert.match(verdictsOf([withError(0.79, 0.5)])[0]!.headline, /79 % of it/);
});

test('growth whose cause was not known is explained in the verdict that finds the cause, and its field grows in it', () => {
  const usage = overAMinute('growing', 3.6e9);
  const unknown: Given = { evaluation: { ...GROWS, causes: [], fields: { usage, file: overAMinute('settling', 3.6e9) } } };
  const known: Given = {
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', 3.6e9, { reclaimable: true })],
      fields: { usage, file: overAMinute('growing', 3.6e9) },
    },
  };
  const [, , explained, still] = verdictsOf([unknown, unknown, known, unknown]);
  assert.deepEqual([explained!.cause, explained!.fields.file?.trend], ['page-cache', 'growing']);
  assert.equal(still!.cause, 'page-cache', 'and is not unexplained again in the next');
});

test('memory that rose and stood for too short a time to know grows in the verdict that knows it', () => {
  const usage = overAMinute('settling', 3.6e9);
  const rose = { ...usage, basis: { ...usage.basis, statistics: { rise: 5e7, riseShare: 0.5 } } };
  const settles = (of: typeof usage): Given => ({ evaluation: { trend: 'settling', leak: false, fields: { usage: of } } });
  const grows: Given = {
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', 3.6e9, { reclaimable: true })],
      fields: { usage: overAMinute('growing', 3.6e9) },
    },
  };
  const trends = (given: readonly Given[]) => verdictsOf(given).map(({ trend }) => trend);
  assert.deepEqual(trends([settles(rose), grows, settles(rose)]), ['settling', 'growing', 'growing']);
  assert.deepEqual(trends([settles(usage), grows]), ['settling', 'settling'], 'a warm-up that slows down is contradicted');
});

test('a heap that rises by little beside a log stays flat in the headline of the log, however long', () => {
  const rising = overAMinute('cyclic', 0.02 * 3.6e9);
  const beside: Given = {
    evaluation: {
      ...GROWS,
      causes: [causeShare('page-cache', 3.6e9, { reclaimable: true })],
      fields: {
        usage: overAMinute('growing', 3.6e9),
        heap_used: { ...rising, basis: { ...rising.basis, statistics: { significant: 1, growing: 1 } } },
      },
    },
  };
  const said = verdictsOf(Array.from({ length: 100 }, () => beside));
  assert.match(said.at(-1)!.headline, /Heap is flat/);
  assert.equal(shapes(said).size, 1);
});

test('a verdict that was there is not taken back where samples come late, but after a restart it is', () => {
  const known: Given = { evaluation: { trend: 'stable', leak: false, fields: { usage: overAMinute('stable') } } };
  const unknownOver = (windowSeconds: number): Given => ({
    evaluation: { trend: 'not-enough-data', leak: null, fields: { usage: { ...fieldTrend('not-enough-data'), windowSeconds } } },
  });
  const trends = (windowS: number) =>
    verdictsOf([known, ...Array.from({ length: 60 }, () => unknownOver(windowS))]).map((v) => v.trend);
  assert.deepEqual(new Set(trends(50)), new Set(['stable']));
  assert.equal(trends(5)[1], 'not-enough-data');
});

test('of two causes that are nearly as fast, the first stays first', () => {
  const inOrder = (causes: readonly ('native' | 'threads')[]): Given => ({
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: causes.map((cause, i) => causeShare(cause, (2 - i) * 1e9)),
      fields: { usage: overAMinute('growing', 3e9) },
    },
  });
  const said = verdictsOf(alternating(inOrder(['native', 'threads']), inOrder(['threads', 'native'])));
  assert.deepEqual(new Set(said.map(({ cause }) => cause)), new Set(['native']));
});

test('causes by measured parts replace those by the fields at once, and are not replaced by them for a while', () => {
  const byParts = [causeShare('threads', 2e9), causeShare('heap', 1e9)];
  const byFields = [causeShare('heap', 1e9), causeShare('threads', 9e8)];
  let state: SteadyState | null = null;
  const firstOf = (second: number, by: 'parts' | 'fields') => {
    const steady = new Steady(state, second, MINUTE_S);
    const [first] = steadyCauses(steady, by, { leak: true, causes: by === 'parts' ? byParts : byFields, fields: {} });
    state = steady.after;
    return first?.cause;
  };
  assert.deepEqual(
    (['fields', 'parts', 'fields', 'fields', 'parts'] as const).map((by, second) => firstOf(second, by)),
    ['heap', 'threads', 'threads', 'threads', 'threads'],
  );
});

test('a group of files is held open for writing or closed as it was first, whatever a single scan meets', () => {
  const withFiles = (writtenFiles: number): Given => ({
    evaluation: { ...GROWS, fields: { usage: overAMinute('growing', 3600 * MIB) } },
    files: [fileRow({ kind: 'folder', path: '/data/topic/', files: 4, openFiles: writtenFiles, writtenFiles })],
  });
  assert.equal(filesThatGrow(withFiles(4).files ?? []).grown['page-cache'].length, 1);
  assert.equal(shapes(verdictsOf(alternating(withFiles(4), withFiles(0)))).size, 1);
});

test('a cause that grows faster than memory as a whole never has more than all of it', () => {
  const [some, faster] = verdictsOf([withShare(0.66), withShare(4.78)]);
  assert.match(some!.headline, /66 % of it/);
  assert.match(faster!.headline, /all of it/);
});

/** Memory used, with what it consists of, each second until now. */
const memory = (seconds: number, usage: (second: number) => number, of: 'anon' | 'file'): NonNullable<Given['series']> => {
  const column = (mib: (second: number) => number) => Float64Array.from({ length: seconds }, (_, i) => mib(i) * MIB);
  return {
    t: Float64Array.from({ length: seconds }, (_, i) => i),
    fields: new Map([
      ['usage', column(usage)],
      [of, column(usage)],
      ['heap_used', column(() => 1)],
    ]),
  };
};
const stood = { trend: 'stable', leak: false, confidence: 0.95, fields: { usage: overAMinute('stable') } } as const;
/** 15.8 MiB until the second 25, then 37 MiB a second more for two seconds. */
const start = (second: number): number => 15.8 + 37 * Math.min(2, Math.max(0, second - 25));

test('a steady level gives way at once when memory used rises by tens of per cent', () => {
  const risen: Given['evaluation'] = { trend: 'settling', leak: null, fields: { usage: overAMinute('settling') } };
  const [before, after] = verdictsOf([
    { evaluation: stood, series: memory(25, start, 'anon') },
    { evaluation: risen, series: memory(28, start, 'anon') },
  ]);
  assert.match(before!.headline, /^Nothing grows\. 15\.8 MiB .* steady/);
  assert.equal(after!.trend, 'settling');
  assert.equal(after!.leak, null);
  assert.equal(after!.fields.usage?.trend, 'settling');
  const little = verdictsOf([
    { evaluation: stood, series: memory(25, () => 100, 'anon') },
    { evaluation: risen, series: memory(28, (second) => (second > 25 ? 110 : 100), 'anon') },
  ]);
  assert.equal(little[1]!.trend, 'stable', 'a tenth waits');
});

test('memory that rose in the last samples is not called steady, nor free of leaks, while its shape is still that of a steady one', () => {
  const [verdict] = verdictsOf([{ evaluation: stood, series: memory(30, start, 'anon') }]);
  assert.equal(
    verdict!.headline,
    'Memory used rose 74 MiB (468 %), most of it anonymous memory, in the last 4 seconds: too short to know whether it goes on.',
  );
  assert.equal(verdict!.leak, null);
  assert.equal(verdict!.confidence, 0.75);
});

test('where only page cache rose, it is no leak, although it is not known whether it goes on', () => {
  const [verdict] = verdictsOf([{ evaluation: stood, series: memory(30, start, 'file') }]);
  assert.match(verdict!.headline, /^Memory used rose 74 MiB .*page cache.*too short to know/);
  assert.equal(verdict!.leak, false);
  assert.equal(verdict!.confidence, 0.95);
});
