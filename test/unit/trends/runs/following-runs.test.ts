import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import { NO_PARTS } from '../../../../src/history/part-readings.ts';
import type { Limit } from '../../../../src/sources/types.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { adjustForEarlierRuns, earlierRuns, type Run } from '../../../../src/trends/runs/earlier-runs.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';

const shared = new SharedWork(PLAIN_ARITHMETIC);

/** Runs of so many samples a minute apart, one after the other, and a value for each by run and minute. */
function layOut(lengths: readonly number[], value: (run: number, minute: number) => number = () => 0) {
  const starts: number[] = [];
  const values: number[] = [];
  lengths.forEach((length, run) => {
    starts.push(values.length);
    for (let minute = 0; minute < length; minute++) values.push(value(run, minute));
  });
  const t = Float64Array.from(values, (_, i) => 60 * i);
  const window = { t, from: starts.at(-1)!, to: t.length, intervalS: 60, limit: null, shared };
  return { t, starts, values: Float64Array.from(values), window };
}

describe('earlier runs', () => {
  interface Given {
    readonly limit?: Limit;
    /** Bytes at the end of each run. */
    readonly atEnd?: ByField<number>;
    /** Samples after the restart at which a kill is recorded. */
    readonly kills?: readonly number[];
  }
  /** The earlier runs that are considered, by their samples, and how each ended. */
  const found = (lengths: readonly number[], { limit = 1000, atEnd = {}, kills = [] }: Given = {}): string[] => {
    const { t, starts, window } = layOut(lengths);
    const fields = new Map(entriesOf(atEnd).map(([id, value]) => [id, t.map(() => value)]));
    const oomKills = starts.slice(1).flatMap((start) => kills.map((after) => start + after));
    const series = { t, fields, intervalS: 60, limitBytes: limit, heapMaxBytes: null, events: [], files: [], parts: NO_PARTS };
    return earlierRuns(series, { t, fields, restarts: [], oomKills, processKills: [] }, starts, window).map(
      ({ window: { from, to }, oomKilled }) => `${from}-${to} ${oomKilled}`,
    );
  };

  test('are those before the newest, oldest first', () => {
    assert.deepEqual(found([50, 60, 40]), ['0-50 no', '50-110 no']);
    assert.deepEqual(found([50]), []);
  });
  test('count from thirty samples on, and where they lasted for nine tenths of the newest', () => {
    assert.deepEqual(found([29, 30, 20]), ['29-59 no']);
    assert.deepEqual(found([90, 91, 92, 101]), ['90-181 no', '181-273 no']);
  });
  test('are the newest four that lasted long enough, however many short ones there are between', () => {
    assert.deepEqual(
      found([50, 51, 52, 53, 54, 5, 5, 5, 5, 5, 40]).map((run) => run.split(' ')[0]),
      ['50-101', '101-153', '153-206', '206-260'],
    );
  });
  test('were killed where a kill is recorded within four minutes of the restart, in a container that held half of its limit', () => {
    const at = (after: number, anon = 600, limit: Limit = 1000) =>
      found([50, 40], { kills: [after], atEnd: { anon }, limit })[0]!.split(' ')[1];
    assert.equal(at(0), 'recorded');
    assert.deepEqual([at(4), at(5), at(-4), at(-5)], ['recorded', 'no', 'recorded', 'no']);
    assert.equal(at(0, 501), 'recorded');
    assert.equal(at(0, 500), 'no', 'the kill of a child');
    assert.equal(at(0, 1, 'max'), 'recorded', 'no limit is known to compare with');
  });
  test('were likely killed where what cannot be reclaimed stood at 95 % of the limit', () => {
    const at = (atEnd: ByField<number>, limit: Limit = 1000) => found([50, 40], { atEnd, limit })[0]!.split(' ')[1];
    assert.equal(at({ anon: 951 }), 'likely');
    assert.equal(at({ anon: 950 }), 'no');
    assert.equal(at({ anon: 900, shmem: 60 }), 'likely');
    assert.equal(at({ anon: 900, shmem: Number.NaN }), 'no');
    assert.equal(at({ file: 999 }), 'no');
    assert.equal(at({ anon: 999 }, 'max'), 'no');
    assert.equal(found([50, 40], { atEnd: { anon: 999 }, kills: [0] })[0], '0-50 recorded');
  });
  test('ended with their own last sample, not with the first of the next run', () => {
    const { t, starts, window } = layOut([50, 40]);
    const anon = t.map((_, i) => (i < 50 ? 990 : 10));
    const fields = new Map([['anon' as const, anon]]);
    const series = { t, fields, intervalS: 60, limitBytes: 1000, heapMaxBytes: null, events: [], files: [], parts: NO_PARTS };
    assert.equal(
      earlierRuns(series, { t, fields, restarts: [], oomKills: [], processKills: [] }, starts, window)[0]!.oomKilled,
      'likely',
    );
  });
});

const LEAK = growingField(120e6, 12e6);
const line = (fromT: number, toT: number) => ({ fromT, toT, level: 1, slopePerSecond: 1 });

interface Past {
  readonly lengths?: readonly number[];
  readonly value?: (run: number, minute: number) => number;
  readonly killed?: Run['oomKilled'] | readonly Run['oomKilled'][];
  readonly fields?: readonly FieldEvaluation[];
  readonly newest?: FieldEvaluation;
}

/** What the newest run, of 100 minutes, is said to be after runs of 200 minutes which all rise by 1 a minute; and how many were evaluated. */
function adjusted({
  lengths = [200, 200, 100],
  value = (_, minute) => minute,
  killed = 'no',
  fields = [],
  newest = LEAK,
}: Past = {}) {
  const { values, starts, window } = layOut(lengths, value);
  let evaluated = 0;
  const runs = starts.slice(0, -1).map((from, k) => ({
    window: { ...window, from, to: starts[k + 1]! },
    oomKilled: typeof killed === 'string' ? killed : killed[k]!,
    evaluate: () => {
      evaluated++;
      return fields[k] ?? (killed === 'no' ? fieldEvaluation() : LEAK);
    },
  }));
  return { ...adjustForEarlierRuns(runs, values, newest, window), evaluated };
}

describe('a newest run that grows', () => {
  test('settles where two runs that rose like it stopped growing', () => {
    const { trend, posterior, basis } = adjusted();
    assert.deepEqual([trend, posterior, basis.statistics.runsThatStopped], ['settling', 0.2, 2]);
    assert.equal(basis.reason, 'it rises as 2 earlier runs did at this age, and those levelled off');
  });
  test('grows on where only one run rose like it, or one of them grew on, was killed or is not known', () => {
    assert.equal(adjusted({ lengths: [200, 100] }).trend, 'growing');
    assert.equal(adjusted({ fields: [fieldEvaluation(), LEAK] }).trend, 'growing');
    assert.equal(adjusted({ fields: [fieldEvaluation(), fieldEvaluation({ trend: 'not-enough-data' })] }).trend, 'growing');
    assert.equal(adjusted({ killed: ['no', 'likely'], fields: [fieldEvaluation(), fieldEvaluation()] }).trend, 'growing');
  });
  test('is not compared with runs that ended before one and a half of its age, unless those were killed', () => {
    assert.equal(adjusted({ lengths: [152, 152, 100] }).trend, 'settling');
    assert.equal(adjusted({ lengths: [149, 149, 100] }).trend, 'growing');
    assert.equal(adjusted({ lengths: [149, 149, 100] }).evaluated, 0);
    assert.equal(adjusted({ lengths: [95, 95, 100], killed: 'recorded', newest: fieldEvaluation() }).trend, 'growing');
    assert.equal(adjusted({ lengths: [85, 85, 100], killed: 'recorded', newest: fieldEvaluation() }).trend, 'stable');
  });
});

test('a newest run that stands still is left as it is by runs that stopped', () => {
  const newest = fieldEvaluation();
  const { evaluated, ...same } = adjusted({ newest });
  assert.deepEqual(same, newest);
  assert.equal(evaluated, 2);
});

describe('a run follows an earlier one', () => {
  /** Whether a newest run with this course follows two that rise from 100 by 1 a minute. */
  const follows = (course: (minute: number) => number, before: (minute: number) => number = (minute) => 100 + minute): boolean =>
    adjusted({ value: (run, minute) => (run === 2 ? course(minute) : before(minute)) }).evaluated === 2;
  test('where it stands within a fifth of what that one moved', () => {
    for (const [apart, near] of [
      [0, true],
      [30, true],
      [-30, true],
      [45, false],
      [-45, false],
    ] as const)
      assert.equal(
        follows((minute) => 100 + apart + minute),
        near,
        `${apart} apart`,
      );
  });
  test('where it rose by half to twice as much meanwhile', () => {
    for (const [pace, near] of [
      [0.6, true],
      [0.4, false],
      [1.5, true],
      [2.2, false],
      [-1, false],
    ] as const)
      assert.equal(
        follows((minute) => 162.5 + pace * (minute - 62.5)),
        near,
        `at ${pace} of the pace`,
      );
  });
  test('whatever it did in the first third of its age', () => {
    assert.equal(
      follows((minute) => (minute < 18 ? 0 : 100 + minute)),
      true,
    );
    assert.equal(
      follows((minute) => (minute > 50 && minute < 80 ? 0 : 100 + minute)),
      false,
    );
  });
  test('also where its values have gaps, as long as half of its ages have one', () => {
    assert.equal(
      follows((minute) => (minute % 3 === 0 ? 100 + minute : Number.NaN)),
      true,
    );
    assert.equal(
      follows((minute) => (minute < 55 ? Number.NaN : 100 + minute)),
      true,
    );
    assert.equal(
      follows((minute) => (minute < 85 ? Number.NaN : 100 + minute)),
      false,
    );
  });
  test('not where it has come apart at its end', () => {
    assert.equal(
      follows((minute) => 100 + minute + (minute > 84 ? 60 : 0)),
      false,
    );
  });
});

describe('a newest run after runs that grew until they were killed', () => {
  const newest = fieldEvaluation({ p: 0.4, saturating: true, levelNow: 500e6 });
  test('grows with their slope, as surely as 0.95 where each kill is recorded and 0.75 where they are likely', () => {
    const answer = adjusted({ killed: 'recorded', newest });
    assert.deepEqual(
      [answer.trend, answer.posterior, answer.saturating, answer.dailyLoadExcluded],
      ['growing', 0.95, false, true],
    );
    assert.ok(Math.abs(answer.p! - 0.05) < 1e-9);
    assert.ok(Math.abs(answer.slopeBytesPerHour! - 120e6) < 1);
    assert.equal(answer.basis.statistics.runsThatLeaked, 2);
    assert.equal(answer.basis.reason, 'it follows 2 earlier runs that grew until they were killed');
    assert.equal(answer.basis.line, null);
    const likely = adjusted({ killed: ['recorded', 'likely'], newest, fields: [LEAK, LEAK] });
    assert.deepEqual([likely.trend, likely.posterior, likely.dailyLoadExcluded], ['growing', 0.75, false]);
  });
  test('grows also where they are said to settle, but rose until their end', () => {
    const settling = fieldEvaluation({ trend: 'settling', slopeBytesPerHour: 100e6, low: 50e6, high: 150e6 });
    const after = (value: (minute: number) => number, field = settling, killed: Run['oomKilled'] = 'recorded') =>
      adjusted({ killed, newest, fields: [field, field], value: (_, minute) => value(minute) }).trend;
    const stopped = (minute: number) => Math.min(minute, 125);
    assert.equal(
      after((minute) => minute),
      'growing',
    );
    assert.equal(after(stopped), 'stable');
    assert.equal(
      after((minute) => Math.max(minute, 3 * minute - 220)),
      'stable',
      'what came later does not show yet',
    );
    assert.equal(
      after((minute) => minute, settling, 'no'),
      'stable',
    );
    assert.equal(
      after((minute) => minute, { ...settling, slopeBytesPerHour: 0 }),
      'stable',
      'no slope is known',
    );
  });
  test('keeps what it knows better by itself', () => {
    const sure = adjusted({ killed: 'likely', newest: growingField(120e6, 12e6, { posterior: 0.99, p: 0.001 }) });
    assert.deepEqual([sure.posterior, sure.p], [0.99, 0.001]);
    assert.ok(Math.abs(adjusted({ killed: 'recorded', newest: { ...newest, p: null } }).p! - 0.05) < 1e-9);
  });
  test('has its line turned about its level now', () => {
    const basis = { ...newest.basis, line: line(1000, 4600) };
    const turned = adjusted({ killed: 'recorded', newest: { ...newest, basis } }).basis.line!;
    assert.deepEqual([turned.fromT, turned.toT], [1000, 4600]);
    assert.ok(Math.abs(turned.slopePerSecond - 120e6 / 3600) < 1e-3);
    assert.ok(Math.abs(turned.level - 380e6) < 1);
  });
  test('is left as it is where fewer than two, or half of those like it, leaked, or where its level is not known', () => {
    const three = (...killed: Run['oomKilled'][]) =>
      adjusted({ lengths: [...killed.map(() => 200), 100], killed, newest, fields: killed.map(() => LEAK) }).trend;
    assert.equal(three('recorded', 'recorded', 'no'), 'growing');
    assert.equal(three('recorded', 'no', 'no'), 'stable');
    assert.equal(three('recorded', 'recorded', 'no', 'no'), 'stable');
    assert.equal(adjusted({ killed: 'recorded', newest, fields: [LEAK, fieldEvaluation()] }).trend, 'stable');
    assert.equal(adjusted({ killed: 'recorded', newest: { ...newest, levelNow: Number.NaN } }).trend, 'stable');
  });
  test('is left as it is where their growth began later than half of its age', () => {
    // The earlier runs begin at 0 s and at 12,000 s; the newest is 5,940 s old.
    const from = (afterS: number) =>
      [0, 12_000].map((began) =>
        growingField(120e6, 12e6, { basis: { ...LEAK.basis, line: line(began + afterS, began + 12_000) } }),
      );
    const value = (_: number, minute: number) => Math.max(minute, 3 * minute - 220);
    assert.equal(adjusted({ killed: 'recorded', newest, value, fields: from(2900) }).trend, 'growing');
    assert.equal(adjusted({ killed: 'recorded', newest, value, fields: from(3000) }).trend, 'stable');
    assert.equal(adjusted({ killed: 'recorded', newest, fields: from(3000) }).trend, 'growing', 'though they rose all along');
  });
});

describe('the slope of a run that follows others', () => {
  const answered = (fields: readonly FieldEvaluation[], newest = fieldEvaluation()) => {
    const answer = adjusted({ lengths: [...fields.map(() => 200), 100], killed: 'recorded', fields, newest });
    return [answer.low!, answer.slopeBytesPerHour!, answer.high!].map((value) => Math.round(value * 100) / 100);
  };
  const both = [growingField(100, 10), growingField(100, 10)];
  test('is their weighted mean where its own is not known, and may differ from it by a tenth and more', () => {
    assert.deepEqual(answered([growingField(100, 10), growingField(104, 20)]), [73.3, 101.43, 129.55]);
    assert.deepEqual(answered([growingField(1000, 0), growingField(1000, 0)]), [739.9, 1000, 1260.1]);
  });
  test('is its own where that is exact, however exact theirs are', () => {
    const [low, slope, high] = answered(both, growingField(130, 2));
    assert.ok(low! > 127 && slope! > 129 && high! < 132, `${low} to ${high}`);
  });
  test('is between its own and theirs where neither is exact, and more exact than both', () => {
    const [low, slope, high] = answered(both, growingField(120, 20));
    const [lowOfTheirs, , highOfTheirs] = answered(both);
    assert.ok(slope! > 105 && slope! < 119, String(slope));
    assert.ok(high! - low! < 40 && high! - low! < highOfTheirs! - lowOfTheirs!, `${low} to ${high}`);
  });
  test('counts its own also where that is not enough to say that it grows', () => {
    const unsure = fieldEvaluation({ trend: 'stable', slopeBytesPerHour: 130, low: 120, high: 140 });
    assert.ok(answered(both, unsure)[1]! > 125);
  });
  test('has a wide interval where they differ by more than their errors', () => {
    const [low, slope, high] = answered([growingField(100, 1), growingField(200, 10)]);
    assert.ok(Math.abs(slope! - 150) < 1, String(slope));
    assert.ok(low! < 60 && high! > 240, `${low} to ${high}`);
  });
});
