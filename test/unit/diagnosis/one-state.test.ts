import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SteadyState } from '../../../src/diagnosis/steady.ts';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { diagnoseAfter } from '../../../src/diagnosis/verdict.ts';
import type { GrowthCause } from '../../../src/fields.ts';
import type { PartColumns } from '../../../src/history/part-readings.ts';
import type { CauseShare, Evaluation, Trend } from '../../../src/trends/types.ts';
import { HOUR_S, MIB } from '../../../src/units.ts';
import { contradictionsIn } from '../../support/contradictions.ts';
import { causeShare, eta, fieldTrend, ruleContext } from '../../support/rule-context.ts';

/** What the evaluations and the mappings show during some samples, one a second. */
interface Phase {
  readonly seconds: number;
  readonly raw: Evaluation;
  /** MiB a second of each part of anonymous memory. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Of one answer of the detector: whatever it finds, its trend, leak, causes and times agree. */
function evaluation(causes: readonly CauseShare[], known: boolean, idle: Trend, ofFields: Evaluation['fields']): Evaluation {
  const grows = causes.length > 0;
  const leaks = causes.some(({ reclaimable }) => !reclaimable);
  const usage = fieldTrend(grows ? 'growing' : idle, grows ? 4e6 : 0);
  return {
    trend: grows ? 'growing' : idle,
    leak: known && idle !== 'not-enough-data' ? leaks : null,
    confidence: 0.95,
    causes,
    etas: grows ? [eta(leaks ? 'oom-kill' : 'reclaim', 600)] : [],
    needs: null,
    causeBasis: [],
    fields: { ...ofFields, usage: { ...usage, windowSeconds: 60 } },
  };
}

const CAUSES: readonly GrowthCause[] = ['page-cache', 'native', 'heap', 'threads', 'shmem', 'slab', 'metaspace'];
const TRENDS: readonly Trend[] = ['stable', 'growing', 'settling', 'cyclic', 'shrinking'];

const phases: fc.Arbitrary<readonly Phase[]> = fc.array(
  fc.record({
    seconds: fc.integer({ min: 1, max: 25 }),
    raw: fc
      .tuple(
        fc.subarray([...CAUSES], { maxLength: 3 }),
        fc.boolean(),
        fc.constantFrom(...TRENDS.filter((trend) => trend !== 'growing')),
        fc.record({
          anon: fc.constantFrom(...TRENDS),
          heap_used: fc.constantFrom(...TRENDS),
          threads: fc.constantFrom(...TRENDS),
        }),
      )
      .map(([causes, known, idle, trends]) =>
        evaluation(
          causes.map((cause) => causeShare(cause, 4e9)).sort((a, b) => Number(a.reclaimable) - Number(b.reclaimable)),
          known,
          idle,
          {
            anon: fieldTrend(trends.anon, 4e9),
            heap_used: fieldTrend(trends.heap_used, 4e9),
            threads: fieldTrend(trends.threads, 4e3),
          },
        ),
      ),
    parts: fc.record({
      esbuild: fc.constantFrom(0, 8),
      'direct-buffers': fc.constantFrom(0, 3),
      'java-heap': fc.constantFrom(0, 3),
      'code-cache': fc.constantFrom(0, 1),
    }),
  }),
  { minLength: 1, maxLength: 5 },
);

/** The verdicts of a container that goes through these phases, one after the other. */
function verdictsOf(all: readonly Phase[], hasCounters: boolean): Verdict[] {
  const t: number[] = [];
  const bytes = new Map<string, number[]>();
  const verdicts: Verdict[] = [];
  let before: SteadyState | null = null;
  for (const { seconds, raw, parts } of all) {
    for (let second = 0; second < seconds; second++) {
      t.push(HOUR_S + t.length);
      for (const [name, rate] of Object.entries(parts)) {
        const column = bytes.get(name) ?? bytes.set(name, []).get(name)!;
        column.push((column.at(-1) ?? 10 * MIB) + rate * MIB);
      }
      const columns: PartColumns = {
        t: Float64Array.from(t),
        parts: [...bytes].map(([name, column]) => ({
          id: name === 'esbuild' ? 'other-process' : name,
          name,
          process: null,
          bytes: Float64Array.from(column),
        })),
      };
      const context = ruleContext({
        evaluation: raw,
        series: { t: columns.t, parts: columns, limitBytes: 'max' },
        ...(hasCounters ? { jvm: {} } : {}),
      });
      const next = diagnoseAfter(before, { ...context, atMs: t.at(-1)! * 1000 });
      before = next.steady;
      verdicts.push(next.verdict);
    }
  }
  return verdicts;
}

const CACHE_ALONE = evaluation([causeShare('page-cache', 4e9)], true, 'stable', { anon: fieldTrend('growing', 30e9) });

test('a process that the mappings show growing, where the fields show cache alone, leaves open whether it leaks', () => {
  const last = verdictsOf([{ seconds: 20, raw: CACHE_ALONE, parts: { esbuild: 8, 'java-heap': 0 } }], true).at(-1)!;
  assert.match(last.headline, /^esbuild grows .* until the node/);
  assert.deepEqual([last.cause, last.leak], ['process', null]);
});

test('causes that cannot be reclaimed go with the answer that had them', () => {
  const leak = evaluation([causeShare('native', 4e9)], true, 'stable', {});
  const verdicts = verdictsOf(
    [
      { seconds: 5, raw: leak, parts: {} },
      { seconds: 60, raw: { ...CACHE_ALONE, fields: leak.fields }, parts: {} },
    ],
    true,
  );
  assert.deepEqual(
    [...new Set(verdicts.map(({ cause, leak: leaks }) => `${cause} ${leaks}`))],
    ['native true', 'page-cache false'],
  );
});

test('whatever is measured, and whatever was said before: headline, causes, trend and leak are of one state', () => {
  fc.assert(
    fc.property(phases, fc.boolean(), (all, hasCounters) => {
      for (const verdict of verdictsOf(all, hasCounters)) assert.deepEqual(contradictionsIn(verdict), []);
    }),
    { numRuns: 40 },
  );
});
