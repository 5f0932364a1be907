import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type KnownContainer, sidecarsIn } from '../../../src/fleet/sidecars.ts';
import { keyText } from '../../../src/inputs/prometheus/container-key.ts';
import { apiOf } from '../../support/answering-server.ts';

const known = (pod: string, container: string, id: string): KnownContainer => ({
  key: { cluster: '', namespace: 'shop', pod, container },
  cgroupIds: [`/kubepods/burstable/pod1/${id}`],
});
const ORDERS = known('orders-1', 'app', 'abc123abc123ffff');
const PROXY = known('orders-1', 'proxy', 'def456def456ffff');
const CART = known('cart-1', 'app', '777777777777ffff');

const say = (pod: string, target: string, more: Readonly<Record<string, string>>, value = 1) => ({
  metric: { namespace: 'shop', pod, target, ...more },
  value: [1000, String(value)],
});

const sidecars = async (t: TestContext, result: readonly ReturnType<typeof say>[]) =>
  await sidecarsIn(
    await apiOf(t, (_, response) => response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))),
    'shop',
    [ORDERS, PROXY, CART],
    1000,
  );

test('a sidecar is joined to the container whose id it names, with its causes and the files that it exports', async (t) => {
  const found = await sidecars(t, [
    say('orders-1', 'def456def456', { __name__: 'memhound_target_info', container_id: 'def456def456' }),
    say('orders-1', 'def456def456', { __name__: 'memhound_verdict_trend', trend: 'stable' }, 0),
    say('orders-1', 'def456def456', { __name__: 'memhound_verdict_trend', trend: 'growing' }),
    say('orders-1', 'def456def456', { __name__: 'memhound_verdict_leak' }, 0),
    say('orders-1', 'def456def456', { __name__: 'memhound_verdict_confidence_ratio' }, 0.9),
    say('orders-1', 'def456def456', { __name__: 'memhound_verdict_cause_bytes_per_hour', cause: 'slab' }, 5),
    say('orders-1', 'def456def456', { __name__: 'memhound_verdict_cause_bytes_per_hour', cause: 'page-cache' }, 50),
    say('orders-1', 'def456def456', { __name__: 'memhound_file_resident_bytes', path: '/log' }, 4096),
  ]);
  assert.deepEqual(
    [...found],
    [
      [
        keyText(PROXY.key),
        {
          trend: 'growing',
          leak: false,
          confidence: 0.9,
          causes: [
            { cause: 'page-cache', bytesPerHour: 50 },
            { cause: 'slab', bytesPerHour: 5 },
          ],
          files: [{ path: '/log', residentBytes: 4096 }],
        },
      ],
    ],
  );
});

test('without an id the only container of the pod is meant; of several none, and one without a verdict says nothing', async (t) => {
  const found = await sidecars(t, [
    say('cart-1', 'x', { __name__: 'memhound_target_info', container_id: '' }),
    say('cart-1', 'x', { __name__: 'memhound_verdict_trend', trend: 'growing' }),
    say('orders-1', 'y', { __name__: 'memhound_target_info', container_id: '' }),
    say('orders-1', 'y', { __name__: 'memhound_verdict_trend', trend: 'growing' }),
    say('orders-1', 'z', { __name__: 'memhound_target_info', container_id: 'abc123abc123' }),
  ]);
  assert.deepEqual(
    [...found].map(([key, { leak }]) => [key, leak]),
    [[keyText(CART.key), null]],
  );
});
