import { Gauge, Registry } from 'prom-client';
import { entriesOf, fieldRow } from '../fields.ts';
import type { Status } from './status.ts';

const TRENDS = ['growing', 'stable', 'shrinking', 'settling', 'cyclic', 'not-enough-data'] as const;

/** A client that scrapes more often gets the same text again. The port is open to the cluster, and a text costs milliseconds. */
const KEPT_MS = 1000;

export interface Metrics {
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

/**
 * Prometheus metrics, computed at each scrape. Labels are only container ids and field ids: this port is public, so it shows no path, file or
 * command line. Counters of the kernel are gauges here, because a restart of the container resets them.
 */
export function createMetrics(status: Status): Metrics {
  let made: { readonly text: Promise<string>; readonly atMs: number } | null = null;
  const registry = new Registry();
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const fieldBytes = gauge('memhound_field_bytes', 'A memory field of the container, in bytes; see the field label', [
    'target',
    'field',
  ]);
  const fieldCount = gauge('memhound_field_value', 'A field of the container that is no size: counts, and seconds', [
    'target',
    'field',
  ]);
  const limit = gauge('memhound_limit_bytes', 'Memory limit of the container; absent without one', ['target']);
  const slope = gauge(
    'memhound_field_slope_bytes_per_hour',
    'Slope of a field that has a trend, in bytes (or its unit) an hour',
    ['target', 'field'],
  );
  const trend = gauge('memhound_verdict_trend', '1 for the trend of the verdict, 0 for the others', ['target', 'trend']);
  const leak = gauge(
    'memhound_verdict_leak',
    '1: memory that cannot be reclaimed keeps growing; 0: it does not; absent: not known yet',
    ['target'],
  );
  const confidence = gauge('memhound_verdict_confidence_ratio', 'Probability that the verdict is right', ['target']);
  const eta = gauge('memhound_verdict_eta_seconds', 'Seconds until the event happens, if growth continues', ['target', 'event']);
  const rss = gauge('memhound_self_rss_bytes', "memhound's own resident set", []);
  const anon = gauge('memhound_self_anon_bytes', "memhound's own anonymous memory", []);
  const cpu = gauge('memhound_self_cpu_seconds', "memhound's own CPU time since its start", []);
  const missed = gauge('memhound_self_missed_ticks', 'Samples that were due and not taken', []);
  const late = gauge('memhound_self_late_ticks', 'Samples that were taken late', []);
  const written = gauge('memhound_self_written_bytes', 'Bytes that memhound has written to its disk since its start', []);
  const stored = gauge('memhound_self_history_bytes', 'Size of the history on disk; absent where it cannot be stored', []);
  const selfTrend = gauge('memhound_self_trend', "1 for the trend of memhound's own anonymous memory, 0 for the others", [
    'trend',
  ]);

  const fill = (): void => {
    registry.resetMetrics();
    for (const { target, sample, verdict } of status.latest()) {
      const { id } = target;
      if (typeof target.limitBytes === 'number') limit.set({ target: id }, target.limitBytes);
      for (const [field, value] of entriesOf(sample?.values ?? {}))
        (fieldRow(field).unit === 'bytes' ? fieldBytes : fieldCount).set({ target: id, field }, value);
      if (verdict === null) continue;
      for (const t of TRENDS) trend.set({ target: id, trend: t }, verdict.trend === t ? 1 : 0);
      if (verdict.leak !== null) leak.set({ target: id }, verdict.leak ? 1 : 0);
      confidence.set({ target: id }, verdict.confidence);
      for (const e of verdict.etas) eta.set({ target: id, event: e.event }, e.seconds);
      for (const [field, f] of entriesOf(verdict.fields))
        if (f.slopeBytesPerHour !== null) slope.set({ target: id, field }, f.slopeBytesPerHour);
    }
    const self = status.self();
    const put = (g: typeof rss, value: unknown): void => {
      if (typeof value === 'number') g.set(value);
    };
    put(rss, self.rssBytes);
    put(anon, self.anonBytes);
    put(cpu, self.cpuSeconds);
    put(missed, self.missedTicks);
    put(late, self.lateTicks);
    put(written, self.writtenBytes);
    put(stored, (self.history as { readonly bytes?: unknown } | undefined)?.bytes);
    const own = (self.trend as { readonly trend?: unknown } | undefined)?.trend;
    if (own !== undefined) for (const t of TRENDS) selfTrend.set({ trend: t }, own === t ? 1 : 0);
  };
  return {
    contentType: registry.contentType,
    text() {
      const nowMs = performance.now();
      if (made === null || nowMs - made.atMs >= KEPT_MS) {
        fill();
        made = { text: registry.metrics(), atMs: nowMs };
      }
      return made.text;
    },
  };
}
