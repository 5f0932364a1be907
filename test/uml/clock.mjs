// Runs inside the guest, whose clock may be set: memhound watches a container while it goes back, ahead and back again, and while memhound is stopped. Writes
// the answers of the API as JSON lines; clock.test.ts, outside, checks them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const say = (event, data) => console.log(JSON.stringify({ event, ...data }));
const app = spawn('incontainer', ['app', 'sh', '-c', 'echo ready; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
await once(app.stdout, 'data');
const args = [
  'watch',
  '--json',
  '--pid',
  String(app.pid),
  '--every',
  '2s',
  '--port',
  '0',
  '--ops-port',
  '0',
  '--data',
  '/tmp/memhound',
];
const memhound = spawn(process.execPath, [`${process.env.UML_OUT}/memhound.mjs`, ...args], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(createInterface({ input: memhound.stdout }), 'line');
const { url } = JSON.parse(line);
const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
const get = async (path) => (await fetch(`${url}/api/v1/${path}`)).json();

/** Awaits so many samples. Returns how long that took by the monotonic clock. */
async function samples(n) {
  const began = performance.now();
  for (let seen = 0; seen < n; ) {
    const [data] = await once(socket, 'message');
    if (String(data).startsWith('{"type":"sample"')) seen++;
  }
  return (performance.now() - began) / 1000;
}
const step = (seconds) => spawnSync('date', ['-s', `@${Math.round(Date.now() / 1000) + seconds}`]);
const report = async (event, tookS) =>
  say(event, { tookS, series: await get('samples?fields=usage,pgfault'), self: await get('self') });

await report('before', await samples(3));
step(-3600);
await report('an hour back', await samples(3));
step(400 * 86_400);
await report('years ahead', await samples(3));
step(-400 * 86_400);
await report('back again', await samples(3));
process.kill(memhound.pid, 'SIGSTOP');
await new Promise((done) => setTimeout(done, 9000));
process.kill(memhound.pid, 'SIGCONT');
await report('suspended for 9 s', await samples(3));

socket.terminate();
memhound.kill('SIGTERM');
const [code] = await once(memhound, 'exit');
app.kill('SIGKILL');
say('exit', { code });
