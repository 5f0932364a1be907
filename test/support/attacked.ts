import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DAY_S } from '../../src/units.ts';
import { MadeTree } from './made-tree.ts';
import { dataDir, MEMHOUND, type Memhound, watch } from './memhound.ts';
import { run } from './process.ts';

/** Attacks are this many times as large by hand: `ATTACK_SIZE=10 npm run test:attacks`. */
const SIZE = Number(process.env.ATTACK_SIZE ?? 1);
export const times = (count: number): number => Math.round(count * SIZE);

const folders = new Map<number, Promise<string>>();

/** The history of one container over so many days, made once. */
function filled(days: number): Promise<string> {
  const made = folders.get(days) ?? fill(days);
  folders.set(days, made);
  return made;
}

async function fill(days: number): Promise<string> {
  const data = dataDir();
  const args = ['history', 'fill', '--data', data, '--days', String(days), '--targets', '1', '--every', '1m'];
  const { code, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
  if (code !== 0) throw new Error(stderr);
  return join(data, 'jvm');
}

/** A memhound with a made container `app` and, where `days` is given, as much stored history; it samples each second. */
export async function attackedMemhound(
  t: TestContext,
  {
    days = 0,
    args = [] as readonly string[],
    wrap = undefined as NonNullable<Parameters<typeof watch>[1]>['wrap'],
    smaps = null as string | null,
  } = {},
) {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'app', container: 'app' });
  if (smaps !== null) writeFileSync(join(tree.roots.proc, '10/smaps'), smaps);
  const data = dataDir();
  if (days > 0) cpSync(await filled(days), join(data, 'jvm'), { recursive: true });
  const roots = ['--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup];
  const hound = await watch(['--every', '1s', '--data', data, ...roots, ...args], wrap === undefined ? {} : { wrap });
  t.after(() => hound.stop('SIGKILL'));
  if (days > 0) {
    const { body } = await hound.get<{ t: number[] }>('/api/v1/samples');
    assert.ok(body.t.at(-1)! - body.t[0]! > (days - 1) * DAY_S, 'the stored history is that of the container');
  }
  return { hound, tree, data };
}

/** Descriptors of a process. */
export const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** The most that a process has ever had resident, in MiB. */
const peakMiB = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** Ticks that memhound has missed so far, by its own count. */
async function missedTicks(hound: Memhound): Promise<number> {
  for (;;) {
    const answered = await answerOf<{ missedTicks: number }>(`${hound.url}/api/v1/self`);
    if (answered?.status === 200) return answered.body.missedTicks;
  }
}

/** A connection by hand, whose end is no error of the test. Its own side stays open for as long as the test wants. */
export async function rawConnection(t: TestContext, url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.on('error', () => {
    // To be reset is what happens to it, also at once: a server that is full refuses.
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()).once('close', () => resolve()));
  return socket;
}

/** The status of a GET; null: the connection was reset, as those beyond the most that there may be are. */
export const statusOf = (url: string): Promise<{ readonly status: number; readonly retryAfter: string | null } | null> =>
  answerOf(url);

async function answerOf<T>(url: string) {
  const answer = await textOf(url);
  return answer === null ? null : { ...answer, body: JSON.parse(answer.text) as T };
}

/** A GET whose answer is only read: of many at once none waits until another is parsed, or it would be a reader that takes nothing. null: it was reset. */
export async function textOf(url: string) {
  try {
    const answer = await fetch(url);
    const text = await answer.text();
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text };
  } catch (error) {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (!RESET.has(cause?.code ?? '')) throw error;
    return null;
  }
}

/** As the kernel says it, and as fetch says it of a connection that ends within an answer. */
const RESET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** What an attack may cost, from now on: no probe, only so much memory, and so many of the ticks that are due each second, however long it lasts. */
export async function watched(hound: Memhound) {
  const [missed, peak] = [await missedTicks(hound), peakMiB(hound.running.pid)];
  return async ({ mib, ticks }: { readonly mib: number; readonly ticks: number }): Promise<void> => {
    assert.equal((await hound.get('/healthz')).status, 200, 'a probe is answered');
    assert.equal((await hound.get('/readyz')).status, 200, 'samples are taken');
    const grown = peakMiB(hound.running.pid) - peak;
    assert.ok(grown < mib, `${grown} MiB more than before`);
    const late = (await missedTicks(hound)) - missed;
    assert.ok(late <= ticks, `${late} ticks were missed`);
  };
}

/** Resolves once it is closed, by an end or by a reset. */
export const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

export const request = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
