import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Culprit, RecordedCause } from '../../src/culprit/types.ts';
import { startJava } from '../../test/support/java.ts';
import { MEMHOUND } from '../../test/support/memhound.ts';
import { run } from '../../test/support/process.ts';
import { FLAGS, FOR, type Outcome } from './outcome.ts';

interface RecordedCase {
  readonly cause: RecordedCause;
  /** A shape of RecordedCase.java. */
  readonly shape: string;
  readonly what: string;
  /** What should be named. null: nothing has half, or nothing was done. */
  readonly name: RegExp | null;
  /** The method that should be named; null: none has half, or none is on the stack. */
  readonly method: string | null;
}

const SAVE = 'RecordedCase$Orders.save';
const LOG = /\/app\.log$/;

export const RECORDED_CASES: readonly RecordedCase[] = [
  { cause: 'page-cache', shape: 'stream', what: 'a file by a stream', name: LOG, method: SAVE },
  { cause: 'page-cache', shape: 'channel', what: 'a file by a channel', name: LOG, method: SAVE },
  { cause: 'page-cache', shape: 'random-access', what: 'a file by random access', name: LOG, method: SAVE },
  { cause: 'page-cache', shape: 'logger', what: 'a log by a logger', name: LOG, method: 'RecordedCase$Orders.debug' },
  { cause: 'page-cache', shape: 'two-files', what: 'a file beside another a quarter as fast', name: LOG, method: SAVE },
  { cause: 'page-cache', shape: 'three-lines', what: 'a file by three lines alike', name: LOG, method: null },
  { cause: 'page-cache', shape: 'many-files', what: 'fifty files of a folder', name: /\/ \(50 files\)$/, method: SAVE },
  { cause: 'page-cache', shape: 'three-folders', what: 'decoy: three folders alike', name: null, method: null },
  { cause: 'page-cache', shape: 'only-read', what: 'decoy: a file that is only read', name: null, method: null },
  { cause: 'page-cache', shape: 'mapped', what: 'decoy: a mapped file', name: null, method: null },
  { cause: 'sock', shape: 'connection', what: 'a connection beside another', name: /:\d+$/, method: 'RecordedCase$Orders.send' },
  { cause: 'sock', shape: 'no-connection', what: 'decoy: no connection', name: null, method: null },
  {
    cause: 'process',
    shape: 'program',
    what: 'a program beside another',
    name: /^\/bin\/true$/,
    method: 'RecordedCase$Orders.print',
  },
  { cause: 'process', shape: 'no-program', what: 'decoy: no program', name: null, method: null },
];

/** Runs the program of a case, and asks what it does. */
export async function recordedOutcome(made: RecordedCase): Promise<{ readonly outcome: Outcome; readonly answer: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-recorded-'));
  const servers = [await reader(), await reader()];
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  const java = await startJava('bench/culprit/RecordedCase.java', [made.shape, folder, ...ports], { flags: FLAGS });
  try {
    await java.line((line) => line === 'ready');
    const args = ['culprit', '--json', '--cause', made.cause, '--for', FOR, '--pid', String(java.pid)];
    const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
    if (code !== 0) throw new Error(`${made.shape}: ${stderr}`);
    return judged(made, JSON.parse(stdout.replaceAll(folder, '')) as Culprit);
  } finally {
    await java.stop('SIGKILL');
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A server that reads all that is sent. */
async function reader(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function judged({ cause, name, method }: RecordedCase, found: Culprit): { readonly outcome: Outcome; readonly answer: string } {
  if (found.state !== 'recorded') throw new Error(`${cause}: expected what was recorded, found ${JSON.stringify(found)}`);
  const { culprit } = found;
  if (culprit === null) return { outcome: name === null ? 'right' : 'not known', answer: 'nothing has half' };
  const line = culprit.from?.line ?? null;
  const answer = `${culprit.name}, ${Math.floor(100 * culprit.share)} %, ${line ?? 'no line'}`;
  if (name === null || !name.test(culprit.name)) return { outcome: 'wrong', answer };
  if (line === null) return { outcome: method === null ? 'right' : 'not known', answer };
  return { outcome: method !== null && line.startsWith(`${method}:`) ? 'right' : 'wrong', answer };
}
