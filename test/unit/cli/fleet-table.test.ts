import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetTable } from '../../../src/cli/fleet-table.ts';
import type { RankedRow } from '../../../src/fleet/rank.ts';
import type { FleetAnswer } from '../../../src/fleet/run-fleet.ts';
import type { RowSummary } from '../../../src/fleet/types.ts';

const LEAK: RowSummary = {
  cluster: '',
  namespace: 'prod',
  pod: 'shop-5d-x',
  container: 'app',
  formerPods: [],
  sidecar: null,
  owner: { kind: 'Deployment', name: 'shop' },
  trend: 'growing',
  leak: true,
  confidence: 0.98,
  cause: 'native',
  growth: { field: 'anon', bytesPerHour: 1e6, low: 0.9e6, high: 1.1e6 },
  eta: { event: 'oom-kill', seconds: 4e5, low: 3.5e5, high: 4.4e5 },
  limitBytes: 2 ** 30,
};

const rowOf = (summary: Partial<RowSummary>, alarm = true): RankedRow => ({
  row: { summary: { ...LEAK, ...summary }, place: { offset: 0, length: 0 } },
  alarm,
  replicas: alarm ? { of: 3, leaking: 2, spread: 'in-some' } : null,
});

const table = (rows: readonly RankedRow[], more: Partial<FleetAnswer> = {}): string =>
  fleetTable(
    {
      range: { from: 0, to: 1 },
      plan: { way: 'remote-read', stepSeconds: 60 },
      rows,
      expectedFalse: 0.1,
      missing: [],
      warnings: [],
      tooYoung: 0,
      samples: 0,
      ...more,
    },
    false,
  );

test('the table has leaks and what is not known, and counts what it leaves out', () => {
  const text = table([
    rowOf({}),
    rowOf({ pod: 'b', leak: true, confidence: 0.6 }, false),
    rowOf({ pod: 'c', leak: null, eta: null, growth: null }, false),
    rowOf({ pod: 'd', leak: false, trend: 'stable' }, false),
  ]);
  assert.match(
    text,
    /prod\/Deployment\/shop \(2 of 3 replicas\) +shop-5d-x +app +growing +yes +native .* OOM kill in 4 to 5 days +0\.98/,
  );
  assert.match(text, / b +app +growing +perhaps/);
  assert.match(text, / c +app +growing +not known/);
  assert.doesNotMatch(text, / d +app/);
  assert.match(text, /4 containers: 1 leaks \(expected to be false: 0\.1 of them\), 1 more perhaps; 1 container not shown/);
});

test('where a sidecar runs beside the container, its cause is shown, and no command to add one', () => {
  const sidecar = {
    trend: 'growing' as const,
    leak: true,
    confidence: 0.99,
    causes: [{ cause: 'heap', bytesPerHour: 1e6 }],
    files: [],
  };
  const text = table([rowOf({ sidecar })]);
  assert.match(text, / yes +heap \(sidecar\) /);
  assert.doesNotMatch(text, /memhound inject/);
  const log = { cause: 'page-cache', bytesPerHour: 1e6 };
  const files = [{ path: '/var/log/orders.log', residentBytes: 1e9 }];
  assert.match(
    table([rowOf({ leak: null, sidecar: { ...sidecar, leak: null, causes: [log], files } }, false)]),
    /page-cache of \/var\/log\/orders\.log \(sidecar\)/,
  );
});

test('what is missing is listed, with the reason and the warnings of the server', () => {
  const text = table([], {
    missing: [{ what: 'namespace shop', why: 'http://p answers 500', containers: 0 }],
    warnings: ['store b is down'],
    tooYoung: 2,
  });
  assert.match(text, /none leaks/);
  assert.match(text, /2 containers with fewer than two samples/);
  assert.match(text, /The server warns: store b is down/);
  assert.match(text, /partial:\n {2}namespace shop: http:\/\/p answers 500/);
});

test('a command is printed for a shell only if its names are those of Kubernetes, and names show no control characters', () => {
  assert.match(
    table([rowOf({})]),
    /kubectl get deployment\/shop -n prod -o yaml \| memhound inject --container app \| kubectl apply -f -/,
  );
  assert.doesNotMatch(table([rowOf({ owner: { kind: 'Deployment', name: 'shop; rm -rf /' } })]), /kubectl/);
  assert.equal(table([rowOf({ pod: 'a\u001b[2Jb' })]).includes('\u001b'), false);
});
