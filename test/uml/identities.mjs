// Runs inside the guest: for each identity a JVM in one container and one search by memhound in the other, each with a cgroup
// namespace. Writes the answers of memhound as JSON lines; identities.test.ts, outside, checks them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const OUT = process.env.UML_OUT;
const as = (id, dropped) => [
  'setpriv',
  `--reuid=${id.split(':')[0]}`,
  `--regid=${id.split(':')[1]}`,
  '--clear-groups',
  ...(dropped ? ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'] : []),
];
const ALONE = ['unshare', '--pid', '--fork', '--mount-proc'];

const CASES = [
  { name: 'same', app: '1000:1000', hound: '1000:1000' },
  { name: 'other-uid', app: '1001:1001', hound: '1000:1000' },
  { name: 'other-gid', app: '1000:1001', hound: '1000:1000' },
  { name: 'root-with-capabilities', app: '0:0', hound: '0:0', keepsCapabilities: true },
  { name: 'no-passwd-entry', app: '23456:23456', hound: '23456:23456' },
  { name: 'not-shared', app: '1000:1000', hound: '1000:1000', wrap: ALONE },
];

for (const { name, app, hound, keepsCapabilities = false, wrap = [] } of CASES) {
  const flags = ['-XX:+UseSerialGC', '-Xmx32m', '-XX:TieredStopAtLevel=1'];
  const program = ['java', ...flags, '-cp', `${OUT}/classes`, 'SpringLog', `/tmp/${name}.log`, '1', '1'];
  const java = spawn('incontainer', ['app', ...as(app, !keepsCapabilities), ...program], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: java.stdout })) if (line.includes('full')) break;
  const command = [process.execPath, `${OUT}/memhound.mjs`, 'explain', '--json'];
  const done = spawnSync('incontainer', ['sidecar', ...wrap, ...as(hound, true), ...command], { encoding: 'utf8' });
  const said = done.stdout.trim().startsWith('{') ? JSON.parse(done.stdout) : { text: done.stdout };
  console.log(JSON.stringify({ name, javaPid: java.pid, status: done.status, stderr: done.stderr, said }));
  java.kill('SIGKILL');
  await once(java, 'exit');
}

// The hostPath variant: no shared process namespace, the node's tree, as someone who owns nothing in it.
const java = spawn(
  'incontainer',
  ['app', ...as('1000:1000', true), 'java', '-Xmx32m', '-cp', `${OUT}/classes`, 'SpringLog', '/tmp/pod.log', '1', '1'],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
for await (const line of createInterface({ input: java.stdout })) if (line.includes('full')) break;
const uid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
for (const [name, asked] of [
  ['host-path', uid],
  ['host-path-other-pod', uid.replace('0f', '1f')],
]) {
  const command = [process.execPath, `${OUT}/memhound.mjs`, 'explain', '--json', '--pod-uid', asked];
  const done = spawnSync(ALONE[0], [...ALONE.slice(1), ...as('65532:65532', true), ...command], { encoding: 'utf8' });
  const said = done.stdout.trim().startsWith('{') ? JSON.parse(done.stdout) : { text: done.stdout };
  console.log(JSON.stringify({ name, javaPid: java.pid, status: done.status, stderr: done.stderr, said }));
}
// The container's namespace ends at its own group, the node's tree goes on to the pod's: on the node itself, and in a sidecar that has it mounted.
const explain = [process.execPath, `${OUT}/memhound.mjs`, 'explain', '--json'];
const mounted =
  'mkdir /run/node && mount --bind /sys/fs/cgroup /run/node && exec incontainer sidecar "$@" --cgroup-root /run/node';
for (const [name, command] of [
  ['on-the-node', explain],
  ['node-tree-mounted', ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', mounted, 'sh', ...explain]],
]) {
  const done = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  const said = done.stdout.trim().startsWith('{') ? JSON.parse(done.stdout) : { text: done.stdout };
  console.log(JSON.stringify({ name, javaPid: java.pid, status: done.status, stderr: done.stderr, said }));
}
java.kill('SIGKILL');
await once(java, 'exit');
