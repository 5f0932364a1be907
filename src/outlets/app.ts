import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler, type Response } from 'express';
import type { ApiOptions } from './api-options.ts';
import { type GuardOptions, guard, hasToken } from './guard.ts';
import type { Log } from './log.ts';
import { Pieces, PieceWriter } from './pieces.ts';
import { GateFailed, ROUTES, type Route } from './routes.ts';
import { ApiError, type Status } from './status.ts';
import { Turns } from './turns.ts';

/** No inline script or style, nothing from other hosts, no frame: a name that came from the container never runs as code. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The request handler: the page, and one path for each row of ROUTES. */
export function createApp(status: Status, options: Omit<ApiOptions, 'host' | 'port'>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use((request, response, next) => {
    response.set({
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
    guard(request, options);
    keepToken(request, response, options.token);
    next();
  });
  const limits: ClientLimits = { turns: new Turns(), writer: new PieceWriter() };
  for (const route of ROUTES) {
    if (route.method === undefined) app.get(route.path, answerRoute(status, route, limits));
    else app[route.method](route.path, requiresToken(options), answerRoute(status, route, limits));
  }
  for (const path of new Set(ROUTES.flatMap(({ path, method }) => (method === undefined ? [] : [path]))))
    app.all(path, refuseMethod);
  app.get('/openapi.json', async (_request, response) => {
    const { openapi } = await import('./openapi.ts');
    response.json(openapi(options.version));
  });
  if (options.webDir !== null) servePage(app, options.webDir);
  app.use((request: Request) => {
    throw new ApiError(
      'unknown-path',
      404,
      `there is no ${JSON.stringify(request.path.slice(0, 120))}; /openapi.json lists the paths`,
    );
  });
  app.use(errors(options.log));
  return app;
}

/** Limits shared by all clients. */
interface ClientLimits {
  readonly turns: Turns;
  readonly writer: PieceWriter;
}

const answerRoute =
  (status: Status, route: Route, { turns, writer }: ClientLimits): RequestHandler =>
  async (request, response) => {
    for (const name of Object.keys(request.query)) {
      if (!Object.hasOwn(route.query, name) && name !== 'token') {
        throw new ApiError(
          'bad-request',
          400,
          `${route.path} has no parameter ${JSON.stringify(name.slice(0, 40))}; it takes ${Object.keys(route.query).join(', ') || 'none'}`,
        );
      }
    }
    const answer = async () => {
      if (route.long) writer.reserve(response);
      return await route.answer(status, request.query);
    };
    // A POST may wait for the JVM, which answers one command at a time. So it takes no place in the queue.
    const value = route.method !== undefined ? await answer() : await turns.take(answer, () => !response.destroyed);
    const reach = reachHeader(status);
    if (reach !== null) response.set('Memhound-Reach', reach);
    response.set('Cache-Control', 'no-store');
    if (value instanceof Pieces) await writer.write(response.type('json'), value);
    else response.json(value);
  };

/** Other containers of the pod reach this port, too, since they share its loopback. So a request that costs the JVM something always needs the token. */
const requiresToken =
  (options: GuardOptions): RequestHandler =>
  (_request, _response, next) => {
    if (options.token === null)
      throw new ApiError(
        'forbidden',
        403,
        'this signals the JVM, which may stand still meanwhile, so it needs a token: every container of the pod can reach this port',
        '--token-file FILE',
      );
    next(); // the guard has already checked the request's token
  };

const refuseMethod: RequestHandler = (request) => {
  const methods = ROUTES.filter(({ path }) => path === request.path).map(({ method }) => (method ?? 'get').toUpperCase());
  throw new ApiError('bad-request', 405, `${request.path} takes ${methods.join(', ')}, found ${request.method}`);
};

const reachHeader = (status: Status): string | null => status.targets()[0]?.reach ?? null;

/** Stores the token of a page that was opened with ?token= in a cookie, so that the page's requests need no token in their URL. */
function keepToken(request: Request, response: Response, token: string | null): void {
  if (token !== null && 'token' in request.query && hasToken(request, token))
    response.cookie('memhound_token', token, { httpOnly: true, sameSite: 'strict' });
}

/** Browsers may cache assets for ever, since their names have a hash, but not the index. The build has compressed them. */
function servePage(app: Express, dir: string): void {
  const files = new Set(listFiles(dir));
  const contents = new Map<string, WeakRef<Buffer>>();
  /** One copy for all clients that are being sent the file; none stays when no one is. */
  const read = (name: string): Buffer => {
    const content = contents.get(name)?.deref() ?? readFileSync(join(dir, name));
    contents.set(name, new WeakRef(content));
    return content;
  };
  for (const name of files) {
    if (/\.(?:br|gz)$/.test(name)) continue;
    const path = name === 'index.html' ? '/' : `/${name}`;
    const kept = /[-.][0-9A-Za-z]{8,}\.\w+$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-store';
    app.get(path, (request, response) => {
      const encoding = (['br', 'gzip'] as const).find(
        (e) => request.acceptsEncodings(e) !== false && files.has(`${name}.${SUFFIX[e]}`),
      );
      response.set({ 'Cache-Control': kept, Vary: 'Accept-Encoding' }).type(name.slice(name.lastIndexOf('.')));
      if (encoding !== undefined) response.set('Content-Encoding', encoding);
      response.send(read(encoding === undefined ? name : `${name}.${SUFFIX[encoding]}`));
    });
  }
}

const SUFFIX = { br: 'br', gzip: 'gz' } as const;

function listFiles(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name).slice(dir.length + 1));
  } catch (error) {
    // If memhound runs from source without a build, there is no page. The API works without it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Answers every error in one format. A bug is logged with its stack trace, which is not sent. */
const errors =
  (log: Log): ErrorRequestHandler =>
  (error: unknown, _request, response, _next) => {
    if (error instanceof GateFailed) {
      response.status(409).json(error.verdict);
      return;
    }
    if (error instanceof ApiError) {
      const { code, message, remediation } = error;
      if (error.status === 429) response.set('Retry-After', '2');
      response.status(error.status).json({ error: { code, message, ...(remediation === null ? {} : { remediation }) } });
      return;
    }
    // Errors of express (such as a path that cannot be decoded) have a status below 500.
    const status = (error as { status?: number }).status ?? 500;
    if (status >= 500)
      log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a request failed');
    response.status(status).json({
      error: {
        code: status < 500 ? 'bad-request' : 'internal',
        message: status < 500 ? (error as Error).message : 'memhound failed to answer; its log has the reason',
      },
    });
  };
