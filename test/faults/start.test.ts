import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { attackedMemhound } from '../support/attacked.ts';
import { dataDir, MEMHOUND } from '../support/memhound.ts';
import { run, start } from '../support/process.ts';

const SIGTERM_BIT = 1n << 14n;
const heedsSigterm = (pid: number): boolean =>
  (BigInt(`0x${/^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]}`) & SIGTERM_BIT) !== 0n;

const LISTEN = '0A';
/** Whether one of the sockets of a process is in the list of those that listen. */
function listensOnAPort(pid: number): boolean {
  const listening = new Set(
    readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap((columns) => (columns[3] === LISTEN ? [`socket:[${columns[9]}]`] : [])),
  );
  return readdirSync(`/proc/${pid}/fd`).some((fd) => listening.has(linkOf(`/proc/${pid}/fd/${fd}`)));
}

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
};

const command = ['watch', '--own', '--every', '1s', '--json'];

test('a port in use ends the start with a sentence and code 1, whichever of the two it is', { timeout: 60_000 }, async (t) => {
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  t.after(() => taken.close());
  const port = String((taken.address() as AddressInfo).port);
  for (const [flag, other] of [
    ['--ops-port', '--port'],
    ['--port', '--ops-port'],
  ] as const) {
    const data = dataDir();
    const args = [...command, '--data', data, '--ops-host', '127.0.0.1', flag, port, other, '0'];
    const { code, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
    assert.equal(code, 1, flag);
    assert.match(stderr, new RegExp(`port ${port} is in use .* ${flag} `));
    // The folder is free again for the next start.
    const next = start([process.execPath, [MEMHOUND, ...command, '--data', data, '--port', '0', '--ops-port', '0']]);
    await next.line((line) => line.includes('listening'));
    assert.equal((await next.stop()).code, 0);
  }
});

test('SIGTERM in the middle of the start ends it with code 0', { timeout: 60_000 }, async (t) => {
  const { hound, tree } = await attackedMemhound(t);
  await hound.stop('SIGKILL');
  // Thousands of processes to search through: the signal comes before it serves.
  for (let pid = 1000; pid < 1300; pid++) mkdirSync(join(tree.roots.proc, String(pid)));
  const roots = ['--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup];
  const moments: readonly [string, (pid: number, data: string) => boolean][] = [
    ['as soon as Node runs', (pid) => readdirSync(`/proc/${pid}/task`).length > 1],
    ['as soon as Node heeds the signal', heedsSigterm],
    ['as soon as it has the data folder', (_, data) => existsSync(join(data, 'lock'))],
    ['as soon as it serves', listensOnAPort],
  ];
  for (const [moment, hasCome] of moments) {
    const data = dataDir();
    const args = [MEMHOUND, ...command.filter((a) => a !== '--own'), ...roots, '--data', data, '--port', '0', '--ops-port', '0'];
    const running = start([process.execPath, args]);
    await once(running.child, 'spawn');
    while (!hasCome(running.pid, data)) await turn();
    const { code, signal } = await running.stop();
    // Before Node has reached memhound's own handler the kernel's default is what ends it.
    assert.ok(code === 0 || signal === 'SIGTERM', `${moment}: ${code} ${signal}: ${running.output()}`);
    if (!moment.includes('Node')) assert.equal(code, 0, `${moment}: ${running.output()}`);
  }
});
