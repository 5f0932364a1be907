import { Counter, Gauge, type OpenMetricsContentType, type PrometheusContentType, Registry } from 'prom-client';
import { entriesOf, fieldRow } from '../fields.ts';
import { TRENDS } from '../trends/types.ts';
import { partMetrics } from './part-metrics.ts';
import type { Status } from './status.ts';

/** A client that scrapes more often gets the same text again. The port is open to the cluster, and a text costs milliseconds. */
const KEPT_MS = 1000;

/** A pod has few containers. More targets than these have no series of their own, so that a scrape stays small. */
const MOST_TARGETS = 16;

/** What the reference in docs/metrics.md says of a metric. */
export interface MetricRow {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
}

export interface Metrics {
  readonly rows: readonly MetricRow[];
  /** `accept`: the header of the request. OpenMetrics for clients that name it, else the text format of Prometheus. */
  readonly answer: (accept: string | undefined) => Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsOptions {
  /** Files of each target that have a series; 0: none, because paths are private. */
  readonly files: number;
  /** The name of the pod. */
  readonly pod: string;
}

/**
 * Metrics, computed at each scrape. Labels are ids of targets, containers, fields and rules, and the pod's name: this port is public, so it
 * shows no path, file or command line unless `files` asks for it. Counters are set to what was read: a restart of the container resets them, which `rate` allows for.
 */
export function createMetrics(status: Pick<Status, 'latest' | 'self'>, { files, pod }: MetricsOptions): Metrics {
  let made: { open: Promise<string> | null; plain: Promise<string> | null; readonly atMs: number } | null = null;
  let lastSampleMs: number | null = null;
  const plain = new Registry<PrometheusContentType>();
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [plain, open as unknown as Registry];
  const rows: MetricRow[] = [];
  const gauge = <L extends string>(name: string, help: string, labels: readonly L[]) => {
    rows.push({ name, type: 'gauge', help, labels });
    return new Gauge({ name, help, labelNames: labels, registers });
  };
  const counter = <L extends string>(name: string, help: string, labels: readonly L[]) => {
    rows.push({ name, type: 'counter', help, labels });
    // One for each format: for OpenMetrics, prom-client takes `_total` off the counter's own name.
    const each = registers.map((register) => new Counter({ name, help, labelNames: labels, registers: [register] }));
    return {
      inc(of: Partial<Record<L, string>>, value: number): void {
        for (const one of each) one.inc(of, value);
      },
      remove(): void {
        for (const one of each) one.remove();
      },
    };
  };
  // prom-client resets a metric without labels to 0; absent is not 0.
  const put = (g: Gauge, value: unknown): void => {
    if (typeof value === 'number') g.set(value);
    else g.remove();
  };
  /** A counter of memhound's own, beside the gauge that it was before counters had `_total`. */
  const ownCounter = (name: string, help: string) => {
    const before = gauge(name, help, []);
    const total = counter(`${name}_total`, help, []);
    return (value: unknown): void => {
      put(before, value);
      if (typeof value === 'number') total.inc({}, value);
      else total.remove();
    };
  };
  const sees = gauge('memhound_sees_target', '1: memhound sees a container with a process; 0: it sees none', []);
  const targets = gauge('memhound_targets', 'Targets that memhound sees; at most 16 have series of their own', []);
  const lastSample = gauge(
    'memhound_last_sample_timestamp_seconds',
    'Unix time of the newest sample of any target; it stays when the target is lost',
    [],
  );
  const targetInfo = gauge('memhound_target_info', 'Always 1; joins a target to its container id and pod', [
    'target',
    'container_id',
    'pod',
  ]);
  const targetSample = gauge('memhound_target_last_sample_timestamp_seconds', 'Unix time of the newest sample of the target', [
    'target',
  ]);
  const fieldBytes = gauge('memhound_field_bytes', 'A memory field of the container, in bytes; see the field label', [
    'target',
    'field',
  ]);
  const fieldCount = gauge('memhound_field_value', 'A field of the container that is no size: counts, and seconds', [
    'target',
    'field',
  ]);
  const fieldEvents = counter('memhound_field_events_total', 'A field of the container that counts events, since its start', [
    'target',
    'field',
  ]);
  const fieldSeconds = counter('memhound_field_seconds_total', 'A field of the container that adds up seconds, since its start', [
    'target',
    'field',
  ]);
  const limit = gauge('memhound_limit_bytes', 'Memory limit of the container; absent without one', ['target']);
  const slope = gauge(
    'memhound_field_slope_bytes_per_hour',
    'Slope of a field that has a trend, in bytes (or its unit) an hour',
    ['target', 'field'],
  );
  const slopeLow = gauge('memhound_field_slope_low_bytes_per_hour', 'Lower end of the 90 % interval of the slope', [
    'target',
    'field',
  ]);
  const slopeHigh = gauge('memhound_field_slope_high_bytes_per_hour', 'Upper end of the 90 % interval of the slope', [
    'target',
    'field',
  ]);
  const trend = gauge('memhound_verdict_trend', '1 for the trend of the verdict, 0 for the others', ['target', 'trend']);
  const leak = gauge(
    'memhound_verdict_leak',
    '1: memory that cannot be reclaimed keeps growing; 0: it does not; absent: not known yet',
    ['target'],
  );
  const confidence = gauge('memhound_verdict_confidence_ratio', 'Probability that the verdict is right', ['target']);
  const eta = gauge('memhound_verdict_eta_seconds', 'Seconds until the event happens, if growth continues', ['target', 'event']);
  const etaLow = gauge('memhound_verdict_eta_low_seconds', 'Lower end of the 90 % interval of the time to the event', [
    'target',
    'event',
  ]);
  const etaHigh = gauge('memhound_verdict_eta_high_seconds', 'Upper end of that interval; absent where it is open-ended', [
    'target',
    'event',
  ]);
  const cause = gauge('memhound_verdict_cause_bytes_per_hour', 'Growth by cause', ['target', 'cause']);
  const finding = gauge('memhound_verdict_finding', '1 for each finding of the verdict, by its rule', [
    'target',
    'rule',
    'severity',
  ]);
  const fillParts = partMetrics(gauge, files);
  const rss = gauge('memhound_self_rss_bytes', "memhound's own resident set", []);
  const anon = gauge('memhound_self_anon_bytes', "memhound's own anonymous memory", []);
  const cpu = ownCounter('memhound_self_cpu_seconds', "memhound's own CPU time since its start");
  const missed = ownCounter('memhound_self_missed_ticks', 'Samples that were due and not taken');
  const late = ownCounter('memhound_self_late_ticks', 'Samples that were taken late');
  const written = ownCounter('memhound_self_written_bytes', 'Bytes that memhound has written to its disk since its start');
  const stored = gauge('memhound_self_history_bytes', 'Size of the history on disk; absent where it cannot be stored', []);
  const selfTrend = gauge('memhound_self_trend', "1 for the trend of memhound's own anonymous memory, 0 for the others", [
    'trend',
  ]);

  const fill = (): void => {
    for (const register of registers) register.resetMetrics();
    const latest = status.latest();
    sees.set(latest.length > 0 ? 1 : 0);
    targets.set(latest.length);
    for (const { sample } of latest) if (sample !== null) lastSampleMs = Math.max(lastSampleMs ?? 0, sample.atMs);
    put(lastSample, lastSampleMs === null ? null : lastSampleMs / 1000);
    for (const { target, sample, verdict, parts } of latest.slice(0, MOST_TARGETS)) {
      const { id } = target;
      targetInfo.set({ target: id, container_id: target.container ?? '', pod }, 1);
      if (sample !== null) targetSample.set({ target: id }, sample.atMs / 1000);
      if (typeof target.limitBytes === 'number') limit.set({ target: id }, target.limitBytes);
      for (const [field, value] of entriesOf(sample?.values ?? {})) {
        const { unit, kind } = fieldRow(field);
        (unit === 'bytes' ? fieldBytes : fieldCount).set({ target: id, field }, value);
        if (kind === 'counter') (unit === 'seconds' ? fieldSeconds : fieldEvents).inc({ target: id, field }, value);
      }
      fillParts(id, parts());
      if (verdict === null) continue;
      for (const t of TRENDS) trend.set({ target: id, trend: t }, verdict.trend === t ? 1 : 0);
      if (verdict.leak !== null) leak.set({ target: id }, verdict.leak ? 1 : 0);
      confidence.set({ target: id }, verdict.confidence);
      for (const e of verdict.etas) {
        eta.set({ target: id, event: e.event }, e.seconds);
        etaLow.set({ target: id, event: e.event }, e.low);
        if (e.high !== null) etaHigh.set({ target: id, event: e.event }, e.high);
      }
      for (const c of verdict.causes) cause.inc({ target: id, cause: c.cause }, c.bytesPerHour);
      for (const { rule, severity } of verdict.findings) finding.set({ target: id, rule, severity }, 1);
      for (const [field, f] of entriesOf(verdict.fields)) {
        if (f.slopeBytesPerHour !== null) slope.set({ target: id, field }, f.slopeBytesPerHour);
        if (f.low !== null) slopeLow.set({ target: id, field }, f.low);
        if (f.high !== null) slopeHigh.set({ target: id, field }, f.high);
      }
    }
    const self = status.self();
    put(rss, self.rssBytes);
    put(anon, self.anonBytes);
    cpu(self.cpuSeconds);
    missed(self.missedTicks);
    late(self.lateTicks);
    written(self.writtenBytes);
    put(stored, (self.history as { readonly bytes?: unknown } | undefined)?.bytes);
    const own = (self.trend as { readonly trend?: unknown } | undefined)?.trend;
    if (own !== undefined) for (const t of TRENDS) selfTrend.set({ trend: t }, own === t ? 1 : 0);
  };
  return {
    rows,
    async answer(accept) {
      const nowMs = performance.now();
      if (made === null || nowMs - made.atMs >= KEPT_MS) {
        fill();
        made = { open: null, plain: null, atMs: nowMs };
      }
      if (wantsOpenMetrics(accept)) {
        made.open ??= open.metrics();
        return { contentType: open.contentType, text: await made.open };
      }
      made.plain ??= plain.metrics();
      return { contentType: plain.contentType, text: await made.plain };
    },
  };
}

function wantsOpenMetrics(accept: string | undefined): boolean {
  const offer = (accept ?? '').split(',').find((part) => part.trim().startsWith('application/openmetrics-text'));
  return offer !== undefined && !/;\s*q=0(\.0*)?\s*(;|$)/.test(offer);
}
