import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { safeName } from '../../format.ts';
import { KIB, SECOND_MS } from '../../units.ts';
import { VERSION } from '../../version.ts';
import { HttpError, refused, unreachable } from './http-error.ts';

/** What proves to the server who asks. It goes to the server's own origin, and nowhere else. */
export interface Credentials {
  /** Headers such as Authorization and X-Scope-OrgID. */
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of the authority that signed the server's certificate, and of the client's certificate and key; null: none. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export interface ClientOptions {
  readonly url: string;
  readonly credentials: Credentials;
  readonly connections: number;
  /** Maximum time without a byte, and for the first `MIN_BYTES_PER_S` of an answer; the rest must come at that rate. */
  readonly stallMs: number;
  /** Repetitions of a request that failed for a moment. */
  readonly retries: number;
}

export interface Request {
  readonly method: 'GET' | 'POST';
  /** Below the server's URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: AsyncIterable<Buffer>;
}

const MAX_REDIRECTS = 5;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;
/** A longer text of an error is a page of a proxy. */
const MAX_DETAIL = 300;
const MAX_PAGE = 4096;
/** A server that sends a byte now and then is never silent. A line of 128 kbit/s is faster than this on average. */
const MIN_BYTES_PER_S = 16 * KIB;
/** Of an error, and of an answer that is not wanted. */
const MAX_READ_BYTES = 64 * KIB;

/**
 * A client for one server. It never asks for a compressed answer: on a local network packing costs the server more than it saves
 * (docs/fleet.md). Connections are few and kept.
 */
export class HttpClient {
  readonly #base: URL;
  readonly #options: ClientOptions;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** For other origins after a redirect: without the client's certificate. */
  readonly #plainHttps: HttpsAgent;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
    const pool = { keepAlive: true, maxSockets: options.connections };
    const { ca, cert, key } = options.credentials;
    const trust = ca === null ? {} : { ca };
    this.#agents = {
      http: new HttpAgent(pool),
      https: new HttpsAgent({ ...pool, ...trust, ...(cert !== null && { cert }), ...(key !== null && { key }) }),
    };
    this.#plainHttps = new HttpsAgent({ ...pool, ...trust });
  }

  get origin(): string {
    return this.#base.origin;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
    this.#plainHttps.destroy();
  }

  /**
   * Sends a request and gives its answer to `consume`. If either fails for a moment, both are repeated, with a pause that doubles: an answer
   * that broke off in the middle is asked for again as a whole. @throws HttpError
   */
  async exchange<T>(request: Request, consume: (answer: Answer) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request, consume);
      } catch (error) {
        if (!(error instanceof HttpError) || !error.isTransient || attempt >= this.#options.retries) throw error;
        const waitMs = Math.max(FIRST_WAIT_MS * 2 ** attempt * (0.75 + 0.5 * Math.random()), (error.retryAfterS ?? 0) * 1000);
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, MAX_WAIT_MS)));
      }
    }
  }

  async #once<T>(request: Request, consume: (answer: Answer) => Promise<T>): Promise<T> {
    let url = new URL(request.path.replace(/^\//, ''), this.#base);
    for (let redirects = 0; ; redirects++) {
      const message = await this.#send(url, request);
      const status = message.statusCode ?? 0;
      const { location } = message.headers;
      if (status >= 300 && status < 400 && location !== undefined) {
        this.#discard(message, url);
        if (redirects >= MAX_REDIRECTS)
          throw new HttpError('status', `${url.origin}${url.pathname} redirects more than ${MAX_REDIRECTS} times`, status);
        url = redirected(location, url);
        continue;
      }
      if (status >= 400) {
        const after = Number(message.headers['retry-after']);
        throw refused(url.origin, url.pathname, status, await detailOf(this.#whole(message, url)), after > 0 ? after : null);
      }
      try {
        const contentType = message.headers['content-type'] ?? '';
        return await consume({ status, contentType, body: this.#whole(message, url) });
      } finally {
        // Not all of an answer is read by all who ask. Its connection is wanted for the next request.
        if (!message.readableEnded) this.#discard(message, url);
      }
    }
  }

  /**
   * The bytes of an answer. One that ends early is an error, which Node reports while it is read; so is one that trickles. Only the time that
   * it is waited for counts, not the time that the reader takes.
   */
  async *#whole(message: IncomingMessage, url: URL): AsyncIterable<Buffer> {
    const { stallMs } = this.#options;
    let [bytes, waitedMs, askedMs] = [0, 0, performance.now()];
    try {
      for await (const piece of message as AsyncIterable<Buffer>) {
        waitedMs += performance.now() - askedMs;
        bytes += piece.length;
        if (waitedMs > stallMs + (bytes / MIN_BYTES_PER_S) * SECOND_MS)
          throw new Error(
            `${bytes} bytes in ${Math.round(waitedMs / SECOND_MS)} s, expected ${MIN_BYTES_PER_S} in each second after the first ${stallMs / SECOND_MS}; --timeout allows more`,
          );
        yield piece;
        askedMs = performance.now();
      }
    } catch (error) {
      throw new HttpError(
        'broken',
        `${url.origin}${url.pathname} breaks off in the middle of its answer: ${(error as Error).message}`,
      );
    }
  }

  /** Reads the rest of an answer that is not wanted, so that its connection can be used again, or closes that. */
  #discard(message: IncomingMessage, url: URL): void {
    const read = async () => {
      let bytes = 0;
      for await (const piece of this.#whole(message, url)) {
        bytes += piece.length;
        if (bytes > MAX_READ_BYTES) break;
      }
    };
    read().catch(() => message.destroy());
  }

  #send(url: URL, { method, headers, body }: Request): Promise<IncomingMessage> {
    const own = url.origin === this.#base.origin;
    const isTls = url.protocol === 'https:';
    if (!isTls && url.protocol !== 'http:')
      throw new HttpError('status', `${this.origin} redirects to ${url.protocol}, expected http: or https:`, 300);
    const agent = isTls ? (own ? this.#agents.https : this.#plainHttps) : this.#agents.http;
    return new Promise((resolve, reject) => {
      const sent = (isTls ? httpsRequest : httpRequest)(
        url,
        {
          method,
          agent,
          timeout: this.#options.stallMs,
          headers: {
            'accept-encoding': 'identity',
            'user-agent': `memhound/${VERSION}`,
            ...headers,
            ...(own && this.#options.credentials.headers),
            ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
          },
        },
        resolve,
      );
      const seconds = this.#options.stallMs / SECOND_MS;
      sent.on('timeout', () => sent.destroy(new Error(`no byte within ${seconds} s; --timeout allows more`)));
      // A head that trickles is never silent. Each repetition of 1xx is one, too.
      let head: NodeJS.Timeout | undefined;
      sent.once('socket', () => {
        const late = () => sent.destroy(new Error(`no complete head within ${2 * seconds} s; --timeout allows more`));
        head = setTimeout(late, 2 * this.#options.stallMs);
      });
      sent.once('response', () => clearTimeout(head));
      sent.once('close', () => clearTimeout(head));
      sent.on('error', (error) => reject(unreachable(url.origin, error)));
      sent.end(body);
    });
  }
}

/** The server's own words about an error: `error` of Prometheus' JSON, or the beginning of a text. */
async function detailOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      pieces.push(piece);
      length += piece.length;
      if (length > MAX_READ_BYTES) break;
    }
  } catch (error) {
    return `its text cannot be read: ${(error as Error).message}`;
  }
  const text = Buffer.concat(pieces).toString();
  // A text with < and no > would be searched anew from each <.
  const words = errorOf(text) ?? text.slice(0, MAX_PAGE).replace(/<[^>]*>/g, ' ');
  return safeName(words.replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL), MAX_DETAIL);
}

/** null: it is no JSON with an error. */
function errorOf(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

/** @throws HttpError */
function redirected(location: string, from: URL): URL {
  if (!URL.canParse(location, from))
    throw new HttpError('status', `${from.origin} redirects to ${safeName(location)}, expected a URL`, 300);
  return new URL(location, from);
}
