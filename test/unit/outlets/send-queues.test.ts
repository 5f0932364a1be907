import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { parseSendQueues, readSendQueues } from '../../../src/outlets/send-queues.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2260 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0
   1: 0100007F:2260 0100007F:C001 01 0001BC00:00000000 01:00000019 00000000     0        0 6 2 0 20 4 30 10 -1
   2: 0100007F:C001 0100007F:2260 01 00000007:00000000 00:00000000 00000000     0        0 7 1 0 20 4 30 10 -1
   3: 0000000000000000FFFF00000100007F:2260 0000000000000000FFFF00000100007F:C002 01 00000010:00000000 00:00000000 00000000 0 0 8 1
   4: 0100007F:2260 0100007F:C003 06 00000100:00000000 03:00000019 00000000     0        0 0 3 0
`;

test('the table of the kernel says what each client of a port has left unread', () => {
  assert.deepEqual(
    [...parseSendQueues(TABLE, 8800)],
    [
      [0xc001, 0x1bc00],
      [0xc002, 16],
    ],
  );
  assert.equal(parseSendQueues(TABLE, 8801).size, 0);
});

test('what a client does not read is counted, until it reads', async (t) => {
  const server = createServer((socket) => socket.end(Buffer.alloc(8 << 20))).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  const client = connect({ port, host: '127.0.0.1' }).pause();
  t.after(() => client.destroy());
  await Promise.all([accepted, once(client, 'connect')]);
  assert.ok(readSendQueues(port).get(client.localPort!)! > 65_536);
  const { localPort } = client;
  client.resume();
  await once(client, 'close');
  assert.equal(readSendQueues(port).get(localPort!), undefined);
});
