import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SteadyState } from '../../../src/diagnosis/steady.ts';
import { diagnose, diagnoseAfter } from '../../../src/diagnosis/verdict.ts';
import type { Evaluation } from '../../../src/trends/types.ts';
import { HOUR_S } from '../../../src/units.ts';
import { causeShare, fieldTrend, fileRow, filesThatGrow, ruleContext } from '../../support/rule-context.ts';

const verdictOf = (evaluation: Partial<Evaluation>) => {
  const context = ruleContext({ jvm: {}, evaluation: { trend: 'growing', leak: null, confidence: 0.75, ...evaluation } });
  return diagnose({ ...context, ...filesThatGrow([fileRow()]) });
};

/** A log, and memory outside the heap. */
const beside = (logPerHour: number, nativePerHour: number, leak: boolean | null) =>
  verdictOf({
    leak,
    causes: [causeShare('native', nativePerHour), causeShare('page-cache', logPerHour)],
    fields: {
      usage: fieldTrend('growing', logPerHour + nativePerHour),
      anon: fieldTrend('growing', nativePerHour),
      file: fieldTrend('growing', logPerHour),
    },
  });

test('a log that grows ten times as fast as what may be the start of a JVM leads; a leak leads however slow it is', () => {
  const open = beside(10e6, 1e6, null);
  assert.deepEqual([open.cause, open.causes[1]?.cause], ['page-cache', 'native']);
  assert.match(
    open.headline,
    /^Memory used grows .*page cache of \/tmp\/spring\.log .*Memory outside the Java heap grows 24 MB a day beside it, and whether that is a leak is not known yet\./,
  );
  assert.equal(beside(10e6, 1e6, true).cause, 'native');
});

test('open growth that is as fast as the log leads', () => {
  assert.equal(beside(10e6, 9e6, null).cause, 'native');
});

test('direct buffers that grow by more than a JVM takes at its start lead from the first verdict on, since they will be a leak if they go on', () => {
  const t = Float64Array.from({ length: 21 }, (_, second) => 1000 + second);
  const ofParts = (mbPerSecond: number) => {
    const context = ruleContext({
      jvm: {},
      evaluation: {
        trend: 'growing',
        leak: null,
        causes: [causeShare('page-cache', 5e6 * HOUR_S), causeShare('native', 2e6 * HOUR_S)],
        fields: {
          anon: { ...fieldTrend('growing', 2e6 * HOUR_S), windowSeconds: 20 },
          file: fieldTrend('growing', 5e6 * HOUR_S),
        },
      },
    });
    const grew = (id: string, name: string, perSecond: number) => ({
      ...{ id, name, process: null },
      bytes: t.map((_, second) => 10e6 + second * perSecond),
    });
    const parts = [grew('direct-buffers', 'direct buffers', mbPerSecond * 1e6), grew('code-cache', 'code cache', 0.1e6)];
    const series = { ...context.series, t, parts: { t, parts } };
    return diagnose({ ...context, series, ...filesThatGrow([fileRow()]) }).cause;
  };
  assert.deepEqual([ofParts(2), ofParts(1)], ['native', 'page-cache']);
});

test('a heap that fills beside a log is a cause with its own rate, so that the causes add up', () => {
  const { cause, causes, headline, findings } = verdictOf({
    causes: [causeShare('page-cache', 6e6)],
    fields: {
      usage: fieldTrend('growing', 8e6),
      anon: fieldTrend('growing', 2e6),
      file: fieldTrend('growing', 6e6),
      heap_used: fieldTrend('cyclic', 2e6),
    },
  });
  assert.equal(cause, 'page-cache');
  assert.deepEqual(causes[1], { cause: 'heap', bytesPerHour: 2e6, reclaimable: false, what: 'filling' });
  assert.match(headline, /The Java heap fills beside it, 48 MB a day: whether that is a leak is known after/);
  const finding = findings.find(({ rule }) => rule === 'heap-floor');
  assert.equal(finding?.title, 'The Java heap fills, and what a collection leaves of it is not known yet');
  assert.equal(finding?.severity, 'info');
});

test('a heap that touches new pages beside memory that leaks is a cause, by its mappings, so that the causes add up', () => {
  const t = Float64Array.from({ length: 21 }, (_, second) => 1000 + second);
  const causesWith = (heapPerSecond: number) => {
    const context = ruleContext({
      jvm: {},
      evaluation: {
        trend: 'growing',
        leak: true,
        causes: [causeShare('shmem', 2e6 * HOUR_S)],
        fields: {
          usage: { ...fieldTrend('growing', 5e6 * HOUR_S), windowSeconds: 20 },
          anon: { ...fieldTrend('growing', 3e6 * HOUR_S), windowSeconds: 20 },
          heap_used: fieldTrend('cyclic', 3e6 * HOUR_S),
        },
      },
    });
    const heap = { id: 'java-heap', name: 'Java heap', process: null, bytes: t.map((_, second) => 1e7 + second * heapPerSecond) };
    return diagnose({ ...context, series: { ...context.series, t, parts: { t, parts: [heap] } } }).causes;
  };
  const [leak, heap] = causesWith(3e6);
  assert.equal(leak?.cause, 'shmem');
  assert.deepEqual([heap?.cause, heap?.what, Math.round(heap!.bytesPerHour / HOUR_S)], ['heap', 'filling', 3e6]);
  assert.equal(causesWith(0).length, 1, 'its pages were touched before');
});

test('a heap that fills beside a log has at most what the log leaves of all growth, and stays where one evaluation does not see it', () => {
  let state: SteadyState | null = null;
  const said = [5e6, 0, 5e6].map((anonPerHour, second) => {
    const given = ruleContext({
      jvm: {},
      evaluation: {
        trend: 'growing',
        leak: null,
        causes: [causeShare('page-cache', 6e6)],
        fields: {
          usage: { ...fieldTrend('growing', 8e6), windowSeconds: 60 },
          anon: fieldTrend('growing', anonPerHour),
          heap_used: fieldTrend('cyclic', anonPerHour),
        },
      },
    });
    const { verdict, steady } = diagnoseAfter(state, { ...given, atMs: second * 1000 });
    state = steady;
    return verdict;
  });
  assert.deepEqual(
    said.map(({ causes }) => causes[1]?.bytesPerHour),
    [2e6, 2e6, 2e6],
  );
  for (const { headline } of said) assert.match(headline, /The Java heap fills beside it, 48 MB a day: whether/);
});

test('a heap beside a log of which nobody counts what a collection leaves is not said to tell it at the next one', () => {
  const context = ruleContext({
    jvm: {},
    evaluation: {
      trend: 'growing',
      leak: null,
      confidence: 0.75,
      causes: [causeShare('heap', 1e6), causeShare('page-cache', 10e6)],
      fields: { usage: fieldTrend('growing', 11e6), anon: fieldTrend('growing', 1e6), file: fieldTrend('growing', 10e6) },
    },
  });
  assert.match(
    diagnose({ ...context, ...filesThatGrow([fileRow()]) }).headline,
    /\. The Java heap grows 24 MB a day beside it, and whether that is a leak is not known yet\./,
  );
});

test('which comes first is right from the first evaluation that finds both, and does not change', () => {
  let state: SteadyState | null = null;
  const first = [0, 1, 2, 30].map((second) => {
    const causes = second === 0 ? [] : [causeShare('metaspace', 1e6), causeShare('page-cache', 8e6)];
    const given = ruleContext({
      jvm: {},
      evaluation: {
        trend: second === 0 ? 'not-enough-data' : 'growing',
        leak: null,
        confidence: 0.75,
        causes,
        fields: { usage: { ...fieldTrend('growing', 9e6), windowSeconds: 60 }, file: fieldTrend('growing', 8e6) },
      },
    });
    const { verdict, steady } = diagnoseAfter(state, { ...given, ...filesThatGrow([fileRow()]), atMs: second * 1000 });
    state = steady;
    return verdict.cause;
  });
  assert.deepEqual(first, ['none', 'page-cache', 'page-cache', 'page-cache']);
});
