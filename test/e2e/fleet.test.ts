import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { type FleetContainer, fleetOf } from '../../synthetic/fleet/fleet.ts';
import { type Install, seriesOf } from '../../synthetic/fleet/installs.ts';
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

async function rowsOf(server: FleetServer): Promise<Row[]> {
  const { code, stdout, stderr } = await fleet(server, '--json');
  assert.equal(code, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
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

describe('memhound fleet on a real Prometheus', { skip: missingRequirements('prometheus'), timeout: 180_000 }, () => {
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
    for (const row of rows.slice(0, 4)) {
      const selector = `{__name__=~"container_.+|kube_pod_container_resource_limits",namespace="${row.namespace}",pod="${row.pod}"}[5d]`;
      const answer = await fetch(
        `${server.url}/api/v1/query?${new URLSearchParams({ query: selector, time: String(PLACE.toS) })}`,
      );
      const file = join(folder, 'answer.json');
      writeFileSync(file, await answer.text());
      const { stdout, stderr } = await run(process.execPath, [MEMHOUND, 'analyze', '--json', file]);
      const { verdict } = JSON.parse(stdout || '{}') as { verdict: Verdict };
      assert.deepEqual(row.verdict, verdict, stderr);
    }
  });

  test('prints a table, ends with code 3 where --fail-on leak holds, and names what inject would add', async () => {
    const { code, stdout } = await fleet(server, '--fail-on', 'leak');
    assert.equal(code, 3);
    assert.match(stdout, /^WORKLOAD +POD +CONTAINER +TREND +LEAK/);
    assert.match(stdout, /24 containers|23 containers|22 containers/);
    assert.match(stdout, /memhound inject --container app/);
  });

  test('a selector without a container is an error that says what to check', async () => {
    const { code, stderr } = await fleet(server, '--selector', '{namespace="nowhere"}');
    assert.equal(code, 1);
    assert.match(stderr, /no series of container_memory_rss .*with \{namespace="nowhere"\}.*check --selector/);
  });
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
