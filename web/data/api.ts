import type { CulpritCause } from '../../src/culprit/types.ts';
import type { FileRow, Ledger, TargetInfo, Verdict, View } from '../../src/diagnosis/types.ts';
import type { CulpritAnswer, Hello, HistogramTake, LiveMessage, SamplesAnswer, Tables } from '../../src/outlets/status.ts';
import { updatePodClock } from './pod-clock.ts';

/** An answer that is an error. no-target has the lines that fix it. */
export class ApiErrorAnswer extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly remediation: string | null,
  ) {
    super(message);
  }

  /** For a reader who sees the container that was asked: the message has addresses of the API, and other containers. */
  get sentence(): string {
    return this.code === 'no-target' || this.code === 'unknown-target' ? CONTAINER_ENDED : this.message;
  }
}

export const CONTAINER_ENDED = 'No answer: the container has ended.';

/** The connection was lost, perhaps during an answer. This is not a fault of the page, which connects again. */
export class Unreachable extends Error {}

export function apiUrl(path: string, query: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(query).toString();
  return `/api/v1/${path}${search === '' ? '' : `?${search}`}`;
}

/** The server has too many requests. Its answer has the number of seconds after which to try again. */
function comeAgain(response: Response): Promise<true> {
  const seconds = Number(response.headers.get('retry-after') ?? 2) * (1 + Math.random());
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000, true));
}

async function request<T>(path: string, query: Readonly<Record<string, string>>, method = 'GET'): Promise<T> {
  let response: Response;
  let body: T & { error?: { code: string; message: string; remediation?: string } };
  try {
    do response = await fetch(apiUrl(path, query), { method, headers: { accept: 'application/json' } });
    while (response.status === 429 && (await comeAgain(response)));
    updatePodClock(response.headers.get('date'));
    body = (await response.json()) as typeof body;
  } catch (error) {
    throw new Unreachable((error as Error).message);
  }
  if (body.error !== undefined && !response.ok)
    throw new ApiErrorAnswer(body.error.code, body.error.message, body.error.remediation ?? null);
  return body;
}

export const targetQuery = (target: string | null): Record<string, string> => (target === null ? {} : { target });

export const api = {
  targets: () => request<TargetInfo[]>('targets', {}),
  verdict: (target: string | null) => request<Verdict>('verdict', targetQuery(target)),
  ledger: (target: string | null) => request<Ledger>('ledger', targetQuery(target)),
  views: (target: string | null) => request<View[]>('views', targetQuery(target)),
  files: (target: string | null) => request<FileRow[]>('files', targetQuery(target)),
  jvm: (target: string | null) => request<Tables['jvm']>('jvm', targetQuery(target)),
  histogram: (target: string | null) => request<HistogramTake>('jvm/histogram', targetQuery(target), 'POST'),
  culprit: (target: string | null) => request<CulpritAnswer>('culprit', targetQuery(target)),
  startCulprit: (target: string | null, cause: CulpritCause, forSeconds: number, release: boolean) =>
    request<CulpritAnswer>(
      'culprit',
      { ...targetQuery(target), cause, for: String(forSeconds), ...(release ? { release: 'true' } : {}) },
      'POST',
    ),
  cancelCulprit: (target: string | null) => request<CulpritAnswer>('culprit', targetQuery(target), 'DELETE'),
  self: () => request<Record<string, unknown>>('self', {}),
  /** `from` "verdict": the range of the verdict, without waiting for the verdict. */
  samples: (target: string | null, from: number | 'verdict' | null, to: number | null, points: number) =>
    request<SamplesAnswer>('samples', {
      ...targetQuery(target),
      points: String(points),
      ...(from === null ? {} : { from: String(from) }),
      ...(to === null ? {} : { to: String(to) }),
    }),
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** The WebSocket. After a break it is opened again, with growing waits. The returned function sends the id whose tables are shown; null: none. */
export function openLive(on: {
  readonly hello: (m: Hello) => void;
  readonly message: (m: LiveMessage | Tables) => void;
  readonly lost: (againMs: number) => void;
}): { open: () => void; show: (target: string | null) => void } {
  let socket: WebSocket | null = null;
  let shown: string | null = null;
  const notify = (): void => socket?.send(JSON.stringify({ tables: shown }));
  let wait = FIRST_WAIT_MS;
  const open = (): void => {
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`);
    socket.addEventListener('message', (event) => {
      const message = JSON.parse(event.data as string) as Hello | LiveMessage | Tables;
      if (message.type === 'hello') {
        wait = FIRST_WAIT_MS;
        notify();
        on.hello(message);
      } else on.message(message);
    });
    socket.addEventListener('close', () => {
      // A random part, so that not all browsers of a pod reconnect at the same time.
      const again = wait * (0.75 + Math.random() / 2);
      on.lost(again);
      setTimeout(open, again);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    });
  };
  return {
    /** Call once. After that the connection is opened again automatically. */
    open: () => {
      if (socket === null) open();
    },
    show(target) {
      if (target === shown) return;
      shown = target;
      if (socket?.readyState === WebSocket.OPEN) notify();
    },
  };
}
