import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { DIRT, type Dirt } from '../../synthetic/fleet/dirt.ts';
import { type FleetContainer, fleetOf } from '../../synthetic/fleet/fleet.ts';
import { type Install, type StoredSeries, seriesOf } from '../../synthetic/fleet/installs.ts';
import { finished, HEALTHY, LEAKING, type Shape } from '../../synthetic/fleet/shapes.ts';
import { Random } from '../../synthetic/random.ts';
import { type FleetServer, startPrometheus, startVictoriaMetrics } from '../support/fleet-servers.ts';
import { MEMHOUND } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { run } from '../support/process.ts';

const PLACE = { toS: 1_770_000_000, hours: 120, stepS: 300 };
const RANGE = ['--since', '5d', '--until', String(PLACE.toS)];

interface Row {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly owner: { readonly kind: string; readonly name: string } | null;
  readonly verdict: Verdict;
  readonly alarm: boolean;
  readonly replicas: { readonly spread: string } | null;
  readonly formerPods: readonly string[];
}

const made: readonly FleetContainer[] = [
  ...fleetOf({ seed: 11, containers: 24, hours: PLACE.hours, stepS: PLACE.stepS, leaking: 0.3 }),
];

function* stored(install: Install) {
  const random = new Random(3);
  for (const container of made) yield* seriesOf(container, install, PLACE, random);
}

const fleet = (server: FleetServer, ...more: readonly string[]) =>
  run(process.execPath, [MEMHOUND, 'fleet', '--prometheus', server.url, ...RANGE, ...more]);

const parsed = (stdout: string): Row[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

async function rowsOf(server: FleetServer): Promise<Row[]> {
  const { code, stdout, stderr } = await fleet(server, '--json');
  assert.equal(code, 0, stderr);
  return parsed(stdout);
}

/** A server in front of another, which spoils answers to remote read for a range of days: it refuses them, or breaks them off. */
async function startProxy(
  url: string,
  fate: (body: string) => 'pass' | 'fail' | 'cut',
): Promise<Pick<FleetServer, 'url' | 'stop'>> {
  const proxy = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const headers = { ...request.headers } as Record<string, string>;
    for (const name of ['host', 'connection', 'content-length']) delete headers[name];
    const isRead = request.url === '/api/v1/read' && !body.includes('memhound_no_such_metric');
    const what = isRead ? fate(body.toString('latin1')) : 'pass';
    if (what === 'fail') {
      response.writeHead(500).end('the disk is broken');
      return;
    }
    const answer = await fetch(`${url}${request.url}`, { method: request.method!, headers, ...(body.length > 0 && { body }) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? '',
      'content-length': bytes.length,
    });
    if (what === 'cut') response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
    else response.end(bytes);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    stop: async () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

/** Leaks that the generator's own parameters make certain, and containers that certainly do not leak. */
function assertLeaksAreFound(rows: readonly Row[]): void {
  const byPod = new Map(rows.map((row) => [row.pod, row]));
  const seen = made.filter(({ pod }) => byPod.has(pod));
  assert.ok(seen.length >= made.length - 2, `${made.length - seen.length} of ${made.length} containers have no row`);
  const wrong = seen.filter(({ pod, leaks }) => leaks !== null && (byPod.get(pod)!.verdict.leak === true) !== leaks);
  assert.ok(seen.filter(({ leaks }) => leaks === true).length >= 3);
  assert.deepEqual(
    wrong.map(({ pod, shape }) => `${pod} (${shape}): ${byPod.get(pod)!.verdict.headline}`),
    [],
  );
}

describe('memhound fleet on a real Prometheus', { skip: missingRequirements('prometheus'), timeout: 400_000 }, () => {
  let server: FleetServer;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'memhound-fleet-test-'));
    server = await startPrometheus(stored('plain'));
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test('finds the leaks of all pods, and names their owners', async () => {
    const rows = await rowsOf(server);
    assertLeaksAreFound(rows);
    for (const { pod, owner } of rows) {
      const { kind, workload } = made.find((container) => container.pod === pod)!;
      assert.deepEqual(owner, { kind, name: workload });
    }
  });

  test('gives the verdict of analyze for the same samples, field by field', async () => {
    const rows = await rowsOf(server);
    const files: string[] = [];
    for (const [k, row] of rows.entries()) {
      const selector = `{__name__=~"container_.+|kube_pod_container_resource_limits",namespace="${row.namespace}",pod="${row.pod}"}[5d]`;
      const answer = await fetch(
        `${server.url}/api/v1/query?${new URLSearchParams({ query: selector, time: String(PLACE.toS) })}`,
      );
      files.push(join(folder, `answer-${k}.json`));
      writeFileSync(files[k]!, await answer.text());
    }
    const { stdout } = await run(process.execPath, [MEMHOUND, 'analyze', '--json', ...files]);
    const verdicts = stdout.trim().split('\n');
    assert.equal(verdicts.length, rows.length);
    for (const [k, line] of verdicts.entries())
      assert.deepEqual(rows[k]!.verdict, (JSON.parse(line) as { readonly verdict: Verdict }).verdict);
  });

  test('prints a table, ends with code 3 where --fail-on leak holds, and names what inject would add', async () => {
    const { code, stdout } = await fleet(server, '--fail-on', 'leak');
    assert.equal(code, 3);
    assert.match(stdout, /^WORKLOAD +POD +CONTAINER +TREND +LEAK/);
    assert.match(stdout, /24 containers|23 containers|22 containers/);
    assert.match(stdout, /memhound inject --container app/);
  });

  test('range queries give the same leaks, and the report is a page that loads nothing', async () => {
    const report = join(folder, 'report.html');
    const { code, stdout, stderr } = await fleet(server, '--read-by', 'query-range', '--json', '--report', report);
    assert.equal(code, 0, stderr);
    const rows = parsed(stdout);
    assertLeaksAreFound(rows);
    const html = readFileSync(report, 'utf8');
    const alarms = rows.filter(({ alarm }) => alarm);
    assert.match(html, new RegExp(`<h1>${alarms.length} containers of \\d+ workloads leak\\.`));
    for (const { owner } of alarms) assert.ok(html.includes(`${owner?.kind}/${owner?.name}`));
    assert.ok(html.includes('<svg class="growth"'));
    const links = [...html.matchAll(/href="#([\w-]+)"/g)].map(([, id]) => id!);
    assert.equal(links.length, new Set(alarms.map(({ owner }) => owner?.name)).size, 'the overview has a line for each workload');
    for (const id of links) assert.ok(html.includes(`<article class="workload" id="${id}">`), id);
    assert.doesNotMatch(html, /<script|<link[^>]*stylesheet|src=|url\((?!data:)|@import/);
  });

  test('a run that was interrupted continues with the rows that it has', async () => {
    const file = join(folder, 'rows.jsonl');
    const first = await fleet(server, '--json', '--resume', file);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 10).join('\n')}\n${lines[10]!.slice(0, 200)}`);
    const second = await fleet(server, '--json', '--resume', file);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(second.stdout, first.stdout);
    const other = await fleet(server, '--resume', file, '--selector', '{namespace="team-1"}');
    assert.equal(other.code, 1);
    assert.match(other.stderr, /the file has selector "\{\}", and this run "\{namespace=\\"team-1\\"\}"/);
  });

  test('what a server does not give is listed, the rest is answered, and the code is 1', async () => {
    const proxy = await startProxy(server.url, (body) => (body.includes('team-2') ? 'fail' : 'pass'));
    try {
      const { code, stdout } = await fleet({ ...server, url: proxy.url }, '--json');
      assert.equal(code, 1);
      const rows = parsed(stdout);
      const missing = rows.flatMap((row) =>
        'missing' in row ? [row.missing as { readonly what: string; readonly why: string }] : [],
      );
      assert.match(missing[0]?.what ?? '', /^team-2\//);
      assert.match(missing[0]?.why ?? '', /answers 500 \(the disk is broken\)/);
      const namespaces = new Set(rows.map(({ namespace }) => namespace));
      assert.ok(namespaces.has('team-1') && !namespaces.has('team-2'));
      const accepted = await fleet({ ...server, url: proxy.url }, '--json', '--partial-ok');
      assert.equal(accepted.code, 0);
    } finally {
      await proxy.stop();
    }
  });

  test('an answer that breaks off is asked for again', async () => {
    let cut = 0;
    const proxy = await startProxy(server.url, () => (cut++ === 0 ? 'cut' : 'pass'));
    try {
      const { code, stdout } = await fleet({ ...server, url: proxy.url }, '--json');
      assert.equal(code, 0);
      assert.equal(stdout, (await fleet(server, '--json')).stdout);
      assert.ok(cut > 1);
    } finally {
      await proxy.stop();
    }
  });

  test('a selector without a container is an error that says what to check', async () => {
    const { code, stderr } = await fleet(server, '--selector', '{namespace="nowhere"}');
    assert.equal(code, 1);
    assert.match(stderr, /no series of container_memory_rss .*with \{namespace="nowhere"\}.*check --selector/);
  });
});

/** A Deployment that is rolled: each run of the container has a pod of its own. */
function* rolled(name: string, shapes: readonly Shape[], seed: number): Iterable<StoredSeries> {
  const random = new Random(seed);
  const shape = shapes.find((one) => one.name === name)!;
  const { runs, limit } = finished(shape, shape.make(random, PLACE.hours, PLACE.stepS, null));
  const workload = name.replaceAll(/[^a-z]+/g, '-');
  let endS = PLACE.toS;
  for (const [k, run] of [...runs.entries()].reverse()) {
    const hours = (run.series.t.length * PLACE.stepS) / 3600;
    const container = {
      ...{
        namespace: 'shop',
        workload,
        kind: 'Deployment' as const,
        container: 'app',
        shape: name,
        leaks: null,
        spread: 'single' as const,
      },
      ...{ pod: `${workload}-5d9f7c6b8d-bcdf${k + 2}`, runs: [run], limit },
    };
    yield* seriesOf(container, 'plain', { ...PLACE, toS: endS, hours }, random);
    endS -= hours * 3600;
  }
}

test('pods that a Deployment has replaced are earlier runs of the one that runs', {
  skip: missingRequirements('prometheus'),
  timeout: 120_000,
}, async () => {
  const leaking = [...rolled('each life leaks', LEAKING, 4)];
  const healthy = [...rolled('restarts, and warms up each time', HEALTHY, 12)];
  const podsIn = (series: readonly StoredSeries[]): string[] => [
    ...new Set(series.flatMap(({ labels }) => (labels.__name__ === 'container_memory_rss' ? [labels.pod!] : []))),
  ];
  const server = await startPrometheus([...leaking, ...healthy]);
  try {
    const rows = await rowsOf(server);
    for (const [series, leak] of [
      [leaking, true],
      [healthy, false],
    ] as const) {
      const pods = podsIn(series);
      const row = rows.find(({ pod }) => pod === pods[0]);
      assert.ok(pods.length > 2);
      assert.deepEqual(row?.formerPods, pods.slice(1, 5));
      assert.equal(row?.verdict.leak, leak, row?.verdict.headline);
    }
    assert.equal(rows.length, 2);
  } finally {
    await server.stop();
  }
});

for (const dirt of ['namespace of the kubelet', 'labels of an exporter'] as const)
  test(`containers keep their names and owners where labels are not honoured: ${dirt}`, {
    skip: missingRequirements('prometheus'),
    timeout: 120_000,
  }, async () => {
    const random = new Random(3);
    const few = made.slice(0, 6);
    const spoil: Dirt = DIRT[dirt];
    const server = await startPrometheus(
      few.flatMap((container) => spoil([...seriesOf(container, 'kube-prometheus-stack', PLACE, random)], PLACE, random)),
    );
    try {
      const rows = await rowsOf(server);
      const named = ({ namespace, pod, container }: Pick<FleetContainer, 'namespace' | 'pod' | 'container'>) =>
        [namespace, pod, container].join('/');
      assert.deepEqual(rows.map(named).sort(), few.map(named).sort());
      for (const row of rows) {
        const { workload, limit } = few.find(({ pod }) => pod === row.pod)!;
        assert.equal(row.owner?.name, workload);
        assert.equal('limitBytes' in row.verdict.target ? row.verdict.target.limitBytes : null, limit);
      }
    } finally {
      await server.stop();
    }
  });

test('memhound fleet reads VictoriaMetrics by its export', {
  skip: missingRequirements('victoria-metrics'),
  timeout: 120_000,
}, async () => {
  const server = await startVictoriaMetrics(stored('two replicas'));
  try {
    assertLeaksAreFound(await rowsOf(server));
  } finally {
    await server.stop();
  }
});
