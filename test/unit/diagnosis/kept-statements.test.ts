import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filesText } from '../../../src/diagnosis/grown-files-text.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import { Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import { isOver, steadyCauses, steadyEvaluation, steadyFiles } from '../../../src/diagnosis/steady-evaluation.ts';
import type { CauseShare, Evaluation, Trend } from '../../../src/trends/types.ts';
import { HOUR_S, MINUTE_S } from '../../../src/units.ts';
import { fileTrack } from '../../support/file-track.ts';
import { causeShare, fieldTrend, fileRow, filesThatGrow, ruleContext } from '../../support/rule-context.ts';

/** Each value as it is published, one a second: far less than a statement of an hour's window is kept. */
function published<In, Out>(values: readonly In[], keep: (steady: Steady, value: In) => Out, windowS = HOUR_S): Out[] {
  let state: SteadyState | null = null;
  return values.map((value, second) => {
    const steady = new Steady(state, second, windowS);
    const out = keep(steady, value);
    state = steady.after;
    return out;
  });
}

const evaluation = (given: Partial<Evaluation> = {}): Evaluation => ({
  trend: 'stable',
  leak: false,
  confidence: 0.9,
  causes: [],
  causeBasis: [],
  etas: [],
  needs: null,
  fields: { usage: fieldTrend('stable') },
  ...given,
});
const growing = (slope: number, causes: readonly CauseShare['cause'][], leak: boolean | null = false): Evaluation =>
  evaluation({
    trend: 'growing',
    leak,
    causes: causes.map((cause) => causeShare(cause, slope)),
    fields: { usage: fieldTrend('growing', slope) },
  });

describe('a published state is over', () => {
  const over = (before: Evaluation | null, now: Evaluation): boolean => {
    const steady = new Steady(null, 0, HOUR_S);
    if (before !== null) steadyEvaluation(steady, before);
    return isOver(steady.after, now);
  };

  test('where the alarm reports a leak that was not reported', () => {
    assert.equal(over(evaluation(), growing(1e6, ['native'], true)), true);
    assert.equal(over(growing(1e6, ['page-cache', 'native'], null), growing(1e6, ['native', 'page-cache'], true)), true);
    assert.equal(over(growing(1e6, ['native'], null), growing(1e6, ['native'], true)), false, 'the same grew, and it was open');
    assert.equal(over(growing(1e6, ['native'], true), growing(1e6, ['heap'], true)), false, 'it was reported');
  });

  test('where what was called a leak stands, or slows down in a short window', () => {
    const stands = (standsSeconds: number | null, trend: Trend = 'settling', windowSeconds = 10 * MINUTE_S): Evaluation => {
      const field = { ...fieldTrend(trend), windowSeconds };
      const statistics = standsSeconds === null ? {} : { rise: 1e8, standsSeconds };
      return evaluation({ trend, leak: null, fields: { usage: { ...field, basis: { ...field.basis, statistics } } } });
    };
    const leak = growing(1e6, ['native'], true);
    assert.deepEqual([over(leak, stands(20)), over(leak, stands(19))], [true, false], 'a thirtieth of ten minutes');
    assert.equal(over(leak, stands(20, 'stable')), true);
    assert.deepEqual([over(leak, stands(null)), over(leak, stands(null, 'stable'))], [true, false]);
    assert.equal(over(leak, stands(null, 'settling', HOUR_S)), false, 'a long window');
    assert.equal(over(growing(1e6, ['native'], null), stands(20)), false, 'no leak was published');
    assert.equal(over(growing(1e6, ['heap'], true), stands(20)), false, 'a heap leaks within what it has');
  });

  test('where memory grows four times as fast from other causes, and grew before', () => {
    assert.equal(over(growing(1e6, ['page-cache']), growing(4e6, ['process'])), true);
    assert.equal(over(growing(1e6, ['page-cache']), growing(3.9e6, ['process'])), false);
    assert.equal(over(growing(1e6, ['page-cache']), growing(9e6, ['page-cache'])), false, 'the same causes');
    assert.equal(over(evaluation(), growing(9e6, ['process'])), false, 'nothing grew');
    assert.equal(over(growing(0, ['page-cache']), growing(9e6, ['process'])), false, 'its pace is not known');
    const flat = evaluation({ ...growing(1, ['process']), fields: { usage: fieldTrend('stable', 9e6) } });
    assert.equal(over(growing(1e6, ['page-cache']), flat), false, 'usage itself is flat');
  });

  test('where a cause that is not found any more was faster than all memory used is now', () => {
    const dump = { ...growing(19e9, ['page-cache'], null), fields: { usage: fieldTrend('growing', 20e9) } };
    assert.equal(over(dump, growing(4e8, [], null)), true);
    assert.equal(over(growing(1e6, ['page-cache'], null), growing(9e5, [], null)), false, 'within the error of both');
    assert.equal(over(dump, growing(4e8, ['page-cache'], null)), false, 'it is found, and has its newest pace');
    assert.equal(over(growing(19e9, ['heap'], null), growing(4e8, [], null)), false, 'a heap fills pages that it has');
    assert.equal(over(dump, evaluation()), false, 'usage does not grow: it may be the noise of a moment');
  });

  test('never where nothing was published', () => {
    assert.equal(over(null, growing(9e6, ['process'], true)), false);
  });

  test('also of series without usage: a leak alone counts', () => {
    const none = (leak: boolean) => evaluation({ trend: 'growing', leak, fields: {} });
    assert.deepEqual([over(none(false), none(true)), over(none(false), none(false))], [true, false]);
  });
});

describe('the trend of a field', () => {
  const trends = (...ofAnon: readonly Trend[]): readonly (Trend | undefined)[] =>
    published(ofAnon, (steady, trend) =>
      steadyEvaluation(steady, evaluation({ fields: { usage: fieldTrend('stable'), anon: fieldTrend(trend) } })),
    ).map(({ fields }) => fields.anon?.trend);

  test('stays while it is contradicted for a moment', () => {
    assert.deepEqual(trends('stable', 'growing', 'stable'), ['stable', 'stable', 'stable']);
  });

  test('is taken at once where none was known, or none is known any more', () => {
    assert.deepEqual(trends('not-enough-data', 'growing', 'stable'), ['not-enough-data', 'growing', 'growing']);
    assert.deepEqual(trends('growing', 'not-enough-data'), ['growing', 'not-enough-data']);
  });

  test('is kept with the answer where samples come late, and only what was known', () => {
    const late = evaluation({
      trend: 'not-enough-data',
      leak: null,
      fields: { usage: fieldTrend('not-enough-data'), anon: fieldTrend('not-enough-data'), shmem: fieldTrend('growing') },
    });
    const known = evaluation({
      fields: { usage: fieldTrend('stable'), anon: fieldTrend('growing'), shmem: fieldTrend('not-enough-data') },
    });
    const last = published([known, late], steadyEvaluation).at(-1)!;
    assert.deepEqual([last.trend, last.fields.anon?.trend, last.fields.shmem?.trend], ['stable', 'growing', 'growing']);
  });

  test('of all memory used is growth at once where what is published grows', () => {
    const rises = (trend: Trend, usage: Trend): Evaluation => ({
      ...growing(1e6, trend === 'growing' ? ['page-cache'] : []),
      trend,
      fields: { usage: fieldTrend(usage, 1e6), file: fieldTrend(trend, 1e6) },
    });
    const found = [
      rises('stable', 'stable'),
      ...Array.from({ length: 25 }, (_, i) => rises('growing', i < 15 ? 'settling' : 'growing')),
    ];
    const said = published(found, steadyEvaluation, MINUTE_S).map(({ trend, fields }) => `${trend} ${fields.usage?.trend}`);
    assert.deepEqual([said[20], said[21]], ['stable stable', 'growing growing']);
  });

  test('is growth through a pause between two bursts, with the answer', () => {
    const inBursts = (trend: Trend, bursts: number | null): Evaluation => {
      const field = fieldTrend(trend, 1e6);
      const statistics = bursts === null ? {} : { bursts };
      const usage = { ...field, basis: { ...field.basis, statistics } };
      return evaluation({
        trend,
        causes: trend === 'growing' ? [causeShare('page-cache', 1e6, { reclaimable: true })] : [],
        fields: { usage, file: usage },
      });
    };
    const last = (pause: Evaluation) => {
      const { trend, causes, fields } = published(
        [inBursts('growing', null), ...Array.from({ length: 2000 }, () => pause)],
        steadyEvaluation,
      ).at(-1)!;
      return [trend, causes.length, fields.file?.trend];
    };
    assert.deepEqual(last(inBursts('settling', 2)), ['growing', 1, 'growing']);
    assert.deepEqual(last(inBursts('settling', null)), ['settling', 0, 'settling']);
    const ofCacheAlone: Evaluation = {
      ...growing(1e6, []),
      fields: { usage: fieldTrend('growing', 1e6), file: inBursts('settling', 2).fields.file! },
    };
    assert.deepEqual(last(ofCacheAlone), ['growing', 1, 'growing'], 'the sum is not known to come in bursts');
  });

  test('is one statement for each field', () => {
    const both = (anon: Trend, shmem: Trend) =>
      evaluation({ fields: { usage: fieldTrend('stable'), anon: fieldTrend(anon), shmem: fieldTrend(shmem) } });
    const last = published([both('growing', 'stable'), both('stable', 'growing')], steadyEvaluation).at(-1)!;
    assert.deepEqual([last.fields.anon?.trend, last.fields.shmem?.trend], ['growing', 'stable']);
  });
});

test('an answer stays where only its leak, its trend or its causes differ for a moment, with its own numbers', () => {
  const first = growing(1e6, ['native'], null);
  for (const other of [
    growing(2e6, ['native'], false),
    growing(2e6, ['heap'], null),
    evaluation({ ...first, trend: 'settling' }),
  ]) {
    const last = published([first, other], steadyEvaluation).at(-1)!;
    assert.deepEqual([last.trend, last.leak, last.causes], [first.trend, first.leak, first.causes]);
  }
  assert.equal(published([first, growing(2e6, ['native'], null)], steadyEvaluation).at(-1)!.causes[0]!.bytesPerHour, 2e6);
  assert.equal(published([first, growing(2e6, ['native'], true)], steadyEvaluation).at(-1)!.leak, true, 'the alarm has waited');
});

describe('causes', () => {
  const named = (cause: CauseShare['cause'], what: string | null, bytesPerHour = 1e6) =>
    causeShare(cause, bytesPerHour, { what });
  const seen = (...steps: readonly (readonly CauseShare[])[]) =>
    published(steps, (steady, causes) => steadyCauses(steady, 'parts', { leak: null, causes, fields: {} })).map((causes) =>
      causes.map(({ cause, what, bytesPerHour }) => `${cause} ${what} ${bytesPerHour / 1e6}`),
    );

  test('keep their order with the newest numbers, and one that is not found keeps its last', () => {
    assert.deepEqual(
      seen([named('native', null, 3e6), named('heap', null, 2e6)], [named('heap', null, 4e6), named('native', null, 3.5e6)]).at(
        -1,
      ),
      ['native null 3.5', 'heap null 4'],
    );
    assert.deepEqual(seen([named('native', null, 3e6), named('heap', null, 2e6)], [named('heap', null, 4e6)]).at(-1), [
      'native null 3',
      'heap null 4',
    ]);
  });

  test('of one kind are told apart by what they name', () => {
    const [a, b] = [named('process', 'a', 3e6), named('process', 'b', 2e6)];
    assert.deepEqual(seen([a, b], [named('process', 'b', 5e6), named('process', 'a', 4e6)]).at(-1), [
      'process a 4',
      'process b 5',
    ]);
  });

  test('that get a name, that end, or that are the first ones are published at once', () => {
    assert.deepEqual(seen([named('page-cache', null)], [named('page-cache', '/a')]).at(-1), ['page-cache /a 1']);
    assert.deepEqual(seen([named('page-cache', '/a')], []).at(-1), []);
    assert.deepEqual(seen([], [named('heap', null)]).at(-1), ['heap null 1']);
  });

  test('that are faster than all memory used go at once where they are not found, and only there', () => {
    const beside = (usage: Trend, perHour: number) => {
      const cache = named('page-cache', '/dump', 19e9);
      const steps = [
        { causes: [named('native', null, 1e6), cache], usage: fieldTrend('growing', 20e9) },
        { causes: [named('native', null, 2e6)], usage: fieldTrend(usage, perHour) },
      ];
      return published(steps, (steady, { causes, usage: trend }) =>
        steadyCauses(steady, 'fields', { leak: null, causes, fields: { usage: trend } }),
      )
        .at(-1)!
        .map(({ cause }) => cause);
    };
    assert.deepEqual(beside('growing', 4e6), ['native']);
    assert.deepEqual(beside('growing', 19e9), ['native', 'page-cache']);
    assert.deepEqual(beside('stable', 4e6), ['native', 'page-cache']);
  });

  test('that grow much faster than all that was published are published at once, if the kernel cannot reclaim them', () => {
    const slow = named('native', 'direct buffers', 1.7e9);
    const jmap = (perHour: number) => [named('process', 'jmap', perHour), named('native', 'direct buffers', 1.5e9)];
    assert.deepEqual(seen([slow], jmap(20e9)).at(-1), ['process jmap 20000', 'native direct buffers 1500']);
    assert.deepEqual(seen([slow], jmap(3e9)).at(-1), ['native direct buffers 1500'], 'it waits');
    const cache = { ...named('page-cache', '/dump', 20e9), reclaimable: true };
    assert.deepEqual(seen([slow], [slow, cache]).at(-1), ['native direct buffers 1700']);
  });

  test('do not change at once to others, lose a name at once, or change it', () => {
    assert.deepEqual(seen([named('page-cache', null)], [named('heap', 'x')]).at(-1), ['page-cache null 1']);
    assert.deepEqual(seen([named('page-cache', '/a')], [named('page-cache', null)]).at(-1), ['page-cache /a 1']);
    assert.deepEqual(seen([named('page-cache', '/a')], [named('page-cache', '/b')]).at(-1), ['page-cache /a 1']);
    assert.deepEqual(seen([named('page-cache', null)], [named('page-cache', null), named('heap', 'x')]).at(-1), [
      'page-cache null 1',
    ]);
  });
});

describe('files that are named', () => {
  const tracks = ['/a.log', '/b.log'].map((path) => fileTrack(path, [1e6, 2e6]));
  const grown = (...paths: readonly string[]) => filesThatGrow(paths.map((path) => fileRow({ path }))).grown;
  const seen = (...steps: readonly (readonly string[])[]) =>
    published(
      steps.map((paths, second) => ({ paths, second })),
      (steady, { paths, second }) => steadyFiles(steady, tracks, grown(...paths), second),
    )
      .at(-1)!
      ['page-cache'].map(({ path }) => path);

  test('stay while others are found for a moment', () => {
    assert.deepEqual(seen(['/a.log'], ['/b.log']), ['/a.log']);
    assert.deepEqual(seen(['/a.log'], ['/a.log', '/b.log']), ['/a.log']);
    assert.deepEqual(seen(['/a.log', '/b.log'], ['/b.log', '/a.log']), ['/a.log', '/b.log']);
    assert.deepEqual(seen(['/a.log'], []), ['/a.log']);
  });

  test('are named at once where none was', () => assert.deepEqual(seen([], ['/b.log']), ['/b.log']));

  test('that are out of sight, as a file while it is written anew under another name, stay for a moment beside others', () => {
    const other = (seconds: number): string[][] => Array.from({ length: seconds }, () => ['/b.log']);
    assert.deepEqual(seen(['/gone.log'], ...other(12)), ['/gone.log']);
    assert.deepEqual(seen(['/gone.log'], ...other(13)), ['/b.log']);
  });

  test('that are out of sight, as a log while it is renamed, stay for a minute if nothing else explains the growth', () => {
    const none = (seconds: number): string[][] => Array.from({ length: seconds }, () => []);
    assert.deepEqual(seen(['/gone.log'], ...none(60)), ['/gone.log']);
    assert.deepEqual(seen(['/gone.log'], ...none(62)), []);
  });

  test('that explain nothing for a while, as a log that is copied and emptied, keep their name for a minute, and no longer', () => {
    const after = (seconds: number): number =>
      published(
        [['/a.log'], ...Array.from({ length: seconds }, () => [])].map((paths, second) => ({ paths, second })),
        (steady, { paths, second }) => steadyFiles(steady, tracks, grown(...paths), second),
        MINUTE_S,
      ).at(-1)!['page-cache'].length;
    assert.deepEqual([after(59), after(90)], [1, 0]);
  });

  test('are the newest rows where they are the same', () => {
    const rows = grown('/a.log');
    const last = published([rows, rows], (steady, now) => steadyFiles(steady, tracks, now, 0)).at(-1)!;
    assert.equal(last['page-cache'][0], rows['page-cache'][0]);
    assert.deepEqual(last.shmem, []);
  });
});

test('closed files stay closed while they become many, and none of them is open', () => {
  const rotated = (files: number) => fileRow({ kind: 'folder', path: '/var/log/', files, openFiles: 0, writtenFiles: 0 });
  const longerThanKept = Array.from({ length: 200 }, () => rotated(8));
  const texts = published([rotated(7), ...longerThanKept], (steady, row) =>
    sentenceText(filesText(row, 'many', { ...ruleContext(), steady })),
  );
  for (const text of texts) assert.match(text, /, closed\)$/);
});
