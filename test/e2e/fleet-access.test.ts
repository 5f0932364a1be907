import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { PbfWriter } from 'pbf';
import { crc32c } from '../../src/fleet/read/crc32c.ts';
import { fleetOf } from '../../synthetic/fleet/fleet.ts';
import { seriesOf } from '../../synthetic/fleet/installs.ts';
import { Random } from '../../synthetic/random.ts';
import { type FleetServer, startPrometheus } from '../support/fleet-servers.ts';
import { MEMHOUND } from '../support/memhound.ts';
import { missingRequirements, program } from '../support/needs.ts';
import { run, start } from '../support/process.ts';

/** Until now, since --watch has no other end. */
const PLACE = { toS: Math.floor(Date.now() / 1000), hours: 48, stepS: 300 };
const made = [...fleetOf({ seed: 5, containers: 8, hours: PLACE.hours, stepS: PLACE.stepS, leaking: 0.5 })];

describe('memhound fleet on a server that is not open to all, or does not answer as it should', {
  skip: missingRequirements('prometheus', 'openssl'),
  timeout: 300_000,
}, () => {
  let prometheus: FleetServer;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'memhound-access-'));
    const random = new Random(3);
    prometheus = await startPrometheus(made.flatMap((container) => [...seriesOf(container, 'plain', PLACE, random)]));
  });
  after(async () => {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  });

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const args = (url: string, ...more: readonly string[]) => [
    ...[MEMHOUND, 'fleet', '--prometheus', url, '--since', '2d', '--until', String(PLACE.toS)],
    ...more,
  ];
  const fleet = (url: string, ...more: readonly string[]) => run(process.execPath, args(url, ...more));
  const rowsIn = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { readonly namespace?: string; readonly missing?: { readonly what: string; readonly why: string } },
      );

  /** Passes a request on to Prometheus. */
  const pass = async (body: Buffer, request: IncomingMessage, answer: Parameters<RequestListener>[1]): Promise<void> => {
    const headers = { ...request.headers } as Record<string, string>;
    for (const name of ['host', 'connection', 'content-length']) delete headers[name];
    const got = await fetch(`${prometheus.url}${request.url}`, {
      method: request.method!,
      headers,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    answer.writeHead(got.status, { 'content-type': got.headers.get('content-type') ?? '' });
    answer.end(Buffer.from(await got.arrayBuffer()));
  };

  /** A server before Prometheus; `refuses` gives a status, or null to let a request through. */
  async function proxy(
    t: TestContext,
    refuses: (request: IncomingMessage) => number | null,
    tls: Parameters<typeof createTlsServer>[0] | null = null,
  ): Promise<string> {
    const listener: RequestListener = async (request, answer) => {
      const body = Buffer.concat(await request.toArray());
      const status = refuses(request);
      if (status === null) await pass(body, request, answer);
      else answer.writeHead(status).end();
    };
    return await listen(
      t,
      tls === null ? createServer(listener) : createTlsServer(tls, listener),
      tls === null ? 'http' : 'https',
    );
  }

  async function listen(t: TestContext, server: ReturnType<typeof createServer>, scheme: string): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A key, and a certificate for this machine that `authority` has signed; null: it signs itself. */
  async function certificate(name: string, authority: string | null): Promise<{ readonly key: string; readonly cert: string }> {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const signed =
      authority === null ? [] : ['-CA', join(folder, `${authority}.pem`), '-CAkey', join(folder, `${authority}.key`)];
    const { code, stderr } = await run(program('openssl'), [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert, ...signed],
    ]);
    assert.equal(code, 0, stderr);
    return { key, cert };
  }

  test('a bearer token, a user with password, and headers come from files', async (t) => {
    const wanted = {
      'Bearer t0ken': ['--bearer-token-file', file('token', 't0ken\n')],
      [`Basic ${Buffer.from('ann:s:ecret').toString('base64')}`]: ['--basic-auth-file', file('user', 'ann:s:ecret\n')],
    };
    for (const [authorization, options] of Object.entries(wanted)) {
      const url = await proxy(t, ({ headers }) => (headers.authorization === authorization ? null : 401));
      assert.equal((await fleet(url, ...options)).code, 0);
      const without = await fleet(url);
      assert.equal(without.code, 1);
      assert.match(without.stderr, /answers 401: it wants credentials; give them with --bearer-token-file or --basic-auth-file/);
    }
    const tenant = await proxy(t, ({ headers }) => (headers['x-scope-orgid'] === 'prod' ? null : 403));
    assert.equal((await fleet(tenant, '--header-file', file('headers', '# tenant\nX-Scope-OrgID: prod\n'))).code, 0);
    assert.match((await fleet(tenant)).stderr, /answers 403: .*--header-file \(X-Scope-OrgID\)/);
  });

  test('a server whose certificate a private authority has signed, and one that wants a certificate of the client', async (t) => {
    const authority = await certificate('authority', null);
    const server = await certificate('server', 'authority');
    const client = await certificate('client', 'authority');
    const pem = (path: string): string => readFileSync(path, 'utf8');
    const tls = { key: pem(server.key), cert: pem(server.cert), ca: pem(authority.cert) };
    const url = await proxy(t, () => null, tls);
    assert.equal((await fleet(url, '--ca-file', authority.cert)).code, 0);
    assert.match((await fleet(url)).stderr, /its certificate is not accepted \(\w+\): name the authority .* --ca-file/);

    const strict = await proxy(t, () => null, { ...tls, requestCert: true });
    const trust = ['--ca-file', authority.cert];
    const own = await fleet(strict, ...trust, '--cert-file', client.cert, '--key-file', client.key);
    assert.equal(own.code, 0, own.stderr);
    const anonymous = await fleet(strict, ...trust);
    assert.equal(anonymous.code, 1);
    assert.match(anonymous.stderr, /does not answer/);
  });

  test('another host to which the server redirects gets no credentials, and its answers are taken', async (t) => {
    const seen: IncomingMessage[] = [];
    const other = await proxy(t, (request) => {
      seen.push(request);
      return null;
    });
    const url = await listen(
      t,
      createServer((request, answer) => answer.writeHead(307, { location: `${other}${request.url}` }).end()),
      'http',
    );
    const { code, stdout } = await fleet(
      url,
      ...['--json', '--bearer-token-file', file('token', 't0ken'), '--header-file', file('headers', 'X-Scope-OrgID: prod\n')],
    );
    assert.equal(code, 0);
    assert.ok(rowsIn(stdout).length >= made.length - 2);
    assert.ok(seen.length > 5);
    for (const { headers } of seen) assert.deepEqual([headers.authorization, headers['x-scope-orgid']], [undefined, undefined]);
  });

  test('--watch repeats the answer until it is interrupted', async () => {
    const options = ['--prometheus', prometheus.url, '--since', '2d', '--watch', '1s'];
    const watching = start([process.execPath, [MEMHOUND, 'fleet', ...options]]);
    let rounds = 0;
    await watching.line((line) => /^\d+ containers: /.test(line) && ++rounds === 2);
    assert.deepEqual(await watching.stop('SIGTERM'), { code: 0, signal: null });
    const fixed = await fleet(prometheus.url, '--watch', '1s');
    assert.equal(fixed.code, 2);
    assert.match(fixed.stderr, /--until ends a range once, and --watch reads to the present each time: expected one of them/);
  });

  test('an answer that is no object of Prometheus names who gave it', async (t) => {
    const url = await listen(
      t,
      createServer((_, answer) => answer.end('[]')),
      'http',
    );
    const { code, stderr } = await fleet(url);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`the answer of ${url}/api/v1/\\S+ must be a JSON object with status and data, found \\[\\]`));
  });

  /** Answers to reads of samples of one namespace are those of `spoilt`; the others are Prometheus' own. */
  async function spoiling(t: TestContext, spoilt: RequestListener): Promise<string> {
    const { namespace } = made[0]!;
    return await listen(
      t,
      createServer(async (request, answer) => {
        const body = Buffer.concat(await request.toArray());
        const isRead = request.url === '/api/v1/read' && body.includes(namespace);
        if (isRead) spoilt(request, answer);
        else await pass(body, request, answer);
      }),
      'http',
    );
  }

  /** A frame of remote read with one series, see src/fleet/read/remote-read.ts. */
  function frameOfLabels(count: number): Buffer {
    const writer = new PbfWriter();
    writer.writeMessage(
      1,
      (_: null, series) => {
        for (let i = 0; i < count; i++) series.writeMessage(1, writeLabel, `l${i}`);
      },
      null,
    );
    const message = writer.finish();
    const head: number[] = [];
    for (let left = message.length; ; left >>>= 7) {
      head.push((left & 127) | (left > 127 ? 128 : 0));
      if (left <= 127) break;
    }
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32c(message));
    return Buffer.concat([Buffer.from(head), sum, message]);
  }
  const writeLabel = (name: string, label: PbfWriter): void => {
    label.writeStringField(1, name);
    label.writeStringField(2, 'v');
  };

  for (const [what, spoilt, why] of [
    [
      'slow: it sends a byte now and then',
      (_, answer) => {
        answer.writeHead(200, { 'content-type': 'application/x-streamed-protobuf' });
        const timer = setInterval(() => answer.write(Buffer.of(128)), 100);
        answer.once('close', () => clearInterval(timer));
      },
      /breaks off in the middle of its answer: \d+ bytes in \d+ s, expected 16384 in each second after the first 1; --timeout allows more/,
    ],
    ['failing', (_, answer) => void answer.writeHead(500).end('the disk is broken'), /answers 500 \(the disk is broken\)/],
    [
      'answering half: it ends in the middle',
      (_, answer) => {
        answer.writeHead(200, { 'content-type': 'application/x-streamed-protobuf' });
        answer.end(Buffer.of(200, 1, 1, 2, 3));
      },
      /remote read ends within a frame/,
    ],
    [
      'lying: it lists containers and has no samples of them',
      (_, answer) => void answer.writeHead(200, { 'content-type': 'application/x-streamed-protobuf' }).end(),
      /lists it as running, and answers without any sample/,
    ],
    [
      'flooding: a series with two million labels',
      (_, answer) => {
        answer.writeHead(200, { 'content-type': 'application/x-streamed-protobuf' });
        answer.end(frameOfLabels(2_000_000));
      },
      /the answer is larger than a thread has memory for/,
    ],
  ] as readonly (readonly [string, RequestListener, RegExp])[])
    test(`a server that is ${what}: the rest is answered, what is missing is listed, and the code is 1`, async (t) => {
      const { code, stdout } = await fleet(
        await spoiling(t, spoilt),
        '--json',
        '--timeout',
        what.startsWith('slow') ? '1s' : '20s',
      );
      assert.equal(code, 1);
      const lines = rowsIn(stdout);
      const [missing] = lines.flatMap(({ missing: absent }) => absent ?? []);
      assert.match(missing?.what ?? '', new RegExp(`^${made[0]!.namespace}/`));
      assert.match(missing?.why ?? '', why);
      const answered = new Set(lines.flatMap(({ namespace }) => namespace ?? []));
      assert.ok(answered.size > 0 && !answered.has(made[0]!.namespace));
    });
});
