import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, get as httpGet } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocket } from 'ws';
import type { TargetInfo, Verdict } from '../../../src/diagnosis/types.ts';
import { type Api, createApi } from '../../../src/outlets/http.ts';
import { attachLive } from '../../../src/outlets/live.ts';
import { createLog, type Log } from '../../../src/outlets/log.ts';
import { logNotifications } from '../../../src/outlets/notifications.ts';
import { createOps } from '../../../src/outlets/ops.ts';
import { ApiError, type LiveMessage, type Status } from '../../../src/outlets/status.ts';
import { startWebhook } from '../../../src/outlets/webhook.ts';
import { smallestRangeFor } from '../../../src/ranges.ts';

const target: TargetInfo = {
  id: 'app',
  name: 'app',
  container: 'app',
  pid: 7,
  reach: 'shared-pid-namespace',
  cgroup: { version: 2, path: '/app' },
  limitBytes: 2 ** 30,
  otherJvms: [],
  jvm: null,
};
const verdict: Verdict = {
  schema: 'memhound.verdict/2',
  at: '2026-11-23T00:00:00.000Z',
  target,
  trend: 'growing',
  leak: true,
  confidence: 0.97,
  cause: 'heap',
  causes: [{ cause: 'heap', bytesPerHour: 1e6, reclaimable: false, what: null }],
  headline: "The Java heap's floor after GC rises 24 MB a day.",
  headlineParts: [{ kind: 'text', text: "The Java heap's floor after GC rises 24 MB a day." }],
  headlineRule: 'heap-floor',
  eta: { event: 'heap-exhausted', seconds: 3600, low: 3000, high: 4000 },
  etas: [{ event: 'heap-exhausted', seconds: 3600, low: 3000, high: 4000 }],
  ended: null,
  needs: null,
  causeBasis: [],
  findings: [],
  growth: { anon: null },
  fields: {
    usage: {
      trend: 'growing',
      slopeBytesPerHour: 1e6,
      low: 9e5,
      high: 1.1e6,
      p: 0.001,
      points: 100,
      windowSeconds: 3600,
      basis: { segments: [0], line: null, modelProbabilities: [], statistics: {}, reason: '' },
    },
  },
};
const events = new EventEmitter();
let noTarget: ApiError | null = null;
/** From where the last samples were asked, epoch seconds. */
let askedToRelease = false;
let samplesFrom: number | null = null;
const see = <T>(id: string | undefined, value: T): T => {
  if (noTarget !== null) throw noTarget;
  if (id !== undefined && id !== 'app') throw new ApiError('unknown-target', 404, `there is no target ${id}`);
  return value;
};
const status: Status = {
  targets: () => (noTarget === null ? [{ ...target, failures: [] }] : []),
  verdict: (id) => see(id, verdict),
  ledger: async (id) =>
    see(id, { at: verdict.at, totalBytes: 1, limitBytes: 'max', boundBytes: 1, unexplainedBytes: 0, boundNote: '', parts: [] }),
  finalReport(id, epoch) {
    if (epoch < -2) throw new ApiError('no-data-yet', 404, 'no container has ended 3 times yet since this history began');
    return see(id, { verdict, ledger: epoch === -1 ? { totalBytes: 7 } : null, lastHour: epoch === -1 ? { t: [1, 2] } : null });
  },
  views: (id) => see(id, []),
  files: (id) => see(id, []),
  jvm: (id) => see(id, { jvm: null, reason: 'none' }),
  culprit: (id) => see(id, { state: 'none', causes: [] }),
  startCulprit: (id, cause, forSeconds, release) => {
    askedToRelease = release;
    return see(id, {
      state: 'running',
      cause,
      forSeconds,
      since: verdict.at,
      looks: 4,
      looksDone: 0,
      cancelled: false,
      causes: [],
    });
  },
  cancelCulprit: (id) => see(id, { state: 'none', causes: [] }),
  histogram: async (id) => see(id, { at: verdict.at, since: null, largest: [], grown: [], durationMs: 1 }),
  samples: async (q) => {
    samplesFrom = q.fromS;
    return see(q.target, {
      interval_s: 10,
      limit_bytes: null,
      heap_max_bytes: null,
      request_bytes: null,
      t: [q.points ?? 0],
      fields: new Map(),
      aux: { events: [] },
    });
  },
  self: () => ({ rssBytes: 5, cpuSeconds: 1 }),
  ready: () => ({ ready: noTarget === null, reason: noTarget?.message ?? 'sampling' }),
  latest: () => [
    {
      target,
      sample: {
        atMs: 0,
        epoch: 'a',
        values: { usage: 123, threads: 4, oom_kill: 1 },
        limitBytes: 2 ** 30,
        heapMaxBytes: null,
        failures: [],
      },
      verdict,
      parts: () => ({ ledger: null, jvm: null, files: () => [] }),
    },
  ],
  on(listener) {
    events.on('message', listener);
    return () => events.off('message', listener);
  },
};
const emit = (message: LiveMessage) => events.emit('message', message);
const lines: string[] = [];
const log: Log = createLog({ format: 'json', level: 'debug', write: (line) => void lines.push(line) });

let api: Api;
let live: ReturnType<typeof attachLive>;
let ops: Awaited<ReturnType<typeof createOps>>;
const options = { host: '127.0.0.1', port: 0, allowHosts: ['pod.example'], token: null, webDir: null, version: '1.2.3', log };
before(async () => {
  api = await createApi(status, options);
  live = attachLive(api, status, { ...options, everySeconds: 10, attach: false });
  ops = await createOps(status, { host: '127.0.0.1', port: 0, log, metrics: { files: 0, pod: 'orders-1' } });
});
after(async () => {
  await live.close();
  await Promise.all([api.close(), ops.close()]);
});

/** One request with headers that fetch would not let us set. */
const ask = (
  path: string,
  headers: Record<string, string> = {},
  base = api.url,
): Promise<{
  status: number;
  headers: Record<string, unknown>; // biome-ignore lint/suspicious/noExplicitAny: any JSON that the server may answer
  body: any;
}> =>
  new Promise((resolve, reject) => {
    httpGet(new URL(path, base), { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (c: string) => {
        text += c;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
        }),
      );
    }).on('error', reject);
  });

describe('the API', () => {
  test('answers a verdict with how it was reached, and lets nothing be cached', async () => {
    const { status: code, headers, body } = await ask('/api/v1/verdict');
    assert.deepEqual(
      [code, body.headline, headers['memhound-reach'], headers['cache-control']],
      [200, verdict.headline, 'shared-pid-namespace', 'no-store'],
    );
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe-inline/);
  });

  test('a gate that is hit answers 409 with the verdict', async () => {
    for (const gate of ['leak', 'growing', 'unsure'])
      assert.equal((await ask(`/api/v1/verdict?fail-on=${gate}`)).status, 409, gate);
    assert.equal((await ask('/api/v1/verdict?fail-on=nothing')).status, 400);
  });

  test('no target is 503 with the lines that fix it, and no gate passes by it', async () => {
    noTarget = new ApiError('no-target', 503, 'memhound sees only itself', 'shareProcessNamespace: true');
    try {
      for (const path of ['verdict', 'verdict?fail-on=leak', 'ledger', 'files']) {
        const { status: code, body } = await ask(`/api/v1/${path}`);
        assert.deepEqual(
          [code, body.error.code, body.error.remediation],
          [503, 'no-target', 'shareProcessNamespace: true'],
          path,
        );
      }
      assert.equal((await ask('/readyz', {}, ops.url)).status, 503);
    } finally {
      noTarget = null;
    }
  });

  test('the ledger and the last hour of a container that ended are given as they were kept, or the answer says that they were not', async () => {
    assert.deepEqual((await ask('/api/v1/ledger?epoch=-1')).body, { totalBytes: 7 });
    assert.deepEqual((await ask('/api/v1/samples?epoch=-1')).body, { t: [1, 2] });
    const { status: code, body } = await ask('/api/v1/ledger?epoch=-2');
    assert.deepEqual([code, body.error.message], [404, 'the ledger of this container was not kept; its verdict was']);
    assert.equal((await ask('/api/v1/samples?epoch=-3')).status, 404);
    assert.equal((await ask('/api/v1/samples?epoch=0')).body.interval_s, 10, '0: the container that runs');
  });

  test('what is wrong with a request is said in one form', async () => {
    const table: readonly (readonly [string, number, string])[] = [
      ['/api/v1/nonsense', 404, 'unknown-path'],
      ['/api/v1/verdict?target=x', 404, 'unknown-target'],
      ['/api/v1/verdict?colour=red', 400, 'bad-request'],
      ['/api/v1/samples?points=0', 400, 'bad-request'],
      ['/api/v1/samples?points=1e9', 400, 'bad-request'],
      ['/api/v1/samples?from=abc', 400, 'bad-request'],
      ['/api/v1/samples?from=9&to=3', 400, 'bad-request'],
      ['/api/v1/samples?envelope=1', 400, 'bad-request'],
      ['/api/v1/samples?fields=a&fields=b', 400, 'bad-request'],
      ['/api/v1/verdict?epoch=x', 400, 'bad-request'],
      ['/%E0%A4%A', 404, 'unknown-path'],
    ];
    for (const [path, code, name] of table) {
      const answer = await ask(path);
      assert.deepEqual([answer.status, answer.body.error?.code], [code, name], path);
      assert.ok(!JSON.stringify(answer.body).includes('node_modules'), path);
    }
  });

  test('samples from=verdict begin with the smallest range that covers the window of the verdict', async () => {
    const judgedS = Date.parse(verdict.at) / 1000;
    assert.equal((await ask('/api/v1/samples?from=verdict&points=600')).status, 200);
    assert.equal(samplesFrom, judgedS - 3600);
    assert.deepEqual(
      [0, 900, 1000, 21_600, 90_000, 604_800, 700_000].map((windowSeconds) => smallestRangeFor({ usage: { windowSeconds } })),
      [900, 900, 3600, 21_600, 604_800, 604_800, null],
    );
  });

  test('a foreign Host or Origin is refused, a port-forwarded or allowed one is not', async () => {
    for (const host of ['evil.example', 'evil.example:8800', '127.0.0.1.evil.example'])
      assert.equal((await ask('/api/v1/self', { host })).status, 403, host);
    for (const host of ['localhost:31337', '127.0.0.1:1', '[::1]:5', 'pod.example'])
      assert.equal((await ask('/api/v1/self', { host })).status, 200, host);
    assert.equal((await ask('/api/v1/self', { origin: 'http://evil.example' })).status, 403);
    assert.equal((await ask('/api/v1/self', { origin: api.url })).status, 200);
  });

  test('a search for a culprit begins and is cancelled with a token, and its parameters are checked', async (t) => {
    const guarded = await createApi(status, { ...options, token: 'secret-7' });
    t.after(() => guarded.close());
    const ask = async (method: string, query = '', url = guarded.url) => {
      const headers = { authorization: 'Bearer secret-7' };
      const answer = await fetch(`${url}/api/v1/culprit${query}`, { method, ...(url === guarded.url ? { headers } : {}) });
      return { status: answer.status, body: JSON.stringify(await answer.json()) };
    };
    for (const method of ['POST', 'DELETE']) assert.equal((await ask(method, '', api.url)).status, 403);
    assert.equal((await ask('GET', '', api.url)).status, 200);
    assert.match((await ask('PUT')).body, /takes GET, POST, DELETE, found PUT/);
    assert.match((await ask('POST')).body, /"cause":"heap","forSeconds":60/);
    assert.equal((await ask('POST', '?cause=native&release=true')).status, 200);
    assert.equal(askedToRelease, true);
    assert.equal((await ask('POST', '?cause=heap&release=true')).status, 400);
    assert.match((await ask('POST', '?cause=metaspace&for=3600')).body, /"cause":"metaspace","forSeconds":3600/);
    for (const wrong of ['?cause=disk', '?for=0', '?for=3601', '?for=1.5', '?other=1'])
      assert.equal((await ask('POST', wrong)).status, 400, wrong);
    assert.equal((await ask('DELETE')).status, 200);
  });

  test('a histogram, which costs the JVM a collection, needs POST and always a token', async () => {
    const url = `${api.url}/api/v1/jvm/histogram`;
    assert.equal((await fetch(url, { method: 'POST' })).status, 403);
    assert.equal((await fetch(url)).status, 405);
    const guarded = await createApi(status, { ...options, token: 'secret-7' });
    try {
      const post = (headers: Record<string, string>) =>
        fetch(`${guarded.url}/api/v1/jvm/histogram`, { method: 'POST', headers }).then((answer) => answer.status);
      assert.equal(await post({}), 401);
      assert.equal(await post({ Authorization: 'Bearer secret-7' }), 200);
      assert.equal(await post({ Authorization: 'Bearer secret-7', Origin: 'http://evil.example' }), 403);
    } finally {
      await guarded.close();
    }
  });

  test('with a token every request needs it', async () => {
    const guarded = await createApi(status, { ...options, token: 'secret-7' });
    try {
      assert.equal((await ask('/api/v1/self', {}, guarded.url)).status, 401);
      assert.equal((await ask('/api/v1/self', { authorization: 'Bearer wrong' }, guarded.url)).status, 401);
      assert.equal((await ask('/api/v1/self', { authorization: 'Bearer secret-7' }, guarded.url)).status, 200);
      const page = await ask('/api/v1/self?token=secret-7', {}, guarded.url);
      assert.match(String(page.headers['set-cookie']), /memhound_token=secret-7; Path=\/; HttpOnly; SameSite=Strict/);
    } finally {
      await guarded.close();
    }
  });

  test('openapi.json lists every path with its parameters', async () => {
    const { body } = await ask('/openapi.json');
    assert.equal(body.openapi, '3.1.0');
    assert.ok(body.paths['/api/v1/samples'].get.parameters.some((p: { name: string }) => p.name === 'points'));
    for (const [path, item] of Object.entries(body.paths))
      if ('get' in (item as object)) assert.equal((await ask(path)).status, 200, path);
  });

  test('an address that is taken is an error that names the port', async () => {
    const { port } = api.server.address() as AddressInfo;
    await assert.rejects(createApi(status, { ...options, port }), { code: 'EADDRINUSE', port });
  });
});

describe('the live channel', () => {
  const open = (headers: Record<string, string> = {}): WebSocket =>
    new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/live`, { headers });

  test('begins with hello and continues with events', async () => {
    const socket = open();
    const [hello] = await once(socket, 'message');
    assert.deepEqual([JSON.parse(hello).type, JSON.parse(hello).verdicts.app.trend], ['hello', 'growing']);
    const next = once(socket, 'message');
    emit({ type: 'sample', target: 'app', at: verdict.at, limitBytes: 'max', values: { usage: 1 } });
    assert.equal(JSON.parse((await next)[0]).values.usage, 1);
    socket.terminate();
  });

  test('is refused to another site and to another path', async () => {
    const evil = open({ origin: 'http://evil.example' });
    const [, refusal] = await once(evil, 'unexpected-response');
    assert.equal(refusal.statusCode, 403);
    const lost = new WebSocket(`${api.url.replace('http', 'ws')}/elsewhere`);
    assert.equal((await once(lost, 'unexpected-response'))[1].statusCode, 404);
  });
});

/** The status of a request whose target is sent as it stands, which fetch and http.request would change. */
function rawStatus(base: string, target: string): Promise<number> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])));
    socket.on('error', reject);
  });
}

describe('the public port', () => {
  test('answers health, readiness and metrics, and nothing else', async () => {
    assert.equal((await ask('/healthz', {}, ops.url)).status, 200);
    assert.equal((await ask('/readyz', {}, ops.url)).status, 200);
    assert.equal((await ask('/api/v1/verdict', {}, ops.url)).status, 404);
  });

  test('targets that are no URL are answered like any unknown path, on both ports', async () => {
    for (const target of ['//', '//a/b', '/%', 'http:', '*', '/?token=%']) {
      for (const url of [ops.url, api.url]) {
        const status = await rawStatus(url, target);
        assert.ok([200, 400, 404].includes(status), `${target} at ${url}: ${status}`);
      }
    }
    assert.equal((await ask('/healthz', {}, ops.url)).status, 200);
  });

  test('metrics carry help, units and states, and no path or file', async () => {
    const { body } = await ask('/metrics', {}, ops.url);
    assert.match(body, /^# HELP memhound_field_bytes /m);
    assert.match(body, /^memhound_field_bytes\{target="app",field="usage"\} 123$/m);
    assert.match(body, /^memhound_verdict_leak\{target="app"\} 1$/m);
    assert.match(body, /^memhound_verdict_trend\{target="app",trend="growing"\} 1$/m);
    assert.match(body, /^memhound_verdict_eta_seconds\{target="app",event="heap-exhausted"\} 3600$/m);
    assert.doesNotMatch(body, /\/tmp|spring|pid=/);
  });
});

describe('log and webhook', () => {
  test('each change of the verdict is one line, the same verdict again is none, and an OOM kill is known by its kind and not by its text', () => {
    lines.length = 0;
    const end = logNotifications(status, log);
    emit({ type: 'verdict', target: 'app', verdict });
    emit({ type: 'verdict', target: 'app', verdict: { ...verdict, confidence: 0.98 } });
    emit({ type: 'verdict', target: 'app', verdict: { ...verdict, trend: 'stable', leak: false, cause: 'none', causes: [] } });
    emit({ type: 'restart', kind: 'oom-kill', target: 'app', at: verdict.at, reason: 'a process was killed' });
    emit({ type: 'restart', kind: 'restart', target: 'app', at: verdict.at, reason: 'OOM kill, then a restart' });
    end();
    const said = lines.map((l) => JSON.parse(l));
    assert.deepEqual(
      said.map((l) => [l.level, l.event]),
      [
        ['warn', 'verdict'],
        ['info', 'verdict'],
        ['warn', 'oom-kill'],
        ['info', 'restart'],
      ],
    );
    assert.deepEqual([said[0].headline, said[0].eta.seconds], [verdict.headline, 3600]);
  });

  test('a name from the container cannot forge a line of the log, in either form', () => {
    for (const format of ['json', 'text'] as const) {
      const out: string[] = [];
      createLog({ format, level: 'info', write: (l) => void out.push(l) }).info(
        { path: '/tmp/a\n{"level":"error"}\u001b[2J' },
        'seen',
      );
      assert.equal(out.length, 1);
      assert.equal(out[0]!.trim().split('\n').length, 1);
      assert.ok(!out[0]!.includes('\u001b'));
    }
  });

  test('the webhook tries again until it is taken, in order, and never logs its path', async () => {
    const got: { event: string; headline: string }[] = [];
    let failures = 2;
    const receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (c) => {
        text += c;
      });
      request.on('end', () => {
        if (failures-- > 0) response.writeHead(503).end();
        else {
          got.push(JSON.parse(text));
          response.end('ok');
        }
      });
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    lines.length = 0;
    const hook = startWebhook(status, {
      url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/secret-path`,
      log,
      backoffMs: 1,
    });
    emit({ type: 'verdict', target: 'app', verdict });
    emit({ type: 'restart', kind: 'restart', target: 'app', at: verdict.at, reason: 'the container was restarted' });
    await hook.idle();
    hook.close();
    await new Promise((done) => receiver.close(done));
    assert.deepEqual(
      got.map((g) => g.event),
      ['verdict', 'restart'],
    );
    assert.equal(lines.length, 2);
    assert.ok(!lines.join('').includes('secret-path'));
  });

  test('a webhook that never answers is given up for this news, which the log says, and the next news is sent', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const [silent, got] = [new Set<string>(), new Set<string>()];
    const receiver = createServer(async (request, response) => {
      const { event } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { event: string };
      if (event === 'restart') {
        got.add(event);
        response.end();
        return;
      }
      if (silent.size === 0) collectGarbage(); // as it happens sooner or later
      silent.add(event);
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    lines.length = 0;
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const hook = startWebhook(status, { url, log, backoffMs: 1, timeoutMs: 300 });
    emit({ type: 'verdict', target: 'app', verdict });
    emit({ type: 'restart', kind: 'restart', target: 'app', at: verdict.at, reason: 'the container was restarted' });
    await hook.idle();
    hook.close();
    receiver.closeAllConnections();
    await new Promise((done) => receiver.close(done));
    assert.deepEqual([[...silent], [...got]], [['verdict'], ['restart']]);
    assert.match(lines.join('\n'), /"failure":"TimeoutError","msg":"the webhook did not accept the message, which is dropped"/);
  });

  test('a webhook that is no http URL is refused', () => {
    assert.throws(() => startWebhook(status, { url: 'file:///etc/passwd', log }), TypeError);
    assert.throws(() => startWebhook(status, { url: 'nonsense', log }), TypeError);
  });
});
