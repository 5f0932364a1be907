// Runs inside the guest with the kinds of memory as arguments: a container of a pod for each, whose JVM holds memory that a node without swap and a
// kernel with cgroup v1 do not show, and memhound in another. Writes the first verdict of each that names its cause, or that it is slowed down, as JSON lines. kinds.test.ts, outside, checks them.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const { UML_OUT: OUT, POD_CG: POD } = process.env;
const say = (event, data) => console.log(JSON.stringify({ event, ...data }));
const run = (command, ...args) => {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
};

run('dd', 'if=/dev/zero', 'of=/tmp/swap', 'bs=1M', 'count=300');
run('mkswap', '/tmp/swap');
run('swapon', '/tmp/swap');

const started = [];
async function inContainer(env, name, ready, ...command) {
  const child = spawn('incontainer', [name, ...command], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  started.push(child);
  for await (const line of createInterface({ input: child.stdout })) if (line.includes(ready)) return line;
  throw new Error(`${command[0]} ended without saying ${ready}`);
}

const flags = ['-XX:+UseSerialGC', '-Xms24m', '-Xmx24m', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp', `${OUT}/classes`];
const ALL_CASES = [
  { kind: 'swap', max: '72M', cause: 'native', program: ['UnsafeLeak', '1.5', '200'] },
  { kind: 'sock', max: '512M', cause: 'sock', program: ['KernelKinds', 'sock', '1', '60'] },
  { kind: 'page-tables', max: '512M', cause: 'page-tables', program: ['KernelKinds', 'page-tables', '1', '120'] },
  { kind: 'pipes', max: '512M', cause: 'kernel', program: ['KernelKinds', 'pipes', '1', '60'] },
  { kind: 'high', max: '512M', high: '64M', rule: 'throttled', program: ['UnsafeLeak', '1.5', '200'] },
];
const CASES = ALL_CASES.filter(({ kind }) => process.argv.includes(kind));
const kinds = new Map();
for (const [i, { max, high = null, program }] of CASES.entries()) {
  const id = String(i + 1).repeat(64);
  const dir = `${POD}/cri-containerd-${id}.scope`;
  mkdirSync(dir);
  writeFileSync(`${dir}/memory.max`, max);
  if (high !== null) {
    writeFileSync(`${dir}/memory.high`, high);
    writeFileSync(`${dir}/memory.swap.max`, '0');
  }
  await inContainer({ CG_APP: dir }, 'app', 'ready', 'java', ...flags, ...program);
  kinds.set(id.slice(0, 12), CASES[i]);
}
const args = [
  'watch',
  '--json',
  '--port',
  '0',
  '--ops-port',
  '0',
  '--every',
  '1s',
  '--min-history',
  '20s',
  '--data',
  '/tmp/memhound',
];
const { url } = JSON.parse(await inContainer({}, 'sidecar', '"listening"', process.execPath, `${OUT}/memhound.mjs`, ...args));

const last = new Map();
await new Promise((resolve, reject) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
  const timer = setTimeout(() => reject(new Error(`not all in time; the last: ${JSON.stringify([...last])}`)), 300_000);
  socket.on('error', reject);
  socket.on('message', (data) => {
    const { type, verdict } = JSON.parse(String(data));
    if (type !== 'verdict') return;
    const known = kinds.get(verdict.target.container);
    if (known === undefined) return;
    last.set(known.kind, verdict.headline);
    // The leak of the first container shows only when the kernel swaps it out.
    const isTold =
      known.rule === undefined
        ? verdict.leak === true && verdict.cause === known.cause && verdict.growth !== undefined
        : verdict.findings.some(({ rule }) => rule === known.rule);
    if (!isTold || (known.kind === 'swap' && !verdict.headline.includes('swaps it out'))) return;
    say(known.kind, { verdict });
    kinds.delete(verdict.target.container);
    if (kinds.size > 0) return;
    clearTimeout(timer);
    socket.terminate();
    resolve();
  });
}).finally(() => {
  for (const child of started) child.kill('SIGKILL');
});
process.exit(0);
