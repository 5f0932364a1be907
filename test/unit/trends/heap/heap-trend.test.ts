import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import type { Limit } from '../../../../src/sources/types.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { evaluateHeap } from '../../../../src/trends/heap/heap-trend.ts';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { MINUTE_S } from '../../../../src/units.ts';
import { Random } from '../../../../synthetic/random.ts';

const MB = 1e6;
const shared = new SharedWork(new CompiledArithmetic());

interface Given {
  /** Minutes at which the old generation is collected, and the MB that are left then. */
  readonly collections?: readonly (readonly [number, number])[];
  /** MB of promotion a minute between collections. */
  readonly promoted?: number;
  readonly heapMax?: Limit;
  readonly minutes?: number;
  readonly without?: readonly string[];
  /** Young collections up to a minute, instead of one in each. */
  readonly countOf?: (minute: number) => number;
  /** MB of young objects at a minute, instead of about 100 at all times. */
  readonly young?: (minute: number) => number;
}

/** The trend of a heap over four hours, a sample a minute: an old generation of 300 MB at first, and 100 MB of young objects with noise. */
function heap({ collections = [], promoted = 0.5, heapMax = 4000 * MB, minutes = 240, without = [], young, countOf }: Given) {
  const random = new Random(11);
  const t = Float64Array.from({ length: minutes }, (_, i) => 1e6 + MINUTE_S * i);
  const last = (minute: number) => collections.findLast(([at]) => at <= minute) ?? [0, 300];
  const old = t.map((_, i) => (last(i)[1] + promoted * (i - last(i)[0])) * MB);
  const columns: ByField<Float64Array> = {
    heap_used: old.map((value, i) => value + (young?.(i) ?? 100 + random.normal()) * MB),
    old_used: old,
    gc_count: t.map((_, i) => countOf?.(i) ?? i),
    full_gc_count: t.map((_, i) => collections.filter(([at]) => at <= i).length),
  };
  const fields = new Map(entriesOf(columns).filter(([id]) => !without.includes(id)));
  const window = { t, from: 0, to: minutes, intervalS: MINUTE_S, limit: 8000 * MB, shared };
  return evaluateHeap({ t, fields, restarts: [], oomKills: [], processKills: [] }, columns.heap_used!, window, heapMax);
}
const near = (found: number | null, expected: number, within = 0.01) =>
  assert.ok(found !== null && Math.abs(found - expected) <= within * Math.abs(expected), `${found}, expected ${expected}`);

describe('a heap that rises', () => {
  test('grows where there are no figures of its collections', () => {
    assert.equal(heap({ without: ['full_gc_count', 'gc_count'] }).trend, 'growing');
  });
  test('is not known to grow before its old generation was collected, though its slope is known', () => {
    const { trend, basis, slopeBytesPerHour } = heap({});
    assert.equal(trend, 'stable');
    assert.match(basis.reason, /^the old generation has hardly been collected yet/);
    near(slopeBytesPerHour, 30 * MB, 0.05);
  });
  test('is no evidence of growth before its old generation was collected, though it rises evenly since its young one was', () => {
    const { trend, overruled, basis } = heap({ promoted: 0, young: (minute) => (minute < 20 ? 60 : 0) + minute });
    assert.deepEqual([trend, overruled, basis.statistics.significant], ['cyclic', true, 1]);
  });
  test('may leak where most of what it allocates survives its young collections, and is a healthy one where little does', () => {
    const young = (minute: number): number => 10 + 9 * (minute % 10);
    const collected = (promoted: number) => heap({ promoted, minutes: 60, young, countOf: (minute) => Math.floor(minute / 10) });
    const leaks = collected(8);
    assert.deepEqual([leaks.trend === 'growing', leaks.liveSetUnknown], [false, true]);
    near(leaks.basis.statistics.survivedBytes ?? null, 8 * 59 * MB);
    assert.ok((leaks.basis.statistics.survivedShare ?? 0) > 0.9);
    assert.equal(collected(1).liveSetUnknown, undefined);
    assert.equal(collected(1).basis.statistics.survivedBytes, undefined);
  });
  test('is not known to grow where its collector does not report what is left', () => {
    const { trend, basis, liveSetUnknown } = heap({ without: ['full_gc_count'] });
    assert.deepEqual([trend, liveSetUnknown], ['stable', true]);
    assert.match(basis.reason, /^this collector does not report/);
  });
  test('is not known to hold its level either where it is nearly full, and is where there is room', () => {
    const full = (heapMax: number) => heap({ without: ['full_gc_count'], promoted: 0, heapMax }).liveSetUnknown;
    assert.deepEqual([full(420 * MB), full(4000 * MB)], [true, undefined]);
  });
  test('does not grow where its collections are those of its start', () => {
    const { trend, basis } = heap({
      collections: [
        [5, 300],
        [15, 300],
      ],
    });
    assert.equal(trend, 'stable');
    assert.equal(basis.reason, 'what the old generation keeps after its collections does not rise');
  });
  test('is too short to be known', () => assert.equal(heap({ minutes: 5 }).trend, 'not-enough-data'));
});

describe('a heap that stands still', () => {
  test('is evaluated as any field, whatever is known of its collections', () => {
    for (const given of [
      {},
      { without: ['full_gc_count'] },
      {
        collections: [
          [60, 300],
          [120, 300],
        ] as const,
      },
    ]) {
      const { trend, basis } = heap({ ...given, promoted: 0 });
      assert.deepEqual([trend, basis.reason], ['stable', 'it did not move enough to matter'], JSON.stringify(given));
    }
  });
});

describe('two collections', () => {
  test('show growth where the second leaves more by three tenths of it, and wake nobody', () => {
    const grown = heap({
      collections: [
        [80, 300],
        [200, 440],
      ],
    });
    assert.deepEqual([grown.trend, grown.posterior, grown.p, grown.levelNow], ['growing', 0.75, 0.25, 440 * MB]);
    near(grown.slopeBytesPerHour, 70 * MB);
    near(grown.low, 35 * MB);
    near(grown.high, 105 * MB);
    assert.equal(grown.basis.statistics.fullCollections, 2);
    assert.equal(grown.basis.reason, 'what the old generation keeps after its 2 collections rises');
    assert.notEqual(
      heap({
        collections: [
          [80, 300],
          [200, 420],
        ],
        promoted: 0,
      }).trend,
      'growing',
    );
  });
  test('are sure where -Xmx is met within a quarter of an hour', () => {
    const posterior = (heapMax: Limit) =>
      heap({
        collections: [
          [80, 300],
          [200, 440],
        ],
        heapMax,
      }).posterior;
    // 17.5 MB in fifteen minutes.
    assert.deepEqual([posterior(457 * MB), posterior(458 * MB), posterior('max')], [0.95, 0.75, 0.75]);
  });
  test('do not count where one of them was in the first tenth of the time', () => {
    assert.equal(
      heap({
        collections: [
          [23, 300],
          [200, 600],
        ],
      }).basis.statistics.fullCollections,
      undefined,
    );
    assert.equal(
      heap({
        collections: [
          [24, 300],
          [200, 600],
        ],
      }).basis.statistics.fullCollections,
      2,
    );
  });
  test('do not show growth that does not matter in practice', () => {
    assert.equal(
      heap({
        collections: [
          [80, 0.5],
          [200, 1],
        ],
        promoted: 0.001,
      }).basis.statistics.fullCollections,
      undefined,
    );
  });
});

describe('three to seven collections', () => {
  test('show growth where their line is beyond the 0.99 quantile of Student, with its interval', () => {
    const { trend, posterior, p, slopeBytesPerHour, low, high, levelNow, basis } = heap({
      collections: [
        [60, 300],
        [100, 321],
        [140, 339],
        [180, 360],
      ],
    });
    assert.deepEqual([trend, posterior, basis.statistics.fullCollections], ['growing', 0.95, 4]);
    near(p, 0.05);
    // By hand: the line through 300, 321, 339, 360 each two thirds of an hour: 29.7 MB an hour, with a standard error of 0.6364; the 0.95 quantile of Student for two degrees is 2.92.
    near(slopeBytesPerHour, 29.7 * MB);
    near(high! - low!, 2 * 2.92 * 0.6364 * MB);
    near(levelNow, 359.7 * MB, 1e-4);
  });
  test('do not where they scatter, or rise by less than a fiftieth', () => {
    assert.notEqual(
      heap({
        collections: [
          [60, 300],
          [120, 340],
          [180, 345],
        ],
        promoted: 0,
      }).basis.statistics.fullCollections,
      3,
    );
    assert.equal(
      heap({
        collections: [
          [60, 300],
          [120, 320],
          [180, 340.1],
        ],
      }).basis.statistics.fullCollections,
      3,
    );
    assert.equal(
      heap({
        collections: [
          [60, 3000],
          [120, 3025],
          [180, 3050.1],
        ],
      }).basis.statistics.fullCollections,
      undefined,
    );
  });
  const ofLast = (...collections: readonly (readonly [number, number])[]) =>
    heap({ collections, promoted: 3 }).basis.statistics.fullCollections;
  test('show growth that begins late, by the last of them', () => {
    const late = heap({
      collections: [
        [40, 300],
        [150, 301],
        [170, 400],
        [190, 502],
        [210, 598],
      ],
    });
    assert.deepEqual([late.trend, late.posterior, late.basis.statistics.fullCollections], ['growing', 0.95, 4]);
    near(late.slopeBytesPerHour, 298.5 * MB, 0.05);
    assert.equal(ofLast([40, 300], [150, 301], [170, 330], [190, 361], [210, 390]), undefined, 'by less than three tenths');
  });
  test('are believed as two are if the third goes on as the first two began', () => {
    assert.equal(ofLast([40, 300], [100, 300], [120, 301], [150, 420], [170, 480]), 3, 'the last three, at 4 and 3 MB a minute');
    assert.equal(ofLast([40, 300], [100, 300], [120, 301], [150, 440], [170, 480]), undefined, 'at 4.6 and 2 MB a minute');
    assert.equal(ofLast([40, 300], [100, 300], [120, 480], [150, 440], [170, 480]), undefined, 'it fell in between');
  });
  test('show no growth where the heap then holds less than the live set would if it went on', () => {
    const given = {
      collections: [
        [60, 100],
        [90, 190],
        [120, 280],
      ],
      young: () => 20,
    } as const;
    const full = heap({ ...given, promoted: 0.1 });
    assert.deepEqual([full.trend, full.overruled], ['stable', true]);
    assert.equal(full.basis.reason, 'the heap holds less than it would if the rise of its 3 collections went on');
    assert.equal(heap({ ...given, promoted: 3 }).trend, 'growing');
    assert.equal(heap({ ...given, promoted: 0.1, minutes: 138 }).trend, 'growing', 'the rise since is too small');
    assert.equal(
      heap({ ...given, promoted: 0.1, without: ['gc_count'] }).trend,
      'growing',
      'when the figures were renewed is not known',
    );
  });
  test('may be seven', () => {
    const collections = Array.from({ length: 7 }, (_, k) => [40 + 25 * k, 300 + 20 * k + (k % 2)] as const);
    const { trend, basis } = heap({ collections });
    assert.deepEqual([trend, basis.statistics.fullCollections], ['growing', 7]);
    assert.equal(basis.reason, 'what the old generation keeps after its 7 collections rises');
  });
});

test('from eight collections on what they leave is evaluated as any field is', () => {
  const floor = (rise: number) =>
    heap({ collections: Array.from({ length: 22 }, (_, k) => [10 + 10 * k, 300 + rise * k] as const), promoted: 8 });
  const grown = floor(10);
  assert.deepEqual([grown.trend, grown.basis.statistics.fullCollections, grown.points], ['growing', 22, 240]);
  assert.match(grown.basis.reason, /^it rises with a probability of .*, by what the old generation keeps after its collections$/);
  near(grown.slopeBytesPerHour, 60 * MB, 0.05);
  assert.equal(floor(0).trend, 'stable');
});
