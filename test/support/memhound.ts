import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { WebSocket } from 'ws';
import type { FileRow, Verdict } from '../../src/diagnosis/types.ts';
import type { LiveMessage } from '../../src/outlets/status.ts';
import { type Running, start } from './process.ts';

export const MEMHOUND = resolve('dist/memhound.mjs');

/** The program, with its commands, for who cannot read this checkout. */
export function copyMemhound(to: string): void {
  cpSync(MEMHOUND, join(to, 'memhound.mjs'));
  cpSync(resolve('dist/commands'), join(to, 'commands'), { recursive: true });
}

export interface Memhound {
  readonly running: Running;
  readonly url: string;
  readonly opsUrl: string;
  readonly listening: Readonly<Record<string, unknown>>;
  readonly get: <T = unknown>(path: string) => Promise<{ readonly status: number; readonly body: T }>;
  readonly verdict: () => Promise<Verdict>;
  readonly files: () => Promise<FileRow[]>;
  readonly live: () => Live;
  readonly stop: (signal?: NodeJS.Signals) => ReturnType<Running['stop']>;
}

const dataDirs: string[] = [];
process.on('exit', () => {
  for (const dir of dataDirs) rmSync(dir, { recursive: true, force: true });
});

/** A folder for the history of one test, removed with the test process. */
export function dataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-data-'));
  dataDirs.push(dir);
  return dir;
}

/** Starts the built `memhound watch` on free ports and waits until it serves. */
export async function watch(
  args: readonly string[],
  { wrap = (command: string, rest: readonly string[]): readonly [string, readonly string[]] => [command, rest] } = {},
): Promise<Memhound> {
  const all = [MEMHOUND, 'watch', '--json', '--ops-port', '0', '--ops-host', '127.0.0.1', ...args];
  if (!args.includes('--port')) all.push('--port', '0');
  if (!args.includes('--data')) all.push('--data', dataDir());
  const running = start(wrap(process.execPath, all));
  const listening = JSON.parse(await running.line((line) => line.includes('"listening"'))) as { url: string; opsUrl: string };
  const { url, opsUrl } = listening;
  const get = async <T>(path: string) => {
    const answer = await fetchAfterReset(
      `${path.startsWith('/api') || path === '/' || path === '/openapi.json' ? url : opsUrl}${path}`,
    );
    const text = await answer.text();
    return { status: answer.status, body: (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text) as T };
  };
  return {
    running,
    url,
    opsUrl,
    listening: { ...listening },
    get,
    verdict: async () => (await get<Verdict>('/api/v1/verdict')).body,
    files: async () => (await get<FileRow[]>('/api/v1/files')).body,
    live: () => new Live(url),
    stop: (signal) => running.stop(signal),
  };
}

const MAX_RESETS = 3;

/**
 * On a busy machine a server closes a kept connection in the moment in which it is used again: the request then was not answered, and is asked
 * again. No other failure is.
 */
export async function fetchAfterReset(url: string): Promise<Response> {
  for (let resets = 0; ; resets++)
    try {
      return await fetch(url);
    } catch (error) {
      if (!isReset(error) || resets === MAX_RESETS) throw error;
      console.error(`${url}: the connection was reset; asked again (${resets + 1} of ${MAX_RESETS})`);
    }
}

const isReset = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ECONNRESET';

type Message = LiveMessage | { readonly type: 'hello'; readonly verdicts: Readonly<Record<string, Verdict>> };

/** As many of the last messages stand in an error. */
const SUMMARY_LINES = 20;

/** One WebSocket connection; every message is kept, so that none is missed between two waits. */
class Live {
  readonly messages: Message[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();
  #closed: string | null = null;

  constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
    const wake = () => {
      for (const check of this.#waiting) check();
    };
    this.#socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)) as Message);
      wake();
    });
    this.#socket.on('close', (code) => {
      this.#closed = `the connection closed (${code})`;
      wake();
    });
    this.#socket.on('error', (error) => {
      this.#closed = error.message;
      wake();
    });
  }

  /** The first message, from the connection's beginning, that fits; rejects after `timeoutMs` with what came instead. */
  until(fits: (message: Message) => boolean, timeoutMs: number): Promise<Message> {
    return this.#wait(0, fits, timeoutMs);
  }

  /** The same, from now on. */
  next(type: Message['type'], timeoutMs: number): Promise<Message> {
    return this.#wait(this.messages.length, (message) => message.type === type, timeoutMs);
  }

  #wait(from: number, fits: (message: Message) => boolean, timeoutMs: number): Promise<Message> {
    let seen = from;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        settle();
      };
      const check = () => {
        for (; seen < this.messages.length; seen++) {
          const message = this.messages[seen]!;
          if (fits(message)) return end(() => resolve(message));
        }
        if (this.#closed) end(() => reject(new Error(`${this.#closed} after ${this.#summary()}`)));
      };
      const timer = setTimeout(
        () => end(() => reject(new Error(`not within ${timeoutMs} ms; came: ${this.#summary()}`))),
        timeoutMs,
      );
      this.#waiting.add(check);
      check();
    });
  }

  /** The first verdict that fits, be it in the greeting or sent later. */
  async verdict(fits: (verdict: Verdict) => boolean, timeoutMs: number): Promise<Verdict> {
    let found: Verdict | undefined;
    await this.until((message) => {
      const verdicts =
        message.type === 'hello' ? Object.values(message.verdicts) : message.type === 'verdict' ? [message.verdict] : [];
      found = verdicts.find(fits);
      return found !== undefined;
    }, timeoutMs);
    return found!;
  }

  close(): void {
    this.#socket.terminate();
  }

  #summary(): string {
    const summaries = this.messages.map((m) =>
      m.type === 'verdict' ? `${m.verdict.trend}/${m.verdict.leak}: ${m.verdict.headline}` : m.type,
    );
    const changes = summaries.filter((line, i) => line !== summaries[i - 1]);
    const earlier = changes.length - SUMMARY_LINES;
    const shown = changes.slice(-SUMMARY_LINES);
    return (earlier > 0 ? [`${earlier} earlier messages`, ...shown] : shown).join('; ') || 'nothing';
  }
}
