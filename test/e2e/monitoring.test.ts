import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { FleetRow } from '../../src/fleet/types.ts';
import { serve } from '../support/answering-server.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { startPrometheusWith } from '../support/fleet-servers.ts';
import { startJava } from '../support/java.ts';
import { MEMHOUND, watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { type Running, run } from '../support/process.ts';

const FORMATS = ['openmetrics', 'text'] as const;

interface Query {
  readonly expr: string;
  readonly panel: string;
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

const dashboard = JSON.parse(readFileSync('k8s/monitoring/dashboard.json', 'utf8')) as Dashboard;
const queries: readonly Query[] = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ expr, panel: title })),
);
const variables = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]));

/** `expr` for one pod, as Grafana sends it. */
const chosen = (expr: string, pod: string): string =>
  expr.replaceAll('$namespace', 'shop').replaceAll('$pod', pod).replaceAll('$target', '.*');

/** A server before memhound that asks for no format, as a Prometheus of before OpenMetrics does. */
async function startPlainProxy(t: TestContext, to: string): Promise<string> {
  const url = await serve(t, (asked, answer) => {
    request(new URL(asked.url!, to), { headers: { accept: 'text/plain' } }, (got) => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    }).end();
  });
  return new URL(url).port;
}

/** The metrics of cAdvisor for the pod's container, as a kubelet serves them. */
async function startKubelet(t: TestContext): Promise<string> {
  return await serve(t, (_, answer) => {
    const labels = '{namespace="shop",pod="orders-openmetrics",container="app",id="/kubepods/pod1/1"}';
    answer.setHeader('content-type', 'text/plain; version=0.0.4');
    answer.end(`container_memory_rss${labels} 3e8\ncontainer_memory_usage_bytes${labels} 3e8\n`);
  });
}

/** k8s/monitoring/scrape.yaml, with a list of pods in place of the search for them, and the ports that the test has. */
function scrapeConfig(ports: Readonly<Record<(typeof FORMATS)[number], string>>, kubelet: string): string {
  const { scrape_configs, rule_files } = parse(readFileSync('k8s/monitoring/scrape.yaml', 'utf8')) as {
    readonly scrape_configs: readonly Record<string, unknown>[];
    readonly rule_files: readonly string[];
  };
  const [job] = scrape_configs;
  const { kubernetes_sd_configs: _, ...rest } = job!;
  const jobs = FORMATS.map((format) => {
    const found = { ...rest, job_name: format, scrape_interval: '1s', scrape_timeout: '1s' };
    const labels = {
      __meta_kubernetes_pod_container_name: 'memhound',
      __meta_kubernetes_pod_ip: '127.0.0.1',
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: `orders-${format}`,
    };
    const other = { targets: ['127.0.0.1:1'], labels: { ...labels, __meta_kubernetes_pod_container_name: 'app' } };
    const text = JSON.stringify({ ...found, static_configs: [{ targets: ['pod'], labels }, other] });
    return JSON.parse(text.replaceAll('8801', ports[format])) as object;
  });
  return stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [
      ...jobs,
      { job_name: 'kubelet', scrape_interval: '1s', static_configs: [{ targets: [new URL(kubelet).host] }] },
    ],
    rule_files: rule_files.map((name) => resolve('k8s/monitoring', name)),
  });
}

test('of a real memhound that a real Prometheus scrapes: the dashboard, in both formats, and memhound fleet have what it says', {
  skip: missingRequirements('javac', 'cgroup', 'prometheus'),
  timeout: 300_000,
}, async (t) => {
  const cgroup = makeCgroup(512 * 1024 * 1024);
  const started: Running[] = [];
  t.after(async () => {
    for (const program of started) await program.stop('SIGKILL');
    await cgroup.remove();
  });
  const flags = ['-XX:+UseSerialGC', '-Xmx256m', '-XX:TieredStopAtLevel=1'];
  const java = await startJava('scenarios/HeapLeak.java', ['1.5', '400'], { cgroup, flags });
  started.push(java);
  const hound = await watch(['--pid', String(java.pid), '--every', '1s', '--min-history', '20s', '--metrics-files', '5']);
  t.after(() => hound.stop('SIGKILL'));
  const { port } = new URL(hound.opsUrl);
  const kubelet = await startKubelet(t);
  const config = scrapeConfig({ openmetrics: port, text: await startPlainProxy(t, hound.opsUrl) }, kubelet);
  const prometheus = await startPrometheusWith(config);
  t.after(() => prometheus.stop());

  const ask = async <T>(path: string, parameters: Readonly<Record<string, string>>): Promise<readonly T[]> => {
    const answer = await fetch(`${prometheus.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
    assert.equal(status, 'success', `${JSON.stringify(parameters)}: ${error}`);
    return (path === 'query' ? (data as { result: readonly T[] }).result : data) as readonly T[];
  };

  const live = hound.live();
  t.after(() => live.close());
  await live.verdict(({ leak, etas }) => leak === true && etas.length > 0, 150_000);
  // The alert says that the leak has been scraped in both formats; a rate needs two scrapes.
  const alarms =
    'count(ALERTS{alertname="MemhoundLeak",alertstate="firing"} and on (pod) count_over_time(memhound_sees_target[5m]) > 1) == 2';
  while ((await ask('query', { query: alarms })).length === 0) await delay(200);

  const targets = (await ask<{ metric: Record<string, string> }>('query', { query: 'memhound_sees_target' })).map(
    ({ metric: { namespace, pod } }) => `${namespace}/${pod}`,
  );
  assert.deepEqual(targets.sort(), ['shop/orders-openmetrics', 'shop/orders-text']);
  assert.ok(queries.length > 25);
  for (const format of FORMATS) {
    const empty: string[] = [];
    for (const { expr, panel } of queries)
      if ((await ask('query', { query: chosen(expr, `orders-${format}`) })).length === 0) empty.push(`${panel}: ${expr}`);
    assert.deepEqual(empty, [], format);
    for (const variable of variables) {
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(variable)!;
      const values = await ask(`label/${label}/values`, { 'match[]': chosen(selector!, `orders-${format}`) });
      assert.ok(values.length > 0, `${format}: ${variable}`);
    }
  }

  // The floor of a heap rests on few collections here, so that the leak may be open for some evaluations.
  const rowOfFleet = async (): Promise<FleetRow | undefined> => {
    await live.verdict(({ leak }) => leak === true, 150_000);
    const fleet = await run(process.execPath, [MEMHOUND, 'fleet', '--prometheus', prometheus.url, '--since', '10m', '--json']);
    assert.equal(fleet.code, 0, fleet.stderr);
    return fleet.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FleetRow)[0];
  };
  let row = await rowOfFleet();
  for (let n = 1; n < 10 && row?.sidecar?.leak !== true; n++) row = await rowOfFleet();
  assert.equal(row?.verdict.trend, 'not-enough-data');
  assert.equal(row?.sidecar?.leak, true);
  assert.ok(row.sidecar.causes.some(({ cause }) => cause === 'heap'));
  assert.equal(row.sidecar.files.length, 5);
});
