import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type Answer, HttpClient } from '../../../../src/fleet/http/http-client.ts';
import { HttpError } from '../../../../src/fleet/http/http-error.ts';
import { serve } from '../../../support/answering-server.ts';

function clientOf(t: TestContext, url: string, retries = 0, stallMs = 10_000): HttpClient {
  const credentials = { headers: { authorization: 'Bearer secret', 'x-scope-orgid': 'prod' }, ca: null, cert: null, key: null };
  const client = new HttpClient({ url, credentials, connections: 1, stallMs, retries });
  t.after(() => client.close());
  return client;
}

async function text({ body }: Answer): Promise<string> {
  let all = '';
  for await (const piece of body) all += piece.toString();
  return all;
}

const GET = { method: 'GET', path: 'api/v1/query' } as const;

test('credentials go to the server, below the prefix of its URL, and a compressed answer is not asked for', async (t) => {
  const seen: IncomingMessage[] = [];
  const url = await serve(t, (request, response) => {
    seen.push(request);
    response.end('yes');
  });
  assert.equal(await clientOf(t, `${url}/prometheus`).exchange(GET, text), 'yes');
  assert.equal(seen[0]?.url, '/prometheus/api/v1/query');
  assert.equal(seen[0]?.headers.authorization, 'Bearer secret');
  assert.equal(seen[0]?.headers['accept-encoding'], 'identity');
});

test('a redirect to another host is followed without the credentials', async (t) => {
  const seen: IncomingMessage[] = [];
  const other = await serve(t, (request, response) => {
    seen.push(request);
    response.end('there');
  });
  const url = await serve(t, (_, response) => response.writeHead(307, { location: `${other}/api/v1/query` }).end());
  assert.equal(await clientOf(t, url).exchange(GET, text), 'there');
  assert.equal(seen[0]?.headers.authorization, undefined);
  assert.equal(seen[0]?.headers['x-scope-orgid'], undefined);
});

test('redirects without end, and to what is no web server, are errors', async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(302, { location: '/again' }).end());
  await assert.rejects(clientOf(t, url).exchange(GET, text), /redirects more than 5 times/);
  const file = await serve(t, (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
  await assert.rejects(clientOf(t, file).exchange(GET, text), /redirects to file:, expected http: or https:/);
});

test('an answer that breaks off, and a server that is busy, are asked again', async (t) => {
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked++;
    if (asked === 1) response.writeHead(503).end();
    else if (asked === 2) {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half', () => response.destroy());
    } else response.end('whole');
  });
  assert.equal(await clientOf(t, url, 2).exchange(GET, text), 'whole');
  assert.equal(asked, 3);
});

test('an error has the words of the server and what to do, and is not asked again if that is of no use', async (t) => {
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked++;
    response.writeHead(401).end('{"status":"error","error":"no org id \\u2014 sorry"}');
  });
  await assert.rejects(
    clientOf(t, url, 3).exchange(GET, text),
    /answers 401 \(no org id — sorry\): it wants credentials; .*--bearer-token-file/,
  );
  assert.equal(asked, 1);
});

test('a server that accepts and says nothing is given up after the longest pause', async (t) => {
  const url = await serve(t, () => {});
  await assert.rejects(clientOf(t, url, 0, 50).exchange(GET, text), /does not answer: no byte within 0.05 s; --timeout/);
});

/** A hundred times the pause of a drip, so that a busy machine does not make a drip look like silence. */
const LONGEST_PAUSE_MS = 500;

/** A byte each 5 ms, until the connection is closed. */
function drip(response: ServerResponse, send: () => void): void {
  const timer = setInterval(send, 5);
  response.once('close', () => clearInterval(timer));
}

test('a server that sends a byte now and then is given up: within an answer, an error, an answer that redirects, and before its head ends', async (t) => {
  let closed = 0;
  const of = async (listener: RequestListener, retries = 0) => {
    const url = await serve(t, (request, response) => {
      response.once('close', () => closed++);
      listener(request, response);
    });
    return clientOf(t, url, retries, LONGEST_PAUSE_MS);
  };
  const dripping = (status: number, headers = {}) => {
    const answer: RequestListener = (_, response) => {
      response.writeHead(status, headers);
      drip(response, () => response.write('x'));
    };
    return answer;
  };
  const slow = /\d+ bytes in \d+ s, expected 16384 in each second after the first 0\.5; --timeout allows more/;
  await assert.rejects((await of(dripping(200))).exchange(GET, text), slow);
  const refused: Error = await (await of(dripping(400))).exchange(GET, text).then(assert.fail, (error) => error);
  assert.match(refused.message, /answers 400 \(its text cannot be read: /);
  assert.match(refused.message, slow);
  const heads: RequestListener = (_, response) => drip(response, () => response.socket?.write('HTTP/1.1 102 Processing\r\n\r\n'));
  await assert.rejects((await of(heads)).exchange(GET, text), /does not answer: no complete head within 1 s; --timeout/);

  // The one connection is free again, although nobody reads what drips on it.
  const redirecting: RequestListener = (request, response) =>
    request.url === '/end' ? response.end('there') : dripping(307, { location: '/end' })(request, response);
  assert.equal(await (await of(redirecting)).exchange(GET, text), 'there');
  const client = await of((request, response) =>
    request.method === 'POST' ? response.end('next') : dripping(200)(request, response),
  );
  assert.equal(await client.exchange(GET, async ({ status }) => status), 200);
  assert.equal(await client.exchange({ ...GET, method: 'POST' }, text), 'next');
  assert.ok(closed >= 5, `${closed}`);
});

test('a reader that takes its time is no server that trickles', async (t) => {
  const url = await serve(t, (_, response) => {
    response.write('a');
    setImmediate(() => response.end('b'));
  });
  const read = clientOf(t, url, 0, 20).exchange(GET, async ({ body }) => {
    let all = '';
    for await (const piece of body) {
      all += piece.toString();
      const untilMs = performance.now() + 40;
      while (performance.now() < untilMs);
    }
    return all;
  });
  assert.equal(await read, 'ab');
});

test('the words of a hostile server are a text: no bad escape, control character, bad redirect or page without end breaks the report', async (t) => {
  const said = async (listener: RequestListener): Promise<string> => {
    try {
      await clientOf(t, await serve(t, listener)).exchange(GET, text);
    } catch (error) {
      assert.ok(error instanceof HttpError, String(error));
      return error.message;
    }
    throw new Error('expected an error');
  };
  const answers = (body: string) => said((_, response) => response.writeHead(400).end(body));
  assert.match(await answers('{"error":"bad \\q escape"}'), /bad \\q escape/);
  assert.match(await answers('{"error":"\u001b]0;owned\u0007"}'), /owned/);
  assert.match(await answers('{"error":"\\u001b[2J gone"}'), /\\x1b\[2J gone/);
  for (const body of ['<'.repeat(65_536), '\u001b[2J', '{"error":7}', '']) {
    const words = await answers(body);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    assert.doesNotMatch(words, /[\u0000-\u001f\u007f-\u009f]/);
    assert.ok(words.length < 600);
  }
  assert.match(
    await said((_, response) => response.writeHead(302, { location: 'http://[' }).end()),
    /redirects to http:\/\/\[, expected a URL/,
  );
});
