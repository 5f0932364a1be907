import type { Log } from './log.ts';
import { type Notification, onNotification } from './notifications.ts';
import type { Status } from './status.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly log: Log;
  /** Milliseconds before the first retry. Each further retry doubles it. Tests use less. */
  readonly backoffMs?: number;
  /** Milliseconds until a receiver must have answered. Tests use less. */
  readonly timeoutMs?: number;
}

const MAX_ATTEMPTS = 6;
const MAX_QUEUED = 100;
const TIMEOUT_MS = 10_000;

/** POSTs news as JSON to a URL, in order, with retries. @throws TypeError if the URL is not http or https */
export function startWebhook(status: Status, options: WebhookOptions): { close(): void; idle(): Promise<void> } {
  const url = new URL(options.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`the webhook's URL must be http or https, found ${url.protocol}`);
  const waiting: Notification[] = [];
  const end = new AbortController();
  let sending: Promise<void> | null = null;

  const unsubscribe = onNotification(status, (news) => {
    waiting.push(news);
    // The queue is bounded, so that a receiver that does not answer cannot make memhound leak. The oldest notification is dropped.
    if (waiting.length > MAX_QUEUED) waiting.shift();
    sending ??= drain().finally(() => {
      sending = null;
    });
  });

  const drain = async (): Promise<void> => {
    for (let news = waiting.shift(); news !== undefined && !end.signal.aborted; news = waiting.shift()) await deliver(news);
  };

  const deliver = async (news: Notification): Promise<void> => {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS && !end.signal.aborted; attempt++) {
      const failure = await post(url, news, { signal: end.signal, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
      if (failure === null) return;
      // The path and query of a webhook are its secret: only the host is logged.
      options.log.warn(
        { host: url.host, attempt, failure },
        attempt === MAX_ATTEMPTS
          ? 'the webhook did not accept the message, which is dropped'
          : 'the webhook did not accept the message; it is sent again',
      );
      if (attempt < MAX_ATTEMPTS) await sleep((options.backoffMs ?? 1000) * 2 ** (attempt - 1), end.signal);
    }
  };

  return {
    close() {
      unsubscribe();
      end.abort();
    },
    idle: async () => {
      while (sending !== null) await sending;
    },
  };
}

/** The reason for a failure; null: the receiver accepted the news. */
async function post(
  url: URL,
  news: Notification,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<string | null> {
  // Not AbortSignal.any() of AbortSignal.timeout(): Node 20 collects it as garbage while it is waited for, and then it never fires.
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const late = setTimeout(() => stop.abort(new DOMException('no answer in time', 'TimeoutError')), timeoutMs);
  signal.addEventListener('abort', end);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schema: 'memhound.news/1', ...news, text: news.headline }),
      signal: stop.signal,
      redirect: 'error',
    });
    await response.body?.cancel();
    return response.ok ? null : `answered ${response.status}`;
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause;
    return cause?.code ?? (error as Error).name;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', end);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
