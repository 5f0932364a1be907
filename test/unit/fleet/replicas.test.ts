import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replicaSpreads } from '../../../src/fleet/replicas.ts';

const SHOP = { cluster: '', namespace: 'prod', container: 'app', owner: { kind: 'Deployment', name: 'shop' } };
const replica = (pod: string, leak: boolean | null, slope: number | null = null, trend = 'growing') =>
  ({
    ...SHOP,
    pod,
    leak,
    trend,
    growth: slope === null ? null : { field: 'anon', bytesPerHour: slope, low: 0.5 * slope, high: 1.5 * slope },
  }) as Parameters<typeof replicaSpreads>[0][number];

const spreadOf = (...rows: readonly ReturnType<typeof replica>[]) => replicaSpreads(rows).get(rows[0]!);

test('a workload leaks in all replicas, in some, in one, or has only one', () => {
  assert.deepEqual(spreadOf(replica('a', true, 10), replica('b', true, 11)), { of: 2, leaking: 2, spread: 'in-all' });
  assert.deepEqual(spreadOf(replica('a', true, 10), replica('b', false), replica('c', false)), {
    of: 3,
    leaking: 1,
    spread: 'in-one',
  });
  assert.equal(spreadOf(replica('a', true, 10), replica('b', true, 9), replica('c', false))?.spread, 'in-some');
  assert.equal(spreadOf(replica('a', true, 10))?.spread, 'single');
});

test('a replica that is not decided yet counts with the others if it grows as they do', () => {
  assert.equal(spreadOf(replica('a', true, 10), replica('b', null, 9))?.spread, 'in-all');
  assert.equal(spreadOf(replica('a', true, 10), replica('b', null, 0.5))?.spread, 'in-one');
  assert.equal(spreadOf(replica('a', true, 10), replica('b', null, null, 'not-enough-data'))?.spread, 'single');
});

test('a replica that leaks at quite another rate has another leak', () => {
  const rows = [replica('a', true, 1000), replica('b', true, 10), replica('c', true, 12)];
  const spreads = replicaSpreads(rows);
  assert.deepEqual(
    rows.map((row) => [spreads.get(row)?.leaking, spreads.get(row)?.spread]),
    [
      [1, 'in-one'],
      [2, 'in-some'],
      [2, 'in-some'],
    ],
  );
});

test('pods of other owners and other containers of a pod are no replicas', () => {
  const rows = [
    replica('a', true, 10),
    { ...replica('a', false), container: 'proxy' },
    { ...replica('b', true, 9), owner: null },
  ];
  assert.equal(replicaSpreads(rows).get(rows[0]!)?.spread, 'single');
});
