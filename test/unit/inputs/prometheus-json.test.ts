import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrometheus } from '../../../src/inputs/prometheus-json.ts';

type Values = readonly (readonly [number, string])[];
const row = (name: string, values: Values, labels = {}) => ({ metric: { __name__: name, ...labels }, values });
const matrix = (...result: readonly unknown[]) => ({ status: 'success', data: { resultType: 'matrix', result } });
const parse = (...result: readonly unknown[]) => parsePrometheus(matrix(...result)).data;
/** Samples a minute apart, from minute `from`. */
const minutes = (from: number, ...values: readonly number[]): Values =>
  values.map((value, i) => [60 * (from + i), String(value)] as const);
const SHOP = { namespace: 'prod', pod: 'shop-0', container: 'shop' };

test('the answer for one container becomes fields, with heap pools added up', () => {
  const series = parse(
    row('container_memory_usage_bytes', minutes(0, 10, 20)),
    row('container_spec_memory_limit_bytes', minutes(0, 100, 100)),
    row('jvm_memory_used_bytes', minutes(0, 1, 2), { area: 'heap', id: 'Eden' }),
    row('jvm_memory_used_bytes', minutes(0, 3, 4), { area: 'heap', id: 'Old' }),
  );
  assert.deepEqual([...series.fields.get('usage')!], [10, 20]);
  assert.deepEqual([...series.fields.get('heap_used')!], [4, 6]);
  assert.equal(series.limitBytes, 100);
});

test('a container that restarted is one series with a restart where its labels change', () => {
  const series = parse(
    row('container_memory_rss', minutes(3, 5, 6), { ...SHOP, id: '/kubepods/pod1/b' }),
    row('container_memory_rss', minutes(0, 1, 2, 3), { ...SHOP, id: '/kubepods/pod1/a' }),
  );
  assert.deepEqual([...series.fields.get('anon')!], [1, 2, 3, 5, 6]);
  assert.deepEqual(series.events, [{ t: 180, type: 'restart' }]);
});

test('a run ends where the next one begins, although a range query repeats its last sample for five minutes', () => {
  const series = parse(
    row('container_memory_rss', minutes(0, 1, 2, 3, 3, 3, 3, 3, 3), { ...SHOP, id: '/kubepods/pod1/a' }),
    row('container_memory_rss', minutes(3, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9), { ...SHOP, id: '/kubepods/pod1/b' }),
  );
  assert.deepEqual([...series.fields.get('anon')!].slice(0, 5), [1, 2, 3, 7, 8]);
  assert.equal(series.t.length, 13);
});

test('two replicas that scrape the same container give each sample once, and fill the gaps of each other', () => {
  const labels = { ...SHOP, id: '/kubepods/pod1/a' };
  const series = parse(
    row('container_memory_rss', [...minutes(0, 1, 2, 3), ...minutes(20, 21, 22, 23, 24)], { ...labels, prometheus_replica: 'a' }),
    row(
      'container_memory_rss',
      minutes(0, 1, 2, 3, 4, 5).map(([t, value]) => [t + 7, value]),
      { ...labels, prometheus_replica: 'b' },
    ),
  );
  assert.deepEqual([...series.fields.get('anon')!], [1, 2, 3, 4, 5, 21, 22, 23, 24]);
  assert.deepEqual(series.events, []);
});

test('a start time that changes is a restart, where the install drops the labels that would tell', () => {
  const series = parse(
    row('container_memory_rss', minutes(0, 1, 2, 1, 2), SHOP),
    row('container_start_time_seconds', minutes(0, -60, -60, 100, 100), SHOP),
  );
  assert.deepEqual(series.events, [{ t: 120, type: 'restart' }]);
});

test('the limit is that of memory, also under the exported labels of kube-state-metrics, and 0 is no limit', () => {
  const usage = row('container_memory_usage_bytes', minutes(0, 10, 20), SHOP);
  const limit = (value: number, labels: object) => row('kube_pod_container_resource_limits', minutes(0, value, value), labels);
  const exported = { namespace: 'monitoring', pod: 'ksm-1', container: 'ksm' };
  const shop = { exported_namespace: 'prod', exported_pod: 'shop-0', exported_container: 'shop' };
  assert.equal(
    parse(usage, limit(100, { ...exported, ...shop, resource: 'memory' }), limit(2, { ...exported, ...shop, resource: 'cpu' }))
      .limitBytes,
    100,
  );
  assert.equal(parse(usage, row('kube_pod_container_resource_limits_memory_bytes', minutes(0, 70, 70), SHOP)).limitBytes, 70);
  assert.equal(parse(usage, row('container_spec_memory_limit_bytes', minutes(0, 0, 0), SHOP)).limitBytes, 'max');
  assert.equal(parse(usage, limit(100, { ...SHOP, pod: 'other', resource: 'memory' })).limitBytes, null);
});

test('pause containers, pod cgroups and slices are not counted, and the labels of older installs are known', () => {
  const old = { namespace: 'prod', pod_name: 'shop-0' };
  const series = parse(
    row('container_memory_rss', minutes(0, 1, 2), { ...old, container_name: 'shop', id: '/kubepods/pod1/a' }),
    row('container_memory_rss', minutes(0, 100, 100), { ...old, container_name: 'POD', id: '/kubepods/pod1/p' }),
    row('container_memory_rss', minutes(0, 100, 100), { ...old, id: '/kubepods/pod1' }),
    row('container_memory_rss', minutes(0, 100, 100), { id: '/' }),
    row('container_memory_rss', minutes(0, 100, 100), { id: '/system.slice' }),
  );
  assert.deepEqual([...series.fields.get('anon')!], [1, 2]);
});

test('tmpfs and kernel memory follow from what cAdvisor reports, and an underflow of unsigned numbers is a gap', () => {
  const series = parse(
    row('container_memory_usage_bytes', minutes(0, 100, 110), SHOP),
    row('container_memory_rss', minutes(0, 50, 50), SHOP),
    row('container_memory_cache', minutes(0, 40, 45), SHOP),
    row('container_memory_total_active_file_bytes', minutes(0, 10, 10), SHOP),
    row('container_memory_total_inactive_file_bytes', minutes(0, 20, 20), SHOP),
    row('container_memory_kernel_usage', minutes(0, 0, 0), SHOP),
    row('container_memory_swap', [...minutes(0, 5), [60, '1.8446744073709552e+19']], SHOP),
  );
  assert.deepEqual([...series.fields.get('shmem')!], [10, 15]);
  assert.deepEqual([...series.fields.get('kernel')!], [10, 15]);
  assert.deepEqual([...series.fields.get('swap')!], [5, Number.NaN]);
});

test('recording rules are read, but not where the metrics themselves are there: they cross restarts', () => {
  const recorded = row('node_namespace_pod_container:container_memory_rss', minutes(0, 1, 2, 1, 2), SHOP);
  assert.deepEqual([...parse(recorded).fields.get('anon')!], [1, 2, 1, 2]);
  const series = parse(
    recorded,
    row('container_memory_rss', minutes(0, 1, 2), { ...SHOP, id: '/kubepods/a' }),
    row('container_memory_rss', minutes(2, 1, 2), { ...SHOP, id: '/kubepods/b' }),
  );
  assert.deepEqual(series.events, [{ t: 120, type: 'restart' }]);
});

test('values of a JVM belong to the only container of their pod, at the times of its cgroup', () => {
  const series = parse(
    row('container_memory_rss', minutes(0, 1, 2), { ...SHOP, id: '/kubepods/a' }),
    row('container_memory_rss', minutes(2, 3, 4), { ...SHOP, id: '/kubepods/b' }),
    row(
      'jvm_memory_used_bytes',
      minutes(0, 10, 20, 30, 40).map(([t, value]) => [t + 11, value]),
      {
        namespace: 'prod',
        pod: 'shop-0',
        instance: '10.0.0.7:8080',
        area: 'heap',
        id: 'Old',
      },
    ),
    row('jvm_memory_max_bytes', minutes(0, 99, 99), { namespace: 'prod', pod: 'shop-0', area: 'heap', id: 'Old' }),
  );
  assert.deepEqual([...series.fields.get('heap_used')!], [10, 20, 30, 40]);
  assert.equal(series.heapMaxBytes, 99);
});

test('native histograms are left out, and warnings of the server are kept', () => {
  const rss = row('container_memory_rss', minutes(0, 1, 2), SHOP);
  const histogram = { metric: { __name__: 'rpc' }, histograms: [[0, { count: '1' }]] };
  const { data, warnings } = parsePrometheus({ ...matrix(rss, histogram), warnings: ['store a is down'] });
  assert.deepEqual([...data.fields.keys()], ['anon']);
  assert.deepEqual(warnings, ['store a is down']);
});

test('an answer that cannot be evaluated is refused with its own reason', () => {
  const refused = (json: unknown, reason: RegExp) => assert.throws(() => parsePrometheus(json), reason);
  const rss = (labels: object) => row('container_memory_rss', minutes(0, 1, 2), labels);
  refused(matrix(rss(SHOP), rss({ ...SHOP, pod: 'shop-1' })), /2 containers, such as prod\/shop-0\/shop and prod\/shop-1\/shop/);
  refused(matrix(), /is empty: no series matches/);
  refused(matrix(row('up', minutes(0, 1, 1))), /no series that memhound knows, but up/);
  refused(matrix({ metric: {}, values: minutes(0, 1, 2) }), /without a name/);
  refused(matrix(rss({ ...SHOP, container: 'POD' })), /no container/);
  refused(matrix(row('container_memory_rss', minutes(0, 1))), /fewer than two points/);
  refused({ status: 'success', data: { resultType: 'vector', result: [] } }, /matrix/);
  refused(
    { status: 'error', errorType: 'timeout', error: 'query timed out in expression evaluation' },
    /reports an error \(timeout\): query timed out/,
  );
});
