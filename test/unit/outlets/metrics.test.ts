import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { LEDGER_PARTS, type LedgerPartId } from '../../../src/diagnosis/ledger/part-table.ts';
import type { FileRow, LedgerPart } from '../../../src/diagnosis/types.ts';
import { FIELDS } from '../../../src/fields.ts';
import { createMetrics } from '../../../src/outlets/metrics.ts';
import type { Status } from '../../../src/outlets/status.ts';
import { missingRequirements, program } from '../../support/needs.ts';

type Latest = ReturnType<Status['latest']>[number];
const EVERY_FIELD = Object.fromEntries(FIELDS.map(({ id }, i) => [id, i + 1]));
const TRENDS = Object.fromEntries(
  FIELDS.filter((f) => f.evaluated).map(({ id }) => [id, { trend: 'growing', slopeBytesPerHour: 5, low: 4, high: 6 }]),
);

const partOf = (id: LedgerPartId, bytes: number, parts?: readonly LedgerPart[]) =>
  ({ id, name: '/srv/secret/orders.log', bytes, ...(parts !== undefined && { parts }) }) as LedgerPart;
const EVERY_PART = (Object.keys(LEDGER_PARTS) as LedgerPartId[]).map((id) => partOf(id, 1));
/** Thousands of files, as a container may have. */
const FILES = Array.from({ length: 3000 }, (_, i) => ({ path: `/srv/secret/${i}.log`, residentBytes: i }) as FileRow);
const aged = (value: number) => ({ value, atMs: 0 });

/** A target with every field, every part and every trend: the most series that one can have. */
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
    parts: () => ({
      ledger: {
        unexplainedBytes: 3,
        boundBytes: 9,
        parts: [
          partOf('anon', 100, EVERY_PART),
          partOf('page-cache', 70, [
            partOf('file', 40),
            partOf('file', 20),
            partOf('more-files', 10, [partOf('file', 8), partOf('folder', 2)]),
          ]),
          partOf('sock', 5),
        ],
      },
      jvm: {
        heapUsed: aged(30),
        heapCommitted: aged(40),
        heapMax: 'max',
        oldUsed: null,
        metaspace: { used: aged(7), committed: 8, maxBytes: null },
        compressedClass: null,
      },
      files: () => FILES,
    }),
  }) as unknown as Latest;

const PLAIN = { files: 0, pod: 'orders-1' };
const metricsWith = (options: typeof PLAIN, ...latest: Latest[]) =>
  createMetrics({ latest: () => latest, self: () => ({ rssBytes: 5, cpuSeconds: 1.5, missedTicks: 2, lateTicks: 0 }) }, options);
const metricsOf = (...latest: Latest[]) => metricsWith(PLAIN, ...latest);
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

test('clients of both formats may take turns: counters keep their names', async (t) => {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const metrics = metricsOf(fullTarget('app'));
  const first = (await metrics.answer(undefined)).text;
  for (let turn = 0; turn < 3; turn++) {
    nowMs += 2000;
    const open = (await metrics.answer('application/openmetrics-text')).text;
    assert.match(open, /^memhound_self_cpu_seconds_total 1.5$/m);
    assert.equal((await metrics.answer(undefined)).text, first);
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
  assert.match(text, /^memhound_target_info\{target="app",container_id="abc123",pod="orders-1"\} 1$/m);
});

test('the ledger and the parts within its parts add up, by the id of each part', async () => {
  const { text } = await metricsOf(fullTarget('app')).answer(undefined);
  assert.match(text, /^memhound_ledger_bytes\{target="app",part="page-cache"\} 70$/m);
  assert.match(text, /^memhound_ledger_part_bytes\{target="app",of="page-cache",part="file"\} 68$/m);
  assert.match(text, /^memhound_ledger_part_bytes\{target="app",of="page-cache",part="folder"\} 2$/m);
  assert.match(text, /^memhound_ledger_part_bytes\{target="app",of="anon",part="java-heap"\} 1$/m);
  assert.doesNotMatch(text, /of="sock"/);
  assert.match(text, /^memhound_ledger_unexplained_bytes\{target="app"\} 3$/m);
});

test('areas of the JVM have what it tells; what it does not tell, and no maximum, are absent', async () => {
  const { text } = await metricsOf(fullTarget('app')).answer(undefined);
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('memhound_jvm_bytes')),
    [
      'memhound_jvm_bytes{target="app",area="heap",size="used"} 30',
      'memhound_jvm_bytes{target="app",area="heap",size="committed"} 40',
      'memhound_jvm_bytes{target="app",area="metaspace",size="used"} 7',
      'memhound_jvm_bytes{target="app",area="metaspace",size="committed"} 8',
    ],
  );
});

test('no path is a label, unless files are asked for: then the largest are, and no more than that', async () => {
  assert.doesNotMatch((await metricsOf(fullTarget('app')).answer(undefined)).text, /secret/);
  const { text } = await metricsWith({ ...PLAIN, files: 2 }, fullTarget('app')).answer(undefined);
  assert.deepEqual(
    text.split('\n').filter((line) => line.includes('secret')),
    [
      'memhound_file_resident_bytes{target="app",path="/srv/secret/2999.log"} 2999',
      'memhound_file_resident_bytes{target="app",path="/srv/secret/2998.log"} 2998',
    ],
  );
});

test('when the target is lost, the metrics say so and keep the time of the last sample', async (t) => {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  let latest = [fullTarget('app')];
  const metrics = createMetrics({ latest: () => latest, self: () => ({}) }, PLAIN);
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
  const most = { ...PLAIN, files: 20 };
  const { text: sixteen } = await metricsWith(most, ...crowd(16)).answer(undefined);
  const { text: many } = await metricsWith(most, ...crowd(500)).answer(undefined);
  assert.equal(seriesIn(many), seriesIn(sixteen));
  assert.match(many, /^memhound_targets 500$/m);
  const ofOne = 5 * FIELDS.length + 2 * EVERY_PART.length + most.files + 40;
  assert.ok(seriesIn(sixteen) < 16 * ofOne, `${seriesIn(sixteen)} series`);
});

test('promtool finds nothing to complain about', { skip: missingRequirements('promtool') }, async () => {
  const { text } = await metricsWith({ ...PLAIN, files: 20 }, fullTarget('app')).answer(undefined);
  const { status, stdout, stderr } = spawnSync(program('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
});
