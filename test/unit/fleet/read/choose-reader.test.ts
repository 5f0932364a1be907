import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PrometheusApi } from '../../../../src/fleet/http/prometheus-api.ts';
import { chooseReader, readerFor } from '../../../../src/fleet/read/choose-reader.ts';
import { keyOf, keyText } from '../../../../src/inputs/prometheus/container-key.ts';
import { apiOf } from '../../../support/answering-server.ts';

const RANGE = { from: 0, to: 3600 };
const NO_SAMPLES = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } });

/** The way that is chosen for a server that answers `api/v1/read` and `api/v1/export` with these statuses, and queries as Prometheus does. */
async function wayFor(t: TestContext, statuses: { readonly read: number; readonly export: number }): Promise<string> {
  const api = await apiOf(t, async (request, response) => {
    await request.toArray();
    if (request.url === '/api/v1/read') response.writeHead(statuses.read).end();
    else if (request.url === '/api/v1/export') response.writeHead(statuses.export).end();
    else response.end(NO_SAMPLES);
  });
  const { way } = await chooseReader(api, [{ name: 'pod', operator: '!=', value: '' }], 'pod', RANGE, null);
  return way;
}

test('what a server does not have, or a proxy does not let through, leads to the next way', async (t) => {
  assert.equal(await wayFor(t, { read: 404, export: 404 }), 'query-range');
  assert.equal(await wayFor(t, { read: 403, export: 403 }), 'query-range');
  assert.equal(await wayFor(t, { read: 404, export: 200 }), 'export');
});

test('a server that wants credentials for remote read or export is an error, not one without them', async (t) => {
  await assert.rejects(wayFor(t, { read: 401, export: 200 }), /api\/v1\/read answers 401: it wants credentials/);
  await assert.rejects(wayFor(t, { read: 404, export: 401 }), /api\/v1\/export answers 401: it wants credentials/);
});

test('the scrape interval is that of some pods, whose samples are asked for alone', async (t) => {
  const asked: string[] = [];
  const api = await apiOf(t, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const query = new URLSearchParams(body).get('query') ?? '';
    asked.push(query);
    const labels = { pod: 'a.b' };
    response.end(
      JSON.stringify({
        status: 'success',
        data: query.startsWith('topk')
          ? { resultType: 'vector', result: [{ metric: labels, value: [3600, '1'] }] }
          : {
              resultType: 'matrix',
              result: [
                {
                  metric: labels,
                  values: [
                    [3000, '1'],
                    [3030, '1'],
                    [3060, '1'],
                  ],
                },
              ],
            },
      }),
    );
  });
  const plan = await chooseReader(api, [{ name: 'ns', operator: '=', value: 'x' }], 'pod', RANGE, 'query-range');
  assert.deepEqual(plan, { way: 'query-range', stepSeconds: 30 });
  assert.deepEqual(asked, ['topk(20, {ns="x"})', '{ns="x",pod="a.b"}[1h]']);
});

test('clusters that are told apart by another label have keys of their own, however they are read', async (t) => {
  const metric = (cluster: string) => ({
    __name__: 'container_memory_rss',
    k8s: cluster,
    namespace: 'a',
    pod: 'db-0',
    container: 'db',
  });
  const { client } = await apiOf(t, async (request, response) => {
    await request.toArray();
    const rows = ['east', 'west'].map((cluster) => ({ metric: metric(cluster), values: [[60, '1']], value: [60, '1'] }));
    const resultType = request.url?.includes('query_range') ? 'matrix' : 'vector';
    const data = request.url?.includes('series') ? rows.map((row) => row.metric) : { resultType, result: rows };
    response.end(JSON.stringify({ status: 'success', data }));
  });
  const api = new PrometheusApi(client, 'k8s');
  const keys = ['east/a/db-0/db', 'west/a/db-0/db'];
  const reader = readerFor(api, { way: 'query-range', stepSeconds: 60 });
  const pods = [{ name: 'pod', operator: '=', value: 'db-0' }] as const;
  const read = await reader.read(pods, { from: 0, to: 60 }, 1);
  assert.deepEqual(
    read.map(({ labels }) => keyText(keyOf(labels))),
    keys,
  );
  assert.deepEqual(
    (await api.instant('x', 60)).map(({ labels }) => keyText(keyOf(labels))),
    keys,
  );
  assert.deepEqual(
    (await api.series(['x'], RANGE)).map((labels) => keyText(keyOf(labels))),
    keys,
  );
});
