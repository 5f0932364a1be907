import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findCulprit } from '../../src/culprit/find-culprit.ts';
import { QUESTIONS } from '../../src/culprit/questions.ts';
import { attach } from '../../src/sources/jvm/attach.ts';
import { parseHistogram } from '../../src/sources/jvm/class-histogram.ts';
import { parseCodeCache, parseHeapInfo, parseMetaspace, parseNativeMemory } from '../../src/sources/jvm/jcmd-output.ts';
import { loadSyscalls } from '../../src/sources/process/syscalls.ts';
import { KIB, MIB } from '../../src/units.ts';
import { missingRequirements } from '../support/needs.ts';
import { run, start } from '../support/process.ts';
import { processRef, ROOTS } from '../support/process-ref.ts';

const [uid, gid] = [process.getuid!(), process.getgid!()];

/** A program that pretends to be a JVM with an attach listener, and what it answers. */
async function fakeJvm(t: TestContext, answer: (socket: Socket) => void) {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-attach-'));
  t.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, '7/root/tmp'), { recursive: true });
  writeFileSync(join(proc, '7/status'), `Name:\tjava\nPid:\t7\nUid:\t${uid}\t${uid}\nNSpid:\t7\nSigCgt:\t0000000000000004\n`);
  writeFileSync(join(proc, '7/stat'), `7 (java) S ${[1, ...new Array(17).fill(0)].join(' ')} 100 0 0\n`);
  const server = createServer((socket) => {
    socket.on('error', () => {
      // To be cut off is what happens to it.
    });
    socket.once('data', () => answer(socket));
  });
  await once(server.listen(join(proc, '7/root/tmp/.java_pid7')), 'listening');
  t.after(() => server.close());
  const target = { pid: 7, nspid: 7, startTicks: 100, uid, gid, name: 'java' };
  const ask = (timeoutMs: number, command = 'GC.heap_info') =>
    attach({ roots: { proc, cgroup: '/' }, process: target, command: 'jcmd', args: [command], timeoutMs });
  const reusePid = () => writeFileSync(join(proc, '7/stat'), `7 (java) S ${[1, ...new Array(17).fill(0)].join(' ')} 101 0 0\n`);
  return { ask, reusePid, target, roots: { proc, cgroup: '/' } };
}

test('a reply that comes byte by byte is held as bytes, and one that is too long is refused', { timeout: 60_000 }, async (t) => {
  const slow = await fakeJvm(t, (socket) => {
    socket.setNoDelay();
    let left = 20_000;
    const next = (): void => {
      if (left-- === 0) socket.end();
      else socket.write(left === 19_999 ? '0' : left === 19_998 ? '\n' : 'x', next);
    };
    next();
  });
  const before = process.memoryUsage().rss;
  const reading = await slow.ask(50_000);
  assert.equal(reading.state === 'read' && reading.value.length, 19_998);
  // Where each byte held a buffer of 64 KiB, it was more than a GiB.
  assert.ok(process.memoryUsage().rss - before < 200 * MIB, `${(process.memoryUsage().rss - before) / MIB} MiB more`);

  const endless = await fakeJvm(t, (socket) => {
    const piece = Buffer.alloc(MIB, 'x');
    const more = (): void => void socket.write(piece, (error) => error ?? more());
    more();
  });
  const refused = await endless.ask(50_000);
  assert.match(refused.state === 'failed' ? refused.error : '', /the reply is longer than 4 MiB/);
});

test('of each command of a search for the culprit, a reply may take a sixteenth of the memory that memhound has left, and 256 KiB at least', async (t) => {
  let bytes = 0;
  const jvm = await fakeJvm(t, (socket) => socket.end(`0\n${'x'.repeat(bytes)}`));
  let left = 0;
  t.mock.method(process, 'constrainedMemory', () => process.memoryUsage.rss() + left);
  const told = async (command: string) => {
    const reading = await jvm.ask(20_000, command);
    return reading.state === 'read' ? reading.value.length : reading.state === 'failed' ? reading.error : reading.reason;
  };
  const commands = Object.values(QUESTIONS).flatMap(({ command, before }) => [command, ...before]);
  for (const command of new Set([...commands, 'JFR.dump'])) {
    [left, bytes] = [32 * MIB, MIB];
    assert.equal(await told(command), MIB, command);
    bytes = 3 * MIB;
    assert.match(String(await told(command)), /the reply is longer than \d(\.\d+)? MiB, for which memhound has memory/, command);
    [left, bytes] = [0, 200 * KIB];
    assert.equal(await told(command), 200 * KIB, command);
    bytes = 300 * KIB;
    assert.match(String(await told(command)), /the reply is longer than 256 KiB/, command);
  }
});

test('the longest reply with an invented name in each line is parsed within sixteen times its size, for each cause', {
  timeout: 60_000,
}, async () => {
  const flags = [`--max-old-space-size=${(16 * 4 * MIB) / MIB}`, '--import', 'tsx'];
  const { code, stdout, stderr } = await run(process.execPath, [...flags, 'test/support/invented-answers-child.ts']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { heap: 40_000, threads: 10_000, metaspace: 40_000, native: 199, descriptors: 10_000 });
});

test('an answer that comes after another process got the pid is not that of the JVM, and neither is a later one', async (t) => {
  let asked = 0;
  const { ask, reusePid } = await fakeJvm(t, (socket) => {
    asked++;
    if (asked === 2) reusePid();
    socket.end('0\nan answer');
  });
  assert.equal((await ask(10_000)).state, 'read');
  for (let i = 0; i < 2; i++) assert.deepEqual(await ask(10_000), { state: 'absent', reason: 'pid 7 has ended' });
  assert.equal(asked, 2, 'the other process is not asked');
});

test('looks of a search for a culprit are of one process: where another got the pid between them, none is compared', async (t) => {
  let asked = 0;
  const { reusePid, target, roots } = await fakeJvm(t, (socket) => {
    if (++asked === 3) reusePid();
    socket.end(`0\n   1:  ${asked * 1000}  ${asked * 1e9}  app.Leak\n`);
  });
  const culprit = await findCulprit({
    ...{ roots, process: target, cause: 'heap', forMs: 50, mayRecord: false, release: false },
    readNative: async () => ({ state: 'absent', reason: 'not asked' }),
    signal: new AbortController().signal,
    onLook: () => {},
  });
  assert.equal(culprit.state === 'failed' ? culprit.error : culprit.state, 'pid 7 has ended');
});

test('a socket at which another process listens is not asked, whatever its name is', async (t) => {
  const caught = "process.on('SIGQUIT', () => {}); process.stdin.resume(); console.log('ready')";
  const app = start([process.execPath, ['-e', caught]]);
  t.after(() => app.stop());
  await app.line((line) => line === 'ready');
  const path = `/tmp/.java_pid${app.pid}`;
  let asked = false;
  const neighbour = createServer((socket) => {
    socket.on('data', () => {
      asked = true;
      socket.end('0\nwhat a neighbour says');
    });
  });
  await once(neighbour.listen(path), 'listening');
  t.after(() => neighbour.close());
  const reading = await attach({ roots: ROOTS, process: processRef(app.pid), command: 'jcmd', args: ['x'], timeoutMs: 10_000 });
  assert.match(
    reading.state === 'failed' ? reading.error : reading.state,
    new RegExp(`expected that pid ${app.pid} listens, found pid ${process.pid}$`),
  );
  assert.equal(asked, false);
});

test('a socket at which a process of another pid namespace listens is not asked, since the kernel does not say which', {
  skip: missingRequirements('unshare'),
}, async (t) => {
  const app = `"${process.execPath}" -e "process.on('SIGQUIT', () => {}).stdin.resume(); console.log('ready')"`;
  const ask = `"${process.execPath}" --import tsx test/support/attach-child.ts $!`;
  const inside = `${app} < <(exec sleep 1000) & read -r _; echo "pid $!"; read -r _; ${ask}`;
  const space = start(['unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', 'bash', '-c', inside]]);
  t.after(() => space.stop('SIGKILL'));
  await space.line((line) => line === 'ready');
  space.child.stdin?.write('\n');
  const pid = Number((await space.line((line) => line.startsWith('pid '))).slice(4));
  let asked = false;
  const outside = createServer((socket) => {
    socket.on('data', () => {
      asked = true;
      socket.end('0\nwhat another namespace says');
    });
  });
  await once(outside.listen(`/tmp/.java_pid${pid}`), 'listening');
  t.after(() => outside.close());
  space.child.stdin?.write('\n');
  const said = await space.line((line) => line.startsWith('{'));
  assert.match(said, new RegExp(`expected that pid ${pid} listens, found a process of another pid namespace`));
  assert.equal(asked, false);
});

test('a signal reaches the process that was looked at, and none that is not the right one or has ended', async (t) => {
  const calls = await loadSyscalls();
  assert.ok(typeof calls !== 'string');
  const app = start([
    process.execPath,
    ['-e', "process.on('SIGQUIT', () => console.log('caught')).stdin.resume(); console.log('ready')"],
  ]);
  t.after(() => app.stop());
  await app.line((line) => line === 'ready');
  assert.equal(
    calls.signalProcess(app.pid, 'SIGQUIT', () => false),
    'not-sent',
  );
  assert.equal(
    calls.signalProcess(app.pid, 'SIGQUIT', () => true),
    'sent',
  );
  await app.line((line) => line === 'caught');
  await app.stop();
  let looked = false;
  assert.equal(
    calls.signalProcess(app.pid, 'SIGQUIT', () => (looked = true)),
    'not-sent',
  );
  assert.equal(looked, false);
  assert.equal(app.output().match(/caught/g)?.length, 1);
});

test('a reply that never ends is given up when its time is over', async (t) => {
  const silent = await fakeJvm(t, (socket) => socket.write('0\n'));
  const reading = await silent.ask(200);
  assert.match(reading.state === 'failed' ? reading.error : '', /no reply in time/);
});

test('texts that are made to be slow are parsed in linear time', { timeout: 20_000 }, () => {
  // Each of these took from seconds to hours where a pattern could begin, or go back, at any place: the timeout of the test is the assertion.
  const lines = (line: string): string => `${line}\n`.repeat(100_000);
  for (const text of [
    lines('Both: 1 bytes ('),
    `Virtual space:\n${lines('Both: 1 bytes (')}`,
    lines(`Non-Class:${'1 bytes ('.repeat(40)}`),
    lines(`- ${'a '.repeat(200)}`),
    lines(`${'a '.repeat(200)}total 1K, used`),
    lines(' '.repeat(400)),
    lines('1'.repeat(400)),
    '('.repeat(4 * MIB),
    ' '.repeat(4 * MIB),
  ])
    for (const parse of [parseHeapInfo, parseNativeMemory, parseMetaspace, parseCodeCache, parseHistogram]) parse(text);
});
