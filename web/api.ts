import type { FileRow, Ledger, TargetInfo, Verdict, View } from '../src/diagnosis/types.ts';
import type { Hello, LiveMessage, SamplesAnswer } from '../src/outlets/status.ts';
import type { JvmReading } from '../src/sources/types.ts';

/** An answer that is an error: blind carries the lines that mend it. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly mend: string | null,
  ) {
    super(message);
  }
}

async function get<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
  const search = new URLSearchParams(query).toString();
  const response = await fetch(`/api/v1/${path}${search === '' ? '' : `?${search}`}`, {
    headers: { accept: 'application/json' },
  });
  const body = (await response.json()) as T & { error?: { code: string; message: string; mend?: string } };
  if (body.error !== undefined && !response.ok) throw new Refused(body.error.code, body.error.message, body.error.mend ?? null);
  return body;
}

const of = (target: string | null): Record<string, string> => (target === null ? {} : { target });

export const api = {
  targets: () => get<TargetInfo[]>('targets', {}),
  verdict: (target: string | null) => get<Verdict>('verdict', of(target)),
  ledger: (target: string | null) => get<Ledger>('ledger', of(target)),
  views: (target: string | null) => get<View[]>('views', of(target)),
  files: (target: string | null) => get<FileRow[]>('files', of(target)),
  jvm: (target: string | null) => get<{ jvm: JvmReading | null; reason?: string }>('jvm', of(target)),
  self: () => get<Record<string, unknown>>('self', {}),
  samples: (target: string | null, from: number | null, to: number | null, points: number) =>
    get<SamplesAnswer>('samples', {
      ...of(target),
      points: String(points),
      ...(from === null ? {} : { from: String(from) }),
      ...(to === null ? {} : { to: String(to) }),
    }),
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** The WebSocket, opened again with growing waits after a break. */
export function live(on: {
  readonly hello: (m: Hello) => void;
  readonly message: (m: LiveMessage) => void;
  readonly lost: () => void;
}): void {
  let wait = FIRST_WAIT_MS;
  const open = (): void => {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`);
    socket.addEventListener('message', (event) => {
      const message = JSON.parse(event.data as string) as Hello | LiveMessage;
      if (message.type === 'hello') {
        wait = FIRST_WAIT_MS;
        on.hello(message);
      } else on.message(message);
    });
    socket.addEventListener('close', () => {
      on.lost();
      setTimeout(open, wait);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    });
  };
  open();
}
