import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RangeReader, splitByPoints } from '../../../../src/fleet/read/query-range.ts';
import { apiOf } from '../../../support/answering-server.ts';

test('a range is read in parts of at most 11,000 points, and no point twice', () => {
  assert.deepEqual(splitByPoints({ from: 0, to: 600 }, 60), [{ from: 0, to: 600 }]);
  const parts = splitByPoints({ from: 0, to: 14 * 86_400 }, 60);
  assert.deepEqual(parts, [
    { from: 0, to: 10_999 * 60 },
    { from: 11_000 * 60, to: 14 * 86_400 },
  ]);
});

test('samples that are further apart than the server looks back are found between two steps, too', async (t) => {
  const asked: (string | null)[] = [];
  const api = await apiOf(t, async (request, response) => {
    asked.push(new URLSearchParams(Buffer.concat(await request.toArray()).toString()).get('query'));
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }));
  });
  const pods = [{ name: 'pod', operator: '=', value: 'a' }] as const;
  for (const step of [300, 900]) await new RangeReader(api, step).read(pods, { from: 0, to: 3600 }, 1);
  assert.deepEqual(asked, ['{pod="a"}', 'last_over_time({pod="a"}[900s])']);
});
