import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metaspaceGrowth } from '../../../../src/diagnosis/rules/metaspace-growth.ts';
import type { SteadyState } from '../../../../src/diagnosis/steady.ts';
import { diagnoseAfter } from '../../../../src/diagnosis/verdict.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';
import { applyRule, causeShare, eta, type Given, ruleContext } from '../../../support/rule-context.ts';

const growing = (seconds: number | null, over: Given = {}) =>
  applyRule(metaspaceGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('metaspace')],
      etas: seconds === null ? [] : [eta('oom-kill', seconds)],
    },
  });

test('metaspace that grows is a leak of class loaders, with the time to the OOM kill', () => {
  assert.deepEqual(growing(40 * HOUR_S, { values: { metaspace: 600 }, jvm: { classes: { loaded: 90_000, unloaded: 3 } } }), {
    id: 'metaspace-growth',
    headline: 'Metaspace grows 31 MB an hour: classes are loaded and never unloaded. OOM kill in 36 to 44 hours.',
    severity: 'warn',
    title: 'Classes are loaded and never unloaded',
    evidence: { bytesPerHour: 31e6, metaspaceBytes: 600, loadedClasses: 90_000, unloadedClasses: 3 },
    advice:
      'Look for proxies, scripts or reflection that define classes for each call (`jcmd PID VM.classloader_stats`). With -XX:MaxMetaspaceSize it ends in an OutOfMemoryError that names metaspace.',
  });
});

test('without a JVM reading the number of classes is not known', () => {
  const found = growing(null);
  assert.deepEqual([found?.evidence.loadedClasses, found?.evidence.unloadedClasses], [null, null]);
  assert.equal(found?.headline, 'Metaspace grows 31 MB an hour: classes are loaded and never unloaded.');
});

test('it ends at -XX:MaxMetaspaceSize where the limit has room for that, and no OOM kill is foretold', () => {
  const headline = (flags: string[], limitMib = 700): string =>
    growing(40 * HOUR_S, {
      jvm: { flags },
      values: { metaspace: 100 * MIB, anon: 300 * MIB },
      series: { limitBytes: limitMib * MIB },
    })?.headline ?? '';
  assert.match(
    headline(['-XX:MaxMetaspaceSize=256m']),
    /unloaded\. It ends at 256 MiB \(-XX:MaxMetaspaceSize=256m\), which the limit has room for: OutOfMemoryError, 100 MiB now\.$/,
  );
  const killed = /unloaded\. OOM kill in 36 to 44 hours\.$/;
  assert.match(headline(['-XX:MaxMetaspaceSize=256m'], 400), killed, 'the limit is nearer');
  assert.match(headline([]), killed);
});

test('it is critical within a day of the OOM kill', () => {
  assert.equal(growing(24 * HOUR_S)?.severity, 'warn');
  assert.equal(growing(24 * HOUR_S - 1)?.severity, 'critical');
  assert.equal(growing(null)?.severity, 'warn');
});

test('as long as it is not known whether it leaks, it is not said that classes are never unloaded', () => {
  const found = applyRule(metaspaceGrowth, {
    evaluation: { trend: 'growing', leak: null, causes: [causeShare('metaspace')], etas: [] },
  });
  assert.equal(
    found?.headline,
    'Metaspace grows 31 MB an hour: classes are loaded, and it is not known yet whether collections unload them.',
  );
});

test('as soon as it is known to leak, it is no more said that this is not known yet', () => {
  let state: SteadyState | null = null;
  const [open, known] = [null, true].map((leak, second) => {
    const evaluation = { trend: 'growing', leak, causes: [causeShare('metaspace')], etas: [] } as const;
    const { verdict, steady } = diagnoseAfter(state, { ...ruleContext({ jvm: {}, evaluation }), atMs: second * 1000 });
    state = steady;
    return verdict.headline;
  });
  assert.match(open!, /it is not known yet whether collections unload them/);
  assert.match(known!, /classes are loaded and never unloaded/);
});
