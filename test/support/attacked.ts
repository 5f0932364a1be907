import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
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
  { days = 0, args = [] as readonly string[], wrap = undefined as NonNullable<Parameters<typeof watch>[1]>['wrap'] } = {},
) {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'app', container: 'app' });
  const data = dataDir();
  if (days > 0) cpSync(await filled(days), join(data, 'app'), { recursive: true });
  const roots = ['--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup];
  const hound = await watch(['--every', '1s', '--data', data, ...roots, ...args], wrap === undefined ? {} : { wrap });
  t.after(() => hound.stop('SIGKILL'));
  return { hound, tree, data };
}

/** Descriptors of a process. */
export const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** The most that a process has ever had resident, in MiB. */
export const peakMiB = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** Ticks that memhound has missed so far, by its own count. */
export async function missedTicks(hound: Memhound): Promise<number> {
  for (;;) {
    const { status, body } = await hound.get<{ missedTicks: number }>('/api/v1/self');
    if (status === 200) return body.missedTicks;
  }
}

/** A connection by hand, whose end is no error of the test. Its own side stays open for as long as the test wants. */
export async function rawConnection(t: TestContext, url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.on('error', () => {
    // To be reset is what happens to it.
  });
  await Promise.race([once(socket, 'connect'), closed(socket)]);
  return socket;
}

/** Resolves once it is closed, by an end or by a reset. */
export const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

export const request = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
