import { readTable } from '../sources/process/read-table.ts';
import { MIB } from '../units.ts';

/** In a pod with tens of thousands of connections the table is longer; its rows come in no order. */
const MAX_TABLE = 4 * MIB;
const ESTABLISHED = '01';

/**
 * Bytes that the kernel holds because a client has not read them, by the client's port, of connections to `localPort`. Node does not know
 * them: the kernel accepts megabytes for a client that reads nothing (tcp_wmem, tcp(7)), and counts them towards the sidecar's memory limit.
 * Source: Linux, proc_net_tcp.rst: local and remote address, state, tx_queue:rx_queue, all hexadecimal.
 */
export function parseSendQueues(table: string, localPort: number): Map<number, number> {
  const local = localPort.toString(16).toUpperCase().padStart(4, '0');
  const queues = new Map<number, number>();
  const rows = table.matchAll(/^ *\d+: [0-9A-F]{1,32}:([0-9A-F]{4}) [0-9A-F]{1,32}:([0-9A-F]{4}) ([0-9A-F]{2}) ([0-9A-F]{8}):/gm);
  for (const [, port, remote, state, queued] of rows) {
    if (port !== local || state !== ESTABLISHED) continue;
    const key = Number.parseInt(remote!, 16);
    queues.set(key, (queues.get(key) ?? 0) + Number.parseInt(queued!, 16));
  }
  return queues;
}

export function readSendQueues(localPort: number): Map<number, number> {
  return parseSendQueues(readTable('/proc/self/net/tcp', MAX_TABLE) + readTable('/proc/self/net/tcp6', MAX_TABLE), localPort);
}
