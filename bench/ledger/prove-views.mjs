// node bench/ledger/prove-views.mjs: compares memhound's tool views with what podman stats, ps, free and Netdata really show, for one
// container at one instant (its JVM is stopped). Needs root, podman, runc, a JDK, and Debian's netdata-core, which it fetches and
// unpacks into a new folder (nothing is installed). Prints a table; exit code 1 if one is off by more than 1 %.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const work = mkdtempSync(join(tmpdir(), 'memhound-views-'));
const WITHIN = 0.01;
/** Hybrid hosts have both; the memory controller is on one of them. */
const isV1 = existsSync('/sys/fs/cgroup/memory/memory.stat');
const NAME = `memhound-views-${process.pid}`;

function must(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 6).join(' ')}: status ${status}: ${String(stderr).slice(-800)}`);
  return stdout;
}

/** A root file system of this machine's own /usr: no image is fetched. */
function makeRoot() {
  const root = join(work, 'rootfs');
  for (const dir of ['usr', 'etc', 'tmp', 'proc', 'dev', 'sys', 'run', 'classes'])
    mkdirSync(join(root, dir), { recursive: true });
  for (const dir of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${dir}`, join(root, dir));
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  return root;
}

// There is no systemd here; runc knows hybrid cgroups, crun does not; limits that root may not raise are left alone.
const CONF = `[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
[containers]
cgroupns = "host"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
`;
writeFileSync(join(work, 'containers.conf'), CONF);
const env = { ...process.env, CONTAINERS_CONF: join(work, 'containers.conf') };
const podman = (...args) => must('podman', ['--root', join(work, 'storage'), '--runroot', join(work, 'run'), ...args], { env });

function startContainer(root) {
  must('javac', ['-d', join(work, 'classes'), 'scenarios/LogGrowth.java']);
  const java = [
    realpathSync('/usr/bin/java'),
    '-XX:+UseSerialGC',
    '-Xms64m',
    '-Xmx64m',
    '-XX:+AlwaysPreTouch',
    '-cp',
    '/classes',
    'LogGrowth',
    '100',
    '60',
    '/tmp/spring.log',
  ];
  const mounts = [
    '-v',
    '/usr:/usr:ro',
    '-v',
    '/etc/java-17-openjdk:/etc/java-17-openjdk:ro',
    '-v',
    `${join(work, 'classes')}:/classes:ro`,
  ];
  podman('run', '-d', '-i', '--name', NAME, '--network', 'host', '--memory', '512m', ...mounts, '--rootfs', root, ...java);
  return Number(podman('inspect', '--format', '{{.State.Pid}}', NAME).trim());
}

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Netdata with its cgroups plugin only, on loopback, history in memory. */
async function startNetdata() {
  const dir = join(work, 'netdata');
  mkdirSync(dir);
  must('apt-get', ['download', 'netdata-core'], { cwd: dir });
  must('sh', ['-c', 'dpkg -x netdata-core_*.deb root'], { cwd: dir });
  const port = await freePort();
  const root = join(dir, 'root');
  const off = [
    'proc',
    'diskspace',
    'tc',
    'idlejitter',
    'timex',
    'apps',
    'python.d',
    'charts.d',
    'node.d',
    'go.d',
    'ebpf',
    'statsd',
    'checks',
    'slabinfo',
    'netdata monitoring',
    'netdata monitoring extended',
  ];
  for (const d of ['cache', 'lib', 'log', 'etc', 'run']) mkdirSync(join(dir, d));
  const conf = `[db]
 mode = ram
[directories]
 config = ${join(dir, 'etc')}
 stock config = ${join(root, 'usr/lib/netdata/conf.d')}
 cache = ${join(dir, 'cache')}
 lib = ${join(dir, 'lib')}
 log = ${join(dir, 'log')}
 plugins = ${join(root, 'usr/lib/netdata/plugins.d')}
 web = ${join(dir, 'etc')}
[web]
 bind to = 127.0.0.1:${port}
[ml]
 enabled = no
[health]
 enabled = no
[plugins]
${off.map((p) => ` ${p} = no`).join('\n')}
 enable running new plugins = no
 cgroups = yes
[plugin:cgroups]
 use unified cgroups = ${isV1 ? 'no' : 'yes'}
 check for new cgroups every = 2
 script to get cgroup names = /bin/false
 script to get cgroup network interfaces = /bin/false
 enable by default cgroups matching = *
 search for cgroups in subpaths matching = *
 run script to rename cgroups matching = !*
 cgroups to match as systemd services = !*
`;
  writeFileSync(join(dir, 'netdata.conf'), conf);
  const child = spawn(
    join(root, 'usr/sbin/netdata'),
    ['-D', '-c', join(dir, 'netdata.conf'), '-P', join(dir, 'run/pid'), '-u', 'root'],
    {
      stdio: 'ignore',
      env: { ...process.env, LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu') },
    },
  );
  return { child, url: `http://127.0.0.1:${port}` };
}

/** The newest value of a chart's dimensions, in bytes: Netdata counts in MiB. */
async function netdataOf(url, cgroupId, context) {
  for (let tries = 0; tries < 60; tries++) {
    await delay(1000);
    const charts = await fetch(`${url}/api/v1/charts`).then(
      (a) => a.json(),
      () => null,
    );
    const chart = Object.values(charts?.charts ?? {}).find((c) => c.context === context && c.id.includes(cgroupId.slice(0, 12)));
    if (chart === undefined) continue;
    const { labels, data } = await (await fetch(`${url}/api/v1/data?chart=${chart.id}&points=1&after=-1&options=abs`)).json();
    // The first round after the group was found is zeroes.
    if (data?.[0]?.slice(1).some((value) => value > 0))
      return Object.fromEntries(labels.map((l, i) => [l, data[0][i] * 2 ** 20]));
  }
  throw new Error(`Netdata has no chart ${context} of ${cgroupId}`);
}

let netdata = null;
let pid = null;
try {
  const root = makeRoot();
  pid = startContainer(root);
  for (let n = 0; n < 100 && !podman('logs', NAME).includes('done'); n++) await delay(200);
  netdata = await startNetdata();
  process.kill(pid, 'SIGSTOP');
  const cgroup = /(?:memory|^0:):(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))[1];
  const id = podman('inspect', '--format', '{{.Id}}', NAME).trim();
  await netdataOf(netdata.url, id, 'cgroup.mem_usage'); // it has found the group
  const explained = JSON.parse(must(process.execPath, ['dist/memhound.mjs', 'explain', '--json', '--pid', String(pid)]));
  const mem = await netdataOf(netdata.url, id, 'cgroup.mem_usage');
  const parts = await netdataOf(netdata.url, id, 'cgroup.mem');
  const stats = podman('stats', '--no-stream', '--format', '{{.MemUsage}}', NAME);
  const psRss = Number(must('ps', ['-o', 'rss=', '-p', String(pid)])) * 1024;
  const inside = Number(/^Mem:\s+(\d+)/m.exec(podman('exec', NAME, 'free', '-b'))[1]);
  const node = Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024;
  const view = (tool, metric) =>
    explained.views.find((v) => v.tool.startsWith(tool) && (metric === undefined || v.metric === metric)).bytes;
  const part = (name) => explained.ledger.parts.find((p) => p.name === name).bytes;
  const rows = [
    ['podman stats: MEM USAGE', bytesOf(stats.split('/')[0]), view('podman stats')],
    ['ps: RSS', psRss, view('ps, top')],
    ['free in the container: total (the node)', inside, node],
    ['Netdata cgroup.mem_usage: ram', mem.ram, view('Netdata')],
    ['Netdata cgroup.mem: cache', parts.cache ?? parts.file, part('page cache') + part('tmpfs and shared memory')],
    ['Netdata cgroup.mem: rss', parts.rss ?? parts.anon, part('anon')],
  ];
  console.log(`cgroup ${cgroup}, v${explained.target.cgroup.version}`);
  console.log('| tool | shows | memhound says it shows | off |\n|---|---|---|---|');
  for (const [what, real, said] of rows) {
    const off = said / real - 1;
    console.log(`| ${what} | ${real} | ${said} | ${(100 * off).toFixed(2)} % |`);
    if (!(Math.abs(off) <= WITHIN)) process.exitCode = 1;
  }
} finally {
  netdata?.child.kill('SIGKILL');
  if (pid !== null) process.kill(pid, 'SIGKILL');
  podman('rm', '-f', '-t', '0', NAME);
  spawnSync('umount', ['-l', resolve(work, 'storage/overlay')], { stdio: 'ignore' });
  rmSync(work, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // the mount goes a little later
  // podman does not remove the parents of its cgroups; rmdir refuses those that are in use.
  spawnSync('sh', ['-c', 'find /sys/fs/cgroup -depth -type d -path "*/libpod_parent*" -exec rmdir {} + 2>/dev/null']);
}

/** "153.2MB": podman's own units are decimal. */
function bytesOf(text) {
  const [, number, unit] = /([\d.]+)\s*([kMG]?)B/.exec(text);
  return Number(number) * { '': 1, k: 1e3, M: 1e6, G: 1e9 }[unit];
}
