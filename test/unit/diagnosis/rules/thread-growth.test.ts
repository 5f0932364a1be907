import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadGrowth } from '../../../../src/diagnosis/rules/thread-growth.ts';
import { HOUR_S } from '../../../../src/units.ts';
import { applyRule, causeShare, eta, fieldTrend, type Given } from '../../../support/rule-context.ts';

const growing = (perHour: number | null, over: Given = {}, seconds: number | null = null) =>
  applyRule(threadGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('threads')],
      etas: seconds === null ? [] : [eta('oom-kill', seconds)],
      fields: perHour === null ? {} : { threads: fieldTrend('growing', perHour) },
    },
  });

test('growing threads are named by number, pace and bytes, with the time to the OOM kill', () => {
  const given = {
    values: { threads: 400, kernel_stack: 5000 },
    jvm: { threads: { live: 380, daemon: 1, peak: 380, started: 500 } },
  };
  assert.deepEqual(growing(12.4, given, 40 * HOUR_S), {
    id: 'thread-growth',
    headline:
      'Threads grow by 12 an hour, 400 now; their stacks and kernel memory take 31 MB an hour. OOM kill in 36 to 44 hours.',
    severity: 'warn',
    title: 'Threads are started and never end',
    evidence: { threadsPerHour: 12.4, threads: 400, bytesPerHour: 31e6, kernelStackBytes: 5000, liveJavaThreads: 380 },
    advice:
      'Take a thread dump (`jcmd PID Thread.print`) and look for a name that repeats: an executor or an HTTP client that is created for each request, or a timer that is never cancelled. Bound the pool.',
  });
});

test('from two threads a minute on the pace is per minute', () => {
  assert.match(growing(119)?.headline ?? '', /^Threads grow by 119 an hour;/);
  assert.match(growing(120)?.headline ?? '', /^Threads grow by 2 a minute;/);
});

test('a pace or a number that is not known is left out', () => {
  const found = growing(null);
  assert.equal(found?.headline, 'Threads grow; their stacks and kernel memory take 31 MB an hour.');
  assert.deepEqual(
    [found?.evidence.threadsPerHour, found?.evidence.threads, found?.evidence.liveJavaThreads],
    [null, null, null],
  );
  assert.equal(growing(null, { jvm: {} })?.evidence.liveJavaThreads, null);
});

test('it is critical within a day of the OOM kill', () => {
  assert.equal(growing(12, {}, 24 * HOUR_S)?.severity, 'warn');
  assert.equal(growing(12, {}, 24 * HOUR_S - 1)?.severity, 'critical');
  assert.equal(growing(12)?.severity, 'warn');
});
