import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mock, test } from 'node:test';
import { explainVerdict } from '../../../src/cli/explain-verdict.ts';
import { diagnose } from '../../../src/diagnosis/verdict.ts';
import { causeShare, ruleContext } from '../../support/rule-context.ts';

const verdict = diagnose(ruleContext({ evaluation: { trend: 'growing', leak: true, causes: [causeShare('shmem')] } }));
const asked: Parameters<typeof explainVerdict>[0] = {
  host: '127.0.0.1',
  port: 0,
  tokenFile: null,
  target: null,
  ended: false,
  json: false,
};

/** Runs it against a server that gives these answers by path, and returns what it printed. */
async function run(answers: Readonly<Record<string, unknown>>, options: Partial<typeof asked> = {}) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    const answer = answers[new URL(request.url ?? '', 'http://localhost').pathname.replace('/api/v1/', '')];
    response.writeHead(answer === undefined ? 404 : 200);
    response.end(JSON.stringify(answer ?? { error: { code: 'no-data-yet', message: 'it was not kept' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [out, err] = [mock.method(console, 'log', () => {}), mock.method(console, 'error', () => {})];
  try {
    const code = await explainVerdict({ ...asked, port, ...options });
    const textOf = (calls: typeof out.mock.calls) => calls.map((call) => String((call.arguments as unknown[])[0])).join('\n');
    return { code, paths, out: textOf(out.mock.calls), err: textOf(err.mock.calls) };
  } finally {
    mock.restoreAll();
    server.close();
  }
}

test('the verdict of the memhound that runs is explained, and other targets are named', async () => {
  const other = { id: 'b', name: 'billing' };
  const { code, out } = await run({ verdict, targets: [{ id: 'x', name: 'x' }, other] });
  assert.equal(code, 0);
  assert.ok(out.startsWith(verdict.headline));
  assert.match(out, /The headline is by rule shmem-growth/);
  assert.match(out, /Other targets \(--target ID\): billing \(b\)$/);
});

test('of a container that ended, the target and epoch are asked, and what was not kept is said', async () => {
  const lastHour = { interval_s: 10, t: [0, 60], fields: { threads: [1, 2] } };
  const { out, paths } = await run({ verdict, samples: lastHour }, { ended: true, target: 'app' });
  assert.deepEqual(
    paths.sort(),
    ['ledger', 'samples', 'verdict'].map((path) => `/api/v1/${path}?target=app&epoch=-1`),
  );
  assert.match(out, /\n\nit was not kept\n\nThe last 60 seconds, until/);
  const json = JSON.parse((await run({ verdict, samples: lastHour }, { ended: true, json: true })).out);
  assert.deepEqual([json.ledger, json.lastHour, json.verdict.headline], [null, lastHour, verdict.headline]);
});

test('where nothing answers, or nothing has ended, the error says so', async () => {
  const { code, err } = await run({}, { ended: true });
  assert.deepEqual([code, err], [1, 'memhound explain: it was not kept']);
  const nobody = await run({}, { port: 1 });
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /127\.0\.0\.1:1: expected a running memhound .*, found that nothing listens there;/);
});
