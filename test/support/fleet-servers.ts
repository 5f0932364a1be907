import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PbfWriter } from 'pbf';
import { snappyLiterals } from '../../src/fleet/read/snappy-literals.ts';
import type { StoredSeries } from '../../synthetic/fleet/installs.ts';
import { writeBlock } from '../../synthetic/fleet/prometheus-block.ts';
import { program } from './needs.ts';
import { type Running, start } from './process.ts';

/** A real server with samples of the past in it. */
export interface FleetServer {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(url: string, running: Running): Promise<void> {
  for (;;) {
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    const ended = await Promise.race([running.exited, new Promise<null>((resolve) => setTimeout(() => resolve(null), 100))]);
    if (ended !== null) throw new Error(`the server ended:\n${running.output()}`);
  }
}

async function launch(
  command: string,
  port: number,
  readyPath: string,
  folder: string,
  args: readonly string[],
): Promise<FleetServer> {
  const running = start([command, args]);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(`${url}${readyPath}`, running);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid: running.pid, stop };
}

/** Prometheus with a configuration, which may tell it to scrape. `past`: series that it has from the start. */
export async function startPrometheusWith(
  config: string,
  more: readonly string[] = [],
  past: Iterable<StoredSeries> | null = null,
): Promise<FleetServer> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-prometheus-'));
  if (past !== null) writeBlock(join(folder, 'data'), past);
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config);
  const port = await freePort();
  return await launch(program('prometheus'), port, '/-/ready', folder, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=10y',
    `--web.listen-address=127.0.0.1:${port}`,
    ...more,
  ]);
}

/** Prometheus with samples of the past in a block. `more`: further options. */
export async function startPrometheus(series: Iterable<StoredSeries>, more: readonly string[] = []): Promise<FleetServer> {
  return await startPrometheusWith('global:\n  scrape_interval: 1h\n', more, series);
}

export async function startVictoriaMetrics(series: Iterable<StoredSeries>): Promise<FleetServer> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-victoria-'));
  const port = await freePort();
  const server = await launch(program('victoria-metrics'), port, '/health', folder, [
    `-storageDataPath=${join(folder, 'data')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-retentionPeriod=100y',
    '-search.latencyOffset=0s',
  ]);
  await write(`${server.url}/api/v1/write`, [...series]);
  await fetch(`${server.url}/internal/force_flush`);
  return server;
}

/** Samples that a request of remote write has at most. */
const BATCH = 50_000;
/** The server's head accepts samples that are at most an hour older than the newest, so all series are written hour by hour. */
const SLICE_MS = 2 * 3_600_000;

async function write(url: string, all: readonly StoredSeries[]): Promise<void> {
  const next = new Int32Array(all.length);
  let at = Math.min(...all.map(({ tMs }) => tMs[0] ?? Number.POSITIVE_INFINITY));
  for (let open = true; open; at += SLICE_MS) {
    open = false;
    let batch = new PbfWriter();
    let samples = 0;
    for (const [k, series] of all.entries()) {
      const from = next[k]!;
      let to = from;
      while (to < series.tMs.length && series.tMs[to]! < at + SLICE_MS) to++;
      next[k] = to;
      if (to < series.tMs.length) open = true;
      if (to === from) continue;
      batch.writeMessage(1, (slice, pbf) => writeSeries(slice, pbf), { series, from, to });
      samples += to - from;
      if (samples < BATCH) continue;
      await post(url, batch);
      batch = new PbfWriter();
      samples = 0;
    }
    if (samples > 0) await post(url, batch);
  }
}

interface Slice {
  readonly series: StoredSeries;
  readonly from: number;
  readonly to: number;
}

/** TimeSeries of prometheus/prometheus, prompb/types.proto. */
function writeSeries({ series, from, to }: Slice, pbf: PbfWriter): void {
  const labels = Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const label of labels)
    pbf.writeMessage(
      1,
      ([name, value], inner) => {
        inner.writeStringField(1, name);
        inner.writeStringField(2, value);
      },
      label,
    );
  for (let i = from; i < to; i++)
    pbf.writeMessage(
      2,
      (index: number, inner) => {
        inner.writeDoubleField(1, series.v[index]!);
        inner.writeVarintField(2, series.tMs[index]!);
      },
      i,
    );
}

async function post(url: string, batch: PbfWriter): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: Buffer.from(snappyLiterals(batch.finish())),
  });
  if (!response.ok) throw new Error(`remote write answers ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}
