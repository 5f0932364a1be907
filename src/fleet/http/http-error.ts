/** What became of a request that did not get its answer. `text` is for people: subject, expected, found, and what to do. */
export class HttpError extends Error {
  override name = 'HttpError';
  constructor(
    readonly kind: 'unreachable' | 'status' | 'broken',
    message: string,
    /** The status of the answer; null: there was none. */
    readonly status: number | null = null,
    /** The server asks to wait this long; null: it does not say. */
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed a moment later. */
  get isTransient(): boolean {
    return this.status === null || TRANSIENT.has(this.status);
  }

  /** Whether the server, or a proxy before it, does not offer this path to this user. With 401 it may: it wants credentials first. */
  get isNotOffered(): boolean {
    return this.kind === 'status' && this.status !== 401;
  }
}

/** Too many requests, and what proxies say of a server that is busy or restarts. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** The reason why a server was not reached, with what to do about it. */
export function unreachable(origin: string, error: unknown): HttpError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const what = CERTIFICATE.test(code)
    ? `its certificate is not accepted (${code}): name the authority that signed it with --ca-file`
    : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `its name is not known here (${code}): check the URL, or use kubectl port-forward`
      : code === 'ECONNREFUSED'
        ? `nothing listens there (${code}): check host and port, or use kubectl port-forward`
        : `${message}${code === '' || message.includes(code) ? '' : ` (${code})`}`;
  return new HttpError('unreachable', `${origin} does not answer: ${what}`);
}

/** The reason that a status gives. `detail` is the server's own text. */
export function refused(origin: string, path: string, status: number, detail: string, retryAfterS: number | null): HttpError {
  const advice =
    status === 401
      ? ': it wants credentials; give them with --bearer-token-file or --basic-auth-file'
      : status === 403
        ? ': the credentials are not sufficient; some servers also want a tenant, in --header-file (X-Scope-OrgID)'
        : status === 404
          ? ': the path is not known there; a URL may need a prefix, such as /prometheus or /select/0/prometheus'
          : '';
  return new HttpError(
    'status',
    `${origin}${path} answers ${status}${detail === '' ? '' : ` (${detail})`}${advice}`,
    status,
    retryAfterS,
  );
}
