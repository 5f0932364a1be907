import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeGrowth } from '../../../src/diagnosis/rules/native-growth.ts';
import { Steady } from '../../../src/diagnosis/steady.ts';
import { withWaitingBuffers } from '../../../src/diagnosis/waiting-buffers.ts';
import type { CauseBasis } from '../../../src/trends/types.ts';
import { HOUR_S, MIB } from '../../../src/units.ts';
import { applyRule, causeShare, fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const DIRECT = 'direct buffers, large malloc or mmap';

interface Buffers {
  /** What the JVM has counted of its collections, a minute ago and now. */
  readonly collections?: readonly [number, number];
  readonly flags?: readonly string[];
  readonly over?: Partial<NonNullable<Given['evaluation']>>;
  readonly seconds?: number;
}

/** Direct buffers that grew by 100 MiB in a minute, in a container of 1 GiB with a heap of 300 MiB. */
const given = ({ collections: [before, now] = [3, 3], flags = [], over = {}, seconds = 60 }: Buffers): Given => ({
  jvm: { flags: [...flags] },
  series: {
    limitBytes: 1024 * MIB,
    heapMaxBytes: 300 * MIB,
    t: Float64Array.of(0, seconds),
    fields: new Map([
      ['anon', Float64Array.of(200 * MIB, 300 * MIB)],
      ['gc_count', Float64Array.of(before, now)],
    ] as const),
  },
  anonGrowth: {
    fromS: 0,
    toS: seconds,
    readings: 6,
    grewBytes: 100 * MIB,
    parts: [{ id: 'direct-buffers', name: DIRECT, process: null, bytes: 200 * MIB, grewBytes: 100 * MIB, bytesPerHour: 6e9 }],
  },
  evaluation: {
    trend: 'growing',
    leak: true,
    confidence: 0.99,
    causes: [causeShare('native', 6e9, { what: DIRECT })],
    causeBasis: [{ cause: 'native', trends: [], posterior: 0.99, cappedBy: null, confidence: 0.99 }],
    fields: { usage: fieldTrend('growing', 6e9) },
    ...over,
  },
});
const leakOf = (buffers: Buffers): boolean | null => withWaitingBuffers(ruleContext(given(buffers))).leak;

test('direct buffers are no leak yet before a collection that comes where they end, and the headline says so', () => {
  const context = ruleContext(given({}));
  const evaluation = withWaitingBuffers(context);
  assert.deepEqual([evaluation.leak, evaluation.confidence], [null, 0.75]);
  assert.match(
    applyRule(nativeGrowth, { ...given({}), evaluation })?.headline ?? '',
    /native memory that may wait for a collection\. Direct buffers end at 300 MiB .* there the JVM collects/,
  );
});

test('direct buffers are a leak after the first collection that did not free them, at once', () => {
  assert.equal(leakOf({ collections: [3, 4] }), true);
  const first = ruleContext(given({}));
  withWaitingBuffers(first);
  const next = {
    ...ruleContext(given({ collections: [3, 4] })),
    steady: new Steady(first.steady.after, first.steady.atS + 1, HOUR_S),
  };
  assert.equal(withWaitingBuffers(next).leak, true);
});

test('direct buffers are a leak where no collection comes before the limit, after an hour, or beside another leak', () => {
  assert.equal(leakOf({ flags: ['-XX:MaxDirectMemorySize=1g'] }), true, 'the limit has no room for them');
  assert.equal(leakOf({ flags: ['-XX:+DisableExplicitGC'] }), true);
  assert.equal(leakOf({ seconds: 2 * HOUR_S }), true);
  assert.equal(leakOf({ over: { causes: [causeShare('native', 6e9, { what: DIRECT }), causeShare('heap')] } }), true);
  assert.equal(leakOf({ over: { causes: [causeShare('native', 6e9, { what: 'malloc arenas' })] } }), true);
});

test('direct buffers that are open for another reason are said to wait as well, so that the headline stays', () => {
  const capped = (cappedBy: CauseBasis['cappedBy']) =>
    withWaitingBuffers(
      ruleContext(
        given({
          over: { leak: null, causeBasis: [{ cause: 'native', trends: [], posterior: 0.99, cappedBy, confidence: 0.75 }] },
        }),
      ),
    ).causeBasis[0]?.cappedBy;
  assert.deepEqual([capped('daily-load'), capped('heap-expansion')], ['collection', 'heap-expansion']);
});

test('what is no leak stays none', () => {
  assert.equal(leakOf({ over: { leak: false } }), false);
});
