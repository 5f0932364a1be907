import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listDescriptors, socketNames } from '../../../../src/sources/process/open-descriptors.ts';
import { processRef, ROOTS } from '../../../support/process-ref.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0700000A:C350 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C351 0700000A:1538 08 00000000:00000000 00:00000000 00000000  1000        0 13 1 0000000000000000 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000700000A:0050 01 00000000:00000000 00:00000000 00000000  1000        0 14 1 0000000000000000 20 4 30 10 -1
   1: 00000000000000000000000001000000:C353 00000000000000000000000001000000:0051 01 00000000:00000000 00:00000000 00000000  1000        0 15 1 0000000000000000 20 4 30 10 -1
`;
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 16 /run/app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 17
`;

test('sockets are called by their peer, accepted ones by the port at which they came', () => {
  const tables: Readonly<Record<string, string>> = { tcp: TCP, tcp6: TCP6, unix: UNIX };
  assert.deepEqual(Object.fromEntries(socketNames((table) => tables[table] ?? '')), {
    11: 'TCP, listens at port 8080',
    12: 'TCP at port 8080 from 10.0.0.7',
    13: 'TCP to 10.0.0.7:5432, closed by the other side',
    14: 'TCP to 10.0.0.7:80',
    15: 'TCP to [::1]:81',
    16: 'Unix socket /run/app.sock',
    17: 'Unix socket',
  });
});

test('what a process has open is listed: a file, a deleted one, a connection', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-descriptors-'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const files = ['kept', 'gone'].map((name) => openSync(join(dir, name), 'w'));
  unlinkSync(join(dir, 'gone'));
  t.after(() => {
    socket.destroy();
    server.close();
    for (const fd of files) closeSync(fd);
    rmSync(dir, { recursive: true });
  });
  const read = await listDescriptors({ roots: ROOTS, process: processRef(process.pid) });
  assert.ok(read.state === 'read', JSON.stringify(read));
  const lines = read.value.split('\n');
  for (const line of [
    join(dir, 'kept'),
    `${join(dir, 'gone')} (deleted)`,
    `TCP to 127.0.0.1:${port}`,
    `TCP, listens at port ${port}`,
  ])
    assert.ok(lines.includes(line), `${line} in ${read.value}`);
});

test('a process that has ended has no descriptors', async () => {
  const ended = { ...processRef(process.pid), pid: 2 ** 22 + 1 };
  assert.equal((await listDescriptors({ roots: ROOTS, process: ended })).state, 'absent');
});
