import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Culprit } from '../../../src/culprit/types.ts';
import { CulpritOnAlarm } from '../../../src/daemon/culprit-on-alarm.ts';
import { CulpritRuns } from '../../../src/daemon/culprit-runs.ts';
import { diagnose } from '../../../src/diagnosis/verdict.ts';
import { withCulprit } from '../../../src/diagnosis/with-culprit.ts';
import { GIB, MIB } from '../../../src/units.ts';
import { causeShare, ruleContext } from '../../support/rule-context.ts';

const growth = { name: 'pool-N', before: 10, after: 90, share: 0.9, sizes: [10, 50, 90], more: {} };
const NAMED: Culprit = {
  state: 'named',
  cause: 'threads',
  culprit: growth,
  stand: null,
  parent: null,
  keepers: null,
  retention: null,
  native: null,
  usedBy: null,
  grown: [growth],
};

const alarm = diagnose({
  ...ruleContext({
    values: { usage: 500 * MIB, anon: 400 * MIB, threads: 90 },
    evaluation: { trend: 'growing', leak: true, causes: [causeShare('threads', 5e6, { reclaimable: false })] },
    jvm: {},
  }),
});
const runs = () => new CulpritRuns(async () => NAMED);

test('a JVM is asked about the cause of an alarm, once', async () => {
  const onAlarm = new CulpritOnAlarm();
  const culprits = runs();
  const consider = () => onAlarm.consider({ verdict: alarm, culprits, heapBytes: GIB }, false);
  assert.equal(consider(), 'threads');
  await culprits.ended;
  assert.equal(consider(), null);
});

test('a JVM is not asked without an alarm, about another cause, or while another is asked', () => {
  const ask = (verdict: typeof alarm, isBusy = false) =>
    new CulpritOnAlarm().consider({ verdict, culprits: runs(), heapBytes: GIB }, isBusy);
  assert.equal(ask({ ...alarm, leak: null }), null);
  assert.equal(ask({ ...alarm, leak: false }), null);
  assert.equal(ask({ ...alarm, cause: 'page-cache' }), null);
  assert.equal(ask(alarm, true), null);
});

test('a heap of more than 4 GiB, or of unknown size, is not collected without a request; its threads are listed', () => {
  const ask = (cause: 'heap' | 'threads', heapBytes: number | null) =>
    new CulpritOnAlarm().consider({ verdict: { ...alarm, cause }, culprits: runs(), heapBytes }, false);
  assert.equal(ask('heap', 4 * GIB), 'heap');
  assert.equal(ask('heap', 4 * GIB + 1), null);
  assert.equal(ask('heap', null), null);
  assert.equal(ask('threads', null), 'threads');
});

test('the finding of the headline has what was named, with the time, and its advice is what to do about it, no longer how to find it', async () => {
  const culprits = runs();
  culprits.start('threads', 1);
  await culprits.ended;
  const { findings, headlineRule } = withCulprit(alarm, culprits.run);
  const finding = findings.find(({ rule }) => rule === headlineRule);
  assert.equal(finding?.culprit?.culprit?.name, 'pool-N');
  assert.match(
    finding.advice,
    /^The JVM was asked what grows: pool-N grew from 10 threads to 90 threads, 90 % of what grew\. Look at what starts them/,
  );
  assert.doesNotMatch(finding.advice, /thread dump/);
  assert.equal(findings.filter(({ culprit }) => culprit !== undefined).length, 1);
});

test('a verdict of another cause, or an answer that names nothing, changes nothing', async () => {
  const culprits = runs();
  assert.equal(withCulprit(alarm, culprits.run), alarm);
  culprits.start('threads', 1);
  await culprits.ended;
  const other = { ...alarm, cause: 'heap' as const };
  assert.equal(withCulprit(other, culprits.run), other);
  assert.equal(
    withCulprit(alarm, {
      ...culprits.run,
      culprit: { state: 'unknown', cause: 'threads', because: 'no-growth', native: null, grown: [] },
    } as never),
    alarm,
  );
});

test('what was recorded stands before the advice for its cause, which stays', () => {
  const file = { name: '/tmp/app.log', amount: 9 * MIB, events: 900, share: 0.9, from: null, thread: null };
  const recorded = {
    state: 'recorded',
    cause: 'page-cache',
    seconds: 60,
    total: 10 * MIB,
    unseen: null,
    culprit: file,
    groups: [file],
  } as const;
  const verdict = { ...alarm, cause: 'page-cache' as const };
  const run = { state: 'done', cause: 'page-cache', since: '', until: '2026-01-01T00:00:00Z', forSeconds: 60, text: [] } as const;
  const advice = (culprit: Culprit) =>
    withCulprit(verdict, { ...run, culprit }).findings.find(({ rule }) => rule === verdict.headlineRule)?.advice ?? '';
  assert.match(advice(recorded), /^The JVM was recorded: \/tmp\/app\.log has 90 % of the 10 MiB/);
  assert.ok(advice(recorded).endsWith(advice({ ...recorded, culprit: null })));
});
