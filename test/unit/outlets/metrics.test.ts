import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { FIELDS } from '../../../src/fields.ts';
import { createMetrics } from '../../../src/outlets/metrics.ts';
import type { Status } from '../../../src/outlets/status.ts';
import { missingRequirements, program } from '../../support/needs.ts';

type Latest = ReturnType<Status['latest']>[number];
const EVERY_FIELD = Object.fromEntries(FIELDS.map(({ id }, i) => [id, i + 1]));
const TRENDS = Object.fromEntries(
  FIELDS.filter((f) => f.evaluated).map(({ id }) => [id, { trend: 'growing', slopeBytesPerHour: 5, low: 4, high: 6 }]),
);

/** A target with every field and every trend: the most series that one can have. */
const fullTarget = (id: string): Latest =>
  ({
    target: { id, container: 'abc123', limitBytes: 1000 },
    sample: { atMs: 1_700_000_000_000, values: EVERY_FIELD },
    verdict: {
      trend: 'growing',
      leak: true,
      confidence: 0.97,
      etas: [{ event: 'oom-kill', seconds: 3600, low: 3000, high: null }],
      causes: [{ cause: 'heap', bytesPerHour: 5 }],
      findings: [{ rule: 'near-limit', severity: 'critical' }],
      fields: TRENDS,
    },
  }) as unknown as Latest;

const metricsOf = (...latest: Latest[]) =>
  createMetrics({ latest: () => latest, self: () => ({ rssBytes: 5, cpuSeconds: 1.5, missedTicks: 2, lateTicks: 0 }) });
const seriesIn = (text: string): number => text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;

test('a client that names OpenMetrics gets it, any other the text of Prometheus', async () => {
  const metrics = metricsOf(fullTarget('app'));
  const open = await metrics.answer('application/openmetrics-text;version=1.0.0,text/plain;q=0.5');
  assert.match(open.contentType, /^application\/openmetrics-text/);
  assert.match(open.text, /^# TYPE memhound_field_events counter$/m);
  assert.match(open.text, /^memhound_field_events_total\{/m);
  assert.match(open.text, /# EOF\n$/);
  for (const accept of [undefined, '*/*', 'application/openmetrics-text;q=0, text/plain']) {
    const plain = await metrics.answer(accept);
    assert.match(plain.contentType, /^text\/plain/);
    assert.doesNotMatch(plain.text, /# EOF/);
  }
});

test('counters are counters, and intervals stand beside their values; an open end is absent', async () => {
  const { text } = await metricsOf(fullTarget('app')).answer(undefined);
  assert.match(text, /^# TYPE memhound_field_seconds_total counter$/m);
  assert.match(text, /^memhound_field_seconds_total\{target="app",field="gc_seconds"\} \d+$/m);
  assert.match(text, /^memhound_field_slope_low_bytes_per_hour\{target="app",field="anon"\} 4$/m);
  assert.match(text, /^memhound_field_slope_high_bytes_per_hour\{target="app",field="anon"\} 6$/m);
  assert.match(text, /^memhound_verdict_eta_low_seconds\{target="app",event="oom-kill"\} 3000$/m);
  assert.doesNotMatch(text, /^memhound_verdict_eta_high_seconds\{/m);
  assert.match(text, /^memhound_verdict_finding\{target="app",rule="near-limit",severity="critical"\} 1$/m);
  assert.match(text, /^memhound_target_info\{target="app",container_id="abc123",pod="[^"]+"\} 1$/m);
});

test('when the target is lost, the metrics say so and keep the time of the last sample', async (t) => {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  let latest = [fullTarget('app')];
  const metrics = createMetrics({ latest: () => latest, self: () => ({}) });
  assert.match((await metrics.answer(undefined)).text, /^memhound_sees_target 1$/m);
  latest = [];
  nowMs = 2000;
  const { text } = await metrics.answer(undefined);
  assert.match(text, /^memhound_sees_target 0$/m);
  assert.match(text, /^memhound_last_sample_timestamp_seconds 1700000000$/m);
  assert.doesNotMatch(text, /target="app"/);
  assert.doesNotMatch(text, /^memhound_self_history_bytes /m);
});

test('a crowd of targets does not make a scrape larger than sixteen do', async () => {
  const crowd = (length: number) => Array.from({ length }, (_, i) => fullTarget(`app-${i}`));
  const { text: sixteen } = await metricsOf(...crowd(16)).answer(undefined);
  const { text: many } = await metricsOf(...crowd(500)).answer(undefined);
  assert.equal(seriesIn(many), seriesIn(sixteen));
  assert.match(many, /^memhound_targets 500$/m);
  assert.ok(seriesIn(sixteen) < 16 * 5 * FIELDS.length, `${seriesIn(sixteen)} series`);
});

test('promtool finds nothing to complain about', { skip: missingRequirements('promtool') }, async () => {
  const { text } = await metricsOf(fullTarget('app')).answer(undefined);
  const { status, stdout, stderr } = spawnSync(program('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
});
