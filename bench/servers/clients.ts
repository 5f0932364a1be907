import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** Asks for a page; the server must answer. */
export async function http(port: number, path: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  await answer.arrayBuffer();
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function connected(port: number): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** On a busy machine ZooKeeper may never read what follows its greeting. Then the connection is closed, and another one is tried. */
const MOST_SILENCE_MS = 20_000;

/** Resolves with what came once it fits. */
function reply(socket: Socket, fits: (bytes: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = Buffer.alloc(0);
    const giveUp = () => socket.destroy();
    const take = (bytes: Buffer): void => {
      all = Buffer.concat([all, bytes]);
      if (!fits(all)) return;
      socket.off('data', take).off('close', ended).setTimeout(0, giveUp);
      resolve();
    };
    const ended = () =>
      reject(new Error(`the server closed the connection; it had said ${all.toString('latin1').slice(0, 300)}`));
    if (socket.destroyed) ended();
    else socket.on('data', take).on('close', ended).setTimeout(MOST_SILENCE_MS, giveUp);
  });
}

/** One message to a queue by STOMP; with `take` it is taken out again. */
export async function stomp(port: number, body: string, take: boolean): Promise<void> {
  const socket = await connected(port);
  const frame = (text: string) => socket.write(`${text}\0`);
  const ok = reply(socket, (all) => all.includes('CONNECTED'));
  frame('CONNECT\naccept-version:1.1\nhost:localhost\n\n');
  await ok;
  const queue = take ? '/queue/work' : '/queue/backlog';
  const done = reply(socket, (all) => all.includes('RECEIPT') && (!take || all.includes('MESSAGE')));
  if (take) frame(`SUBSCRIBE\nid:0\ndestination:${queue}\nack:auto\n\n`);
  frame(`SEND\ndestination:${queue}\nreceipt:r\n\n${body}`);
  await done;
  // A consumer that has not left could be given the next one's message.
  const left = reply(socket, (all) => all.includes('receipt-id:bye'));
  frame('DISCONNECT\nreceipt:bye\n\n');
  await left;
  socket.destroy();
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string | Buffer): Buffer => Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

/** A session with ZooKeeper in its own protocol: create (1), getData (4), setData (5). */
export async function zooKeeper(
  port: number,
): Promise<(op: 'create' | 'get' | 'set', path: string, data?: Buffer) => Promise<void>> {
  const socket = await connected(port);
  const packet = (...parts: Buffer[]) => socket.write(text(Buffer.concat(parts)));
  const whole = (all: Buffer) => all.length >= 4 && all.length >= 4 + all.readInt32BE(0);
  const hello = reply(socket, whole);
  packet(int(0), Buffer.alloc(8), int(60_000), Buffer.alloc(8), text(Buffer.alloc(16)));
  await hello;
  let xid = 0;
  return async (op, path, data = Buffer.alloc(0)) => {
    const answer = reply(socket, whole);
    const head = int(++xid);
    if (op === 'get') packet(head, int(4), text(path), Buffer.from([0]));
    else if (op === 'set') packet(head, int(5), text(path), text(data), int(-1));
    else packet(head, int(1), text(path), text(data), int(1), int(31), text('world'), text('anyone'), int(0));
    await answer;
  };
}
