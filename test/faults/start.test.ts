import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { attackedMemhound } from '../support/attacked.ts';
import { dataDir, MEMHOUND } from '../support/memhound.ts';
import { run, start } from '../support/process.ts';

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
  for (const delayMs of [150, 300, 450, 600, 750]) {
    const running = start([
      process.execPath,
      [MEMHOUND, ...command.filter((a) => a !== '--own'), ...roots, '--port', '0', '--ops-port', '0'],
    ]);
    await once(running.child, 'spawn');
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const { code, signal } = await running.stop();
    // Before Node has reached memhound's own handler the kernel's default is what ends it.
    assert.ok(code === 0 || signal === 'SIGTERM', `${delayMs} ms: ${code} ${signal}: ${running.output()}`);
  }
});
