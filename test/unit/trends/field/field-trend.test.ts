import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldName } from '../../../../src/fields.ts';
import { evaluateField, evaluateFloor, notEnoughData } from '../../../../src/trends/field/field-trend.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { DAY_S, HOUR_S, MINUTE_S } from '../../../../src/units.ts';
import { Random } from '../../../../synthetic/random.ts';

const MB = 1e6;
const FROM_T = 1e6;
const shared = new SharedWork(new CompiledArithmetic());

interface Over {
  readonly id?: FieldName;
  readonly hours?: number;
  readonly noise?: number;
  readonly limit?: number | 'max';
}

/** A field in MB by the hour, over ten hours at a sample a minute, with noise of 1 MB. */
function evaluate(mean: (hour: number) => number, { id = 'anon', hours = 10, noise = 1, limit = 4000 * MB }: Over = {}) {
  const random = new Random(5);
  const n = Math.round(60 * hours);
  const t = Float64Array.from({ length: n }, (_, i) => FROM_T + MINUTE_S * i);
  const values = t.map((_, i) => (mean(i / 60) + noise * random.normal()) * MB);
  return evaluateField(id, values, { t, from: 0, to: n, intervalS: MINUTE_S, limit, shared });
}
const near = (found: number | null, expected: number, within: number) =>
  assert.ok(found !== null && Math.abs(found - expected) <= within, `${found}, expected ${expected}`);

test('a field without enough data has no figures, and says why', () => {
  const { trend, slopeBytesPerHour, low, high, p, points, windowSeconds, posterior, basis } = notEnoughData(4, 60, 'too few');
  assert.deepEqual([trend, slopeBytesPerHour, low, high, p, posterior], ['not-enough-data', null, null, null, null, 0]);
  assert.deepEqual([points, windowSeconds], [4, 60]);
  assert.deepEqual(basis, { segments: [], line: null, modelProbabilities: [], statistics: {}, reason: 'too few' });
  const few = evaluate((hour) => 100 + hour, { hours: 0.08 });
  assert.deepEqual([few.trend, few.basis.reason, few.points], ['not-enough-data', '4 values are too few', 5]);
  assert.notEqual(evaluate((hour) => 100 + 100 * hour, { hours: 0.12 }).trend, 'not-enough-data');
});

test('a field that hardly moves is stable, at its last level', () => {
  const flat = evaluate(() => 500, { noise: 0.01 });
  assert.deepEqual(
    [flat.trend, flat.slopeBytesPerHour, flat.low, flat.high, flat.p, flat.basis.reason, flat.points],
    ['stable', 0, 0, 0, 0.5, 'it did not move enough to matter', 600],
  );
  near(flat.levelNow, 500 * MB, MB);
  assert.deepEqual([flat.saturating, flat.dailyLoadExcluded, flat.undecidedRise], [false, false, null]);
});

test('a saw-tooth is averaged as a floor, and any other field is not', () => {
  const asked: boolean[] = [];
  class Asked extends SharedWork {
    override modelAverage(...given: Parameters<SharedWork['modelAverage']>) {
      asked.push(given[3] ?? false);
      return super.modelAverage(...given);
    }
  }
  const n = 600;
  const t = Float64Array.from({ length: n }, (_, i) => FROM_T + MINUTE_S * i);
  const window = { t, from: 0, to: n, intervalS: MINUTE_S, limit: 4000 * MB, shared: new Asked(new CompiledArithmetic()) };
  evaluateField(
    'anon',
    t.map((_, i) => (300 + i / 10) * MB),
    window,
  );
  evaluateField(
    'heap_used',
    t.map((_, i) => (300 + i / 10 + 4 * (i % 30)) * MB),
    window,
  );
  assert.deepEqual(asked, [false, true]);
});

test('the level of a floor is that right after its collections, at the start of the window as now, and where it does not move', () => {
  // 200 MB of garbage in each 5.3 minutes: what is sampled after a collection has some 20 MB of it.
  const garbage = (hour: number): number => 200 * (((hour * 60) / 5.3) % 1);
  const rising = evaluate((hour) => 300 + 40 * hour + garbage(hour), { id: 'heap_used' });
  near(rising.levelAtStart, 300 * MB, 14 * MB);
  near(rising.levelNow, 700 * MB, 12 * MB);
  const flat = evaluate((hour) => 3000 + garbage(hour), { id: 'heap_used', limit: 400_000 * MB });
  assert.equal(flat.basis.reason, 'it did not move enough to matter');
  near(flat.levelNow, 3000 * MB, 4 * MB);
});

test('the leak of a heap that was collected five times is found under its garbage', () => {
  const leaking = (perHour: number) =>
    evaluate((hour) => 300 + perHour * hour + 30 * (hour % 2), { id: 'heap_used', hours: 10.5, noise: 2 });
  const { trend, basis, slopeBytesPerHour, levelNow } = leaking(2);
  assert.deepEqual([trend, basis.statistics.collections], ['growing', 5]);
  near(slopeBytesPerHour, 2 * MB, 0.2 * MB);
  near(levelNow, 321 * MB, 4 * MB);
  assert.equal(leaking(0).trend, 'stable');
});

test('a floor that rose over two collections of many is not known to rise, unless it rose as much before them', () => {
  const floor = (rises: number, allAlong = 0) => {
    const n = 24;
    const t = Float64Array.from({ length: n }, (_, k) => FROM_T + (k + 0.5) * HOUR_S);
    const values = t.map((_, k) => (300 + (k % 2) + allAlong * k + 20 * Math.max(0, k - (n - 1 - rises))) * MB);
    const at = Float64Array.from({ length: 60 * n }, (_, i) => FROM_T + MINUTE_S * i);
    return evaluateFloor(
      'heap_used',
      { t, values },
      at.map(() => 400 * MB),
      {
        t: at,
        from: 0,
        to: at.length,
        intervalS: MINUTE_S,
        limit: 4000 * MB,
        shared,
      },
    );
  };
  assert.deepEqual([floor(2).trend, floor(6).trend, floor(2, 10).trend], ['cyclic', 'growing', 'growing']);
});

describe('a field that rose in steps and was not seen to drift', () => {
  const steps = (last: number) => evaluate((hour) => 300 + 60 * [2, 3, last].filter((at) => hour >= at).length);
  test('settles while it stands for too short a time to know whether it has stopped', () => {
    const { trend, basis, undecidedRise } = steps(9.3);
    assert.deepEqual(
      [trend, basis.reason],
      ['settling', 'it rose, and stands for too short a time to know whether it has stopped'],
    );
    near(undecidedRise!.amount, 180 * MB, 4 * MB);
    near(undecidedRise!.levelNow, 480 * MB, 2 * MB);
    const { rise, riseShare, roseSeconds, standsSeconds } = basis.statistics;
    assert.equal(rise, undecidedRise!.amount);
    near(riseShare!, 0.6, 0.02);
    near(roseSeconds!, 9.1 * HOUR_S, 0.3 * HOUR_S);
    near(standsSeconds!, 0.7 * HOUR_S, 0.2 * HOUR_S);
  });
  test('is stable once it has stood for longer, and says how far it rose', () => {
    const { trend, basis, undecidedRise } = steps(6);
    assert.deepEqual([trend, undecidedRise], ['stable', null]);
    near(basis.statistics.rise!, 180 * MB, 4 * MB);
  });
});

describe('a field that drifts', () => {
  test('grows, with its slope an hour and a line along it to its level at the end', () => {
    const grown = evaluate((hour) => 300 + 10 * hour);
    assert.deepEqual(
      [grown.trend, grown.basis.reason],
      ['growing', 'it rises with a probability of over 99 %, and 55 % are needed'],
    );
    near(grown.slopeBytesPerHour, 10 * MB, 0.2 * MB);
    assert.equal(grown.low! < grown.slopeBytesPerHour! && grown.slopeBytesPerHour! < grown.high!, true);
    near(grown.low, 10 * MB, 0.5 * MB);
    near(grown.high, 10 * MB, 0.5 * MB);
    near(grown.levelNow, 400 * MB, MB);
    near(grown.levelAtStart, 300 * MB, 3 * MB);
    near(grown.p, 0, 1e-3);
    near(grown.posterior, 1, 1e-3);
    const { line, segments, statistics, modelProbabilities } = grown.basis;
    assert.deepEqual(segments, [FROM_T]);
    assert.deepEqual([line!.fromT, line!.toT], [FROM_T, FROM_T + 599 * MINUTE_S]);
    near(3600 * line!.slopePerSecond, grown.slopeBytesPerHour!, 1);
    near(line!.level + line!.slopePerSecond * (line!.toT - line!.fromT), grown.levelNow, 1);
    near(line!.level, 300 * MB, 2 * MB);
    near(statistics.growing!, 1, 1e-3);
    assert.equal(modelProbabilities[0]!.model, 'line');
    near(statistics.rSquared!, 1, 0.01);
    assert.equal(
      modelProbabilities.every(({ probability }) => probability >= 0.001),
      true,
    );
    const probabilities = modelProbabilities.map(({ probability }) => probability);
    assert.deepEqual(
      probabilities,
      probabilities.toSorted((a, b) => b - a),
    );
    near(
      probabilities.reduce((sum, probability) => sum + probability, 0),
      1,
      0.02,
    );
    assert.equal(new Set(modelProbabilities.map(({ model }) => model)).size, modelProbabilities.length);
    assert.equal(statistics.collections, undefined);
    assert.deepEqual([grown.saturating, grown.dailyLoadExcluded, grown.windowSeconds], [false, false, 599 * MINUTE_S]);
  });
  test('downwards shrinks', () => {
    const fallen = evaluate((hour) => 400 - 10 * hour);
    assert.deepEqual(
      [fallen.trend, fallen.basis.reason],
      ['shrinking', 'it falls with a probability of over 99 %, and 97 % are needed'],
    );
    near(fallen.slopeBytesPerHour, -10 * MB, 0.2 * MB);
    near(fallen.p, 1, 1e-3);
  });
  test('from some time on has its last segment begin there', () => {
    const { trend, basis, posterior } = evaluate((hour) => 300 + 20 * Math.max(0, hour - 6));
    assert.equal(trend, 'growing');
    assert.equal(basis.segments[0], FROM_T);
    near(basis.segments[1]!, FROM_T + 6 * 3600, 1900);
    assert.equal(basis.line!.fromT, basis.segments[1]);
    near(basis.line!.level, 300 * MB, 8 * MB);
    near(basis.statistics.rSquared!, 1, 0.02);
    near(posterior, 1, 0.05);
  });
  test('by too little to matter is stable', () => {
    const slow = evaluate((hour) => 5000 + 3 * hour, { limit: 'max', noise: 300 });
    assert.equal(slow.trend, 'stable');
    assert.equal(slow.basis.reason, 'its slope is too small to matter');
  });
});

test('a field that rises ever more slowly settles, and is stable once what is to come is small', () => {
  const settling = evaluate((hour) => 300 + 200 * (1 - Math.exp(-hour / 8)), { noise: 0.5 });
  assert.deepEqual([settling.trend, settling.basis.reason], ['settling', 'it rises ever more slowly towards a level']);
  assert.equal(settling.saturating, settling.basis.modelProbabilities[0]!.model === 'saturation-line');
  assert.equal(evaluate((hour) => 300 + 200 * (1 - Math.exp(-hour / 1))).trend, 'stable');
});

test('what a field rises yet is that of one day', () => {
  const { basis } = evaluate((hour) => 300 + 200 * (1 - Math.exp(-hour / 40)), { hours: 75, noise: 0.5 });
  near(basis.statistics.remainingRise!, 200 * Math.exp(-75 / 40) * (1 - Math.exp(-24 / 40)) * MB, 4 * MB);
});

test('a warm-up before a drift is a saturation, and the drift grows', () => {
  const { trend, saturating, basis } = evaluate((hour) => 300 + 200 * (1 - Math.exp(-hour / 1)) + 15 * hour);
  assert.deepEqual([trend, saturating, basis.modelProbabilities[0]!.model], ['growing', true, 'saturation-line']);
});

test('a daily cycle over several days is no drift, and does not hide one', () => {
  const day = (hour: number) => 40 * Math.sin((2 * Math.PI * hour) / 24);
  assert.equal(evaluate((hour) => 300 + day(hour), { hours: 75 }).trend, 'stable');
  const both = evaluate((hour) => 300 + hour + day(hour), { hours: 75 });
  assert.equal(both.trend, 'growing');
  near(both.slopeBytesPerHour, MB, 0.1 * MB);
});

describe('a heap, which is a saw-tooth', () => {
  const teeth = (length: number, rise: number) => (hour: number) =>
    300 + rise * Math.floor(hour / length) + (100 * (hour % length)) / length;
  test('grows by its floor, however much it swings', () => {
    const grown = evaluate(teeth(0.5, 5), { id: 'heap_used', noise: 0 });
    assert.equal(grown.trend, 'growing');
    assert.equal(grown.basis.statistics.collections, 19);
    near(grown.slopeBytesPerHour, 10 * MB, 0.5 * MB);
    assert.equal(grown.points, 600);
    assert.equal(evaluate(teeth(0.5, 0), { id: 'heap_used', noise: 0 }).trend, 'stable');
  });
  test('of fewer than four collections is cyclic where it seems to grow', () => {
    const few = evaluate((hour) => 300 + 200 * hour - (hour > 9 ? 600 : 0), { id: 'heap_used' });
    assert.notEqual(few.trend, 'growing');
    assert.equal(few.basis.statistics.collections, 1);
    const rising = evaluate(teeth(3.5, 60), { id: 'heap_used', noise: 0 });
    assert.equal(rising.basis.statistics.collections, 2);
    assert.notEqual(rising.trend, 'growing');
    assert.equal(rising.undecidedRise, null, 'nor has its floor risen');
  });
  test('has a floor after four collections', () => {
    const of = (length: number) => {
      const { trend, basis } = evaluate(teeth(length, 60), { id: 'heap_used', noise: 0 });
      return [basis.statistics.collections, trend];
    };
    assert.deepEqual(of(2.2), [4, 'growing']);
    assert.deepEqual(of(3), [3, 'cyclic']);
  });
  test('of few collections stands at its floor, which has moved on since the last of them, not at the mean of the swing', () => {
    const { levelNow, basis } = evaluate(teeth(2.2, 60), { id: 'heap_used', noise: 0 });
    near(levelNow, (300 + (60 / 2.2) * 10) * MB, 12 * MB);
    const { level, slopePerSecond, fromT, toT } = basis.line!;
    near(level + slopePerSecond * (toT - fromT), levelNow, MB);
  });
  test('stands at what its collections leave, not at what it has taken until the next sample', () => {
    const length = 7.3 / 60;
    near(evaluate(teeth(length, 2), { id: 'heap_used', noise: 0 }).levelNow, (300 + 20 / length) * MB, 2 * MB);
  });
  test('of few values is not asked for its floor', () =>
    assert.equal(evaluate((hour) => 300 + 10 * hour, { id: 'heap_used', hours: 0.08 }).trend, 'not-enough-data'));
  test('rose by its floor if that came in steps', () => {
    const floor = (hour: number) => 60 * [2, 5.5, 9.3].filter((at) => hour >= at).length;
    const { trend, undecidedRise } = evaluate((hour) => 300 + floor(hour) + 100 * ((hour % 0.2) / 0.2), {
      id: 'heap_used',
      noise: 0,
    });
    assert.equal(trend, 'settling');
    near(undecidedRise!.amount, 180 * MB, 15 * MB);
  });
  test('whose floor bends after few collections is not surer than 0.75', () => {
    const bends = (length: number) =>
      evaluate((hour) => 300 + 30 * Math.max(0, Math.floor(hour / length) * length - 5) + (50 * (hour % length)) / length, {
        id: 'heap_used',
        noise: 0,
      });
    assert.equal(bends(1).posterior, 0.75);
    assert.ok(bends(0.5).posterior > 0.75);
  });
  test('without a collection is no rise of a floor', () => {
    const { undecidedRise, trend, basis } = evaluate((hour) => 300 + 60 * [2, 5.5, 9.3].filter((at) => hour >= at).length, {
      id: 'heap_used',
    });
    assert.deepEqual([undecidedRise, basis.statistics.rise], [null, undefined]);
    assert.notEqual(trend, 'settling');
  });
  test('has the floor that it is given, over the whole window', () => {
    const n = 600;
    const t = Float64Array.from({ length: n }, (_, i) => FROM_T + MINUTE_S * i);
    const at = Float64Array.from({ length: 30 }, (_, k) => FROM_T + 3600 + 1000 * k);
    const floor = { t: at, values: at.map((time) => 200 * MB + ((time - FROM_T) / 3600) * 10 * MB) };
    const window = { t, from: 0, to: n, intervalS: MINUTE_S, limit: 4000 * MB, shared };
    const grown = evaluateFloor(
      'heap_used',
      floor,
      t.map((_, i) => (i % 2 === 0 ? 400 * MB : Number.NaN)),
      window,
    );
    assert.deepEqual([grown.trend, grown.basis.statistics.collections, grown.points], ['growing', 30, 300]);
    near(grown.slopeBytesPerHour, 10 * MB, 0.2 * MB);
    near(grown.levelAtStart, 210 * MB, 3 * MB);
    assert.equal(grown.windowSeconds, 599 * MINUTE_S);
    near(grown.levelNow, 300 * MB, 2 * MB);
  });
});

test('a count grows as bytes do', () => {
  const threads = evaluate((hour) => (100 + 10 * hour) / MB, { id: 'threads', noise: 1 / MB });
  assert.equal(threads.trend, 'growing');
  near(threads.slopeBytesPerHour, 10, 0.5);
  assert.equal(threads.windowSeconds < DAY_S, true);
});

describe('a field that rises in bursts', () => {
  const bursts = (hours: number) =>
    evaluate((hour) => 300 + 60 * [1, 3, 5, 7].reduce((sum, at) => sum + Math.min(1, Math.max(0, 5 * (hour - at))), 0), {
      hours,
    });
  test('grows at their mean rate through a pause that is no longer than those before', () => {
    for (const hours of [7.5, 8.5, 9.5]) {
      const { trend, slopeBytesPerHour, basis, undecidedRise } = bursts(hours);
      assert.deepEqual([trend, undecidedRise], ['growing', null], `${hours} hours`);
      assert.equal(basis.statistics.bursts, 4);
      near(slopeBytesPerHour, 30 * MB, 3 * MB);
    }
  });
  test('is no sure growth, since the next burst may not come', () => {
    assert.equal(bursts(9.5).posterior, 0.75);
  });
  test('does not grow by three of them: what is enlarged now and then is so', () => {
    const { trend, basis } = bursts(6.5);
    assert.deepEqual([trend, basis.statistics.bursts], ['settling', 3]);
  });
  test('does not grow any more once it stands for longer', () => {
    assert.notEqual(bursts(10.5).trend, 'growing');
  });
});
