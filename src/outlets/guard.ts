import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parseRequestUrl } from './request-url.ts';
import { ApiError } from './status.ts';

export interface GuardOptions {
  /** Names that Host may have beside localhost, 127.0.0.1 and [::1], which are allowed with any port (port-forward chooses one). */
  readonly allowHosts: readonly string[];
  /** null: none is required. */
  readonly token: string | null;
}

const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Checks whether a request is permitted. A page of another site that resolves its own name to 127.0.0.1 (DNS rebinding) sends its own Host. A
 * cross-site WebSocket or POST sends its own Origin. A cross-site GET, whose answer that site cannot read but which costs time, has
 * Sec-Fetch-Site (Fetch Metadata). A link to the page is permitted from any site. @throws ApiError forbidden
 */
export function guard(request: IncomingMessage, options: GuardOptions): void {
  const host = hostOf(request);
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!LOCAL.has(name) && !options.allowHosts.includes(name)) {
    throw new ApiError(
      'forbidden',
      403,
      `Host ${JSON.stringify(host.slice(0, 80))} is not allowed; expected localhost, 127.0.0.1 or [::1], or a name given with --allow-host`,
    );
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new ApiError(
      'forbidden',
      403,
      `Origin ${JSON.stringify(origin.slice(0, 80))} is another site than ${JSON.stringify(host.slice(0, 80))}`,
    );
  }
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
  const followsLink = mode === 'navigate' && parseRequestUrl(request).path === '/';
  if ((site === 'cross-site' || site === 'same-site') && !followsLink)
    throw new ApiError('forbidden', 403, 'this request comes from a page of another site; open the address itself');
  if (options.token !== null && !hasToken(request, options.token)) {
    throw new ApiError(
      'forbidden',
      401,
      'a token is required: send Authorization: Bearer TOKEN, or ?token= for the page and the WebSocket',
    );
  }
}

/** The host that is asked. A target that is a whole URL names it itself (RFC 9112, 3.2.2); several differing headers name none. */
function hostOf(request: IncomingMessage): string {
  const [host = '', ...more] = request.headersDistinct.host ?? [];
  if (more.length > 0) return '';
  const target = request.url ?? '';
  return target.startsWith('/') || !URL.canParse(target) ? host : new URL(target).host;
}

/** Whether a request has the token: in the header, a query parameter or the cookie. Browsers cannot set a header on a WebSocket or a page load. */
export function hasToken(request: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  // A decoder of the URL may have read a + as a blank. A token contains no blank.
  const query = parseRequestUrl(request).query.get('token')?.replaceAll(' ', '+');
  // Another program on this host name may have set a cookie of the same name, which comes first: a cookie knows no port.
  const cookies = [...(request.headers.cookie ?? '').matchAll(/(?:^|;\s*)memhound_token=([^;]+)/g)].map(([, value]) =>
    decoded(value!),
  );
  return [bearer, query, ...cookies].some((given) => given != null && same(given, token));
}

/** A cookie's value as express encoded it: + / and = of base64 are escaped. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // memhound has not written it, so it is not a token
  }
}

/** Compares in constant time, so that the time does not help to guess the token. */
function same(given: string, token: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  return a.length === b.length && timingSafeEqual(a, b);
}
