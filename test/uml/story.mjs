// Runs inside the guest, outside of any container: starts the service in one container, memhound in the other, both as user nobody without
// capabilities, and writes what it sees as JSON lines. story.test.ts, outside, checks them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const OUT = process.env.UML_OUT;
const LOG = '/tmp/spring.log';
const say = (event, data) => console.log(JSON.stringify({ event, ...data }));
const nobody = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--no-new-privs',
];

function inContainer(name, ...command) {
  const child = spawn('incontainer', [name, ...nobody, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (part) => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) if (next.value.includes(part)) return next.value;
    throw new Error(`${command[0]} ended without saying ${part}`);
  };
  return { child, line };
}
const get = async (url) => {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.json() };
};
const fincore = () => JSON.parse(spawnSync('fincore', ['-J', '--bytes', LOG], { encoding: 'utf8' }).stdout).fincore[0].res;

const flags = ['-XX:+UseSerialGC', '-Xms64m', '-Xmx64m', '-XX:+AlwaysPreTouch', '-XX:TieredStopAtLevel=1'];
const java = inContainer('app', 'java', ...flags, '-cp', `${OUT}/classes`, 'SpringLog', LOG, '5', '600');
await java.line('logging');
const settings = ['--every', '1s', '--min-history', '20s', '--data', '/tmp/memhound'];
const memhound = inContainer(
  'sidecar',
  process.execPath,
  `${OUT}/memhound.mjs`,
  'watch',
  '--json',
  '--port',
  '0',
  '--ops-port',
  '0',
  ...settings,
);
const listening = JSON.parse(await memhound.line('"listening"'));
say('listening', { ...listening, javaPid: java.child.pid });

const socket = new WebSocket(`${listening.url.replace('http', 'ws')}/api/v1/live`);
const verdict = await new Promise((resolve, reject) => {
  let last = null;
  const timer = setTimeout(() => reject(new Error(`no such verdict in time; the last: ${last?.headline}`)), 300_000);
  socket.on('error', reject);
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    if (message.type !== 'verdict') return;
    if (message.verdict.headline.replace(/[\d.]+/g, '') !== last?.headline.replace(/[\d.]+/g, ''))
      say('headline', { at: Math.round(process.uptime()), headline: message.verdict.headline });
    last = message.verdict;
    if (last.trend === 'growing' && last.leak === false && last.causes[0]?.what === LOG) {
      clearTimeout(timer);
      resolve(last);
    }
  });
});
say('live', { verdict });
const api = `${listening.url}/api/v1`;
say('verdict', await get(`${api}/verdict`));

// Files are scanned every few ticks, as their cost allows: the log must not grow while the two are compared.
java.child.kill('SIGSTOP');
for (let tries = 0; tries < 60; tries++) {
  const files = await get(`${api}/files`);
  const kernel = fincore();
  if (tries === 59 || Math.abs(files.body[0]?.residentBytes - kernel) <= 0.05 * kernel) {
    say('files', { ...files, kernel });
    break;
  }
  await once(socket, 'message');
}
for (const path of ['targets', 'ledger', 'views', 'jvm', 'self']) say(path, await get(`${api}/${path}`));

socket.terminate();
for (const [child, signal] of [
  [memhound.child, 'SIGTERM'],
  [java.child, 'SIGKILL'],
]) {
  child.kill(signal);
  const [code] = await once(child, 'exit');
  say('exit', { code });
}
