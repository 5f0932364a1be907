import type { IncomingMessage } from 'node:http';

/**
 * Path and query of a request's target, unchanged. `new URL` is not used: it throws for targets that a client may send ("//", "http:"), and
 * takes the first segment of "//a/b" for a host.
 */
export function parseRequestUrl(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const target = request.url ?? '/';
  const at = target.indexOf('?');
  return at < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}
