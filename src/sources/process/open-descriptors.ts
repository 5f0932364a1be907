import { readdirSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MIB } from '../../units.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { readTable } from './read-table.ts';
import { isAbsence, isDenied } from './read-text.ts';

/*
 * Everything that a process has open, one line each: a path, "pipe:[123]", "anon_inode:[eventpoll]", or a connection by its peer. No file is
 * opened.
 */

/** The kernel makes an inode of each descriptor that is looked at, some 800 bytes, which count towards memhound's memory. */
const MAX_DESCRIPTORS = 65_536;
/** So many connections have so long a table. */
const MAX_TABLE = 12 * MIB;
const TURN = 1000;
const LISTEN = '0A';
const CLOSE_WAIT = '08';

/** Marks a connection that the other side has closed. */
export const CLOSED_BY_PEER = ', closed by the other side';

/** Lists what a process has open. Takes turns with the event loop. */
export async function listDescriptors({
  roots,
  process: { pid },
}: {
  readonly roots: Roots;
  readonly process: ProcessRef;
}): Promise<Reading<string>> {
  const folder = join(roots.proc, String(pid));
  try {
    const numbers = readdirSync(join(folder, 'fd'));
    if (numbers.length > MAX_DESCRIPTORS)
      return {
        state: 'failed',
        error: `pid ${pid} has ${numbers.length} descriptors: expected at most ${MAX_DESCRIPTORS}`,
        remediation: null,
      };
    const links: string[] = [];
    for (const [n, number] of numbers.entries()) {
      if (n % TURN === TURN - 1) await nextTurn();
      const link = linkOf(join(folder, 'fd', number));
      if (link !== null) links.push(link);
    }
    const names = links.some((link) => link.startsWith('socket:'))
      ? socketNames((table) => readTable(join(folder, 'net', table), MAX_TABLE))
      : null;
    const lines = links.map((link) => names?.get(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '') ?? link);
    return { state: 'read', value: lines.join('\n'), atMs: Date.now() };
  } catch (error) {
    if (isAbsence(error)) return { state: 'absent', reason: `pid ${pid} has ended` };
    if (!isDenied(error)) throw error;
    return {
      state: 'failed',
      error: `the descriptors of pid ${pid} may not be read`,
      remediation: 'run memhound as the same user and group as the JVM',
    };
  }
}

/** null: it was closed meanwhile, or its path is too long. A path may have any byte, and a line is one descriptor. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path).replaceAll(/[\n\r]/g, ' ');
  } catch (error) {
    if (isAbsence(error) || (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return null;
    throw error;
  }
}

/** Sockets by their inode. `read`: a table of /proc/PID/net; "": this kernel has none. Source: Linux, proc_net_tcp.rst; proc_net(5). */
export function socketNames(read: (table: 'tcp' | 'tcp6' | 'udp' | 'udp6' | 'unix') => string): Map<string, string> {
  const names = new Map<string, string>();
  const tcp = [...rowsOf(read('tcp')), ...rowsOf(read('tcp6'))];
  const listening = new Set(tcp.filter(({ state }) => state === LISTEN).map(({ local }) => local.port));
  for (const { inode, local, remote, state } of tcp) {
    const closed = state === CLOSE_WAIT ? CLOSED_BY_PEER : '';
    if (state === LISTEN) names.set(inode, `TCP, listens at port ${local.port}`);
    else if (listening.has(local.port)) names.set(inode, `TCP at port ${local.port} from ${remote.address}${closed}`);
    else names.set(inode, `TCP to ${remote.address}:${remote.port}${closed}`);
  }
  for (const { inode, remote } of [...rowsOf(read('udp')), ...rowsOf(read('udp6'))])
    names.set(inode, remote.port === 0 ? 'UDP' : `UDP to ${remote.address}:${remote.port}`);
  for (const [, inode, path] of read('unix').matchAll(/^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+)(?: (\S.*))?$/gm))
    names.set(inode!, `Unix socket${path === undefined ? '' : ` ${path}`}`);
  return names;
}

interface End {
  readonly address: string;
  readonly port: number;
}

function* rowsOf(table: string): Generator<{ inode: string; local: End; remote: End; state: string }, void, undefined> {
  const rows = table.matchAll(
    /^ *\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +\d+ +\d+ (\d+)/gm,
  );
  for (const [, local, localPort, remote, remotePort, state, inode] of rows)
    yield { inode: inode!, state: state!, local: endOf(local!, localPort!), remote: endOf(remote!, remotePort!) };
}

const endOf = (address: string, port: string): End => ({ address: addressOf(address), port: Number.parseInt(port, 16) });

/** The kernel prints an address as words of four bytes in the order of the machine, here always the little-endian one. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  const v4 = [...bytes.subarray(-4)].join('.');
  if (bytes.length === 4) return v4;
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  if (isMapped && isIPv4(v4)) return v4;
  const groups = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n).toString(16));
  return `[${groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::')}]`;
}
