// What the tests need beyond Node: Debian packages. As root the missing ones are installed, and named; else they are only named, with
// the tests that stay away for their want. `npm test` calls this first; `node scripts/setup.mjs` alone does it too. With `--bench` the
// programs that `npm run bench` weighs memhound against.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A command (`or` another that does as well), the packages that have it (the first that the archive knows is taken), and what for. */
const NEEDS = [
  {
    command: 'javac',
    packages: ['openjdk-17-jdk-headless', 'default-jdk-headless'],
    for: 'a real JVM: the story, heap leak, restarts',
  },
  { command: 'fincore', packages: ['util-linux-extra', 'util-linux'], for: 'page cache by file, against the kernel' },
  { command: 'linux.uml', packages: ['user-mode-linux'], for: 'cgroup v2 on a kernel of its own (test/uml)' },
  { command: 'mkfs.ext4', packages: ['e2fsprogs'], for: 'the disk of that kernel (test/uml)' },
  { command: 'ip', packages: ['iproute2'], for: 'the loopback of that kernel (test/uml)' },
  { command: 'ps', packages: ['procps'], for: 'process figures' },
  { command: 'podman', packages: ['podman'], for: 'a real pod from k8s/example.yaml (test/pod)' },
  { command: 'runc', packages: ['runc'], for: 'its containers (test/pod)' },
  { command: 'catatonit', packages: ['catatonit'], for: "the pod's pause process (test/pod)" },
  { command: 'nsenter', packages: ['util-linux'], for: "asking from within a pod's network (test/pod)" },
  {
    command: 'chromium-headless-shell',
    or: 'chromium',
    packages: ['chromium-headless-shell', 'chromium'],
    for: 'the page in a real browser',
  },
];

/** What people would otherwise run for this. */
const BENCH_NEEDS = [
  { command: 'chromium', packages: ['chromium'], for: 'npm run bench:page' },
  { command: 'prometheus', packages: ['prometheus'], for: 'npm run bench' },
  { command: 'prometheus-node-exporter', packages: ['prometheus-node-exporter'], for: 'npm run bench' },
  { command: 'prometheus-process-exporter', packages: ['prometheus-process-exporter'], for: 'npm run bench' },
  { command: 'netdata', packages: ['netdata'], for: 'npm run bench' },
];

// A user's PATH may lack the sbin folders, where mkfs.ext4 and ip may live.
const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
const has = ({ command, or }) => hasCommand(command) || (or !== undefined && hasCommand(or));
const hasCommand = (command) =>
  path.some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
const run = (command, args, stdio = 'inherit') =>
  spawnSync(command, args, { stdio, encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });

/**
 * Debian starts the services that it installs unless this file says no (invoke-rc.d(8)). Where an administrator has one, it rules.
 * Returns what takes it away again.
 */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  return () => rmSync(policy, { force: true });
}

export function setup(needs = NEEDS) {
  const missing = needs.filter((need) => !has(need));
  if (missing.length === 0) return true;
  const root = process.getuid?.() === 0;
  if (!root || !hasCommand('apt-get')) {
    console.log(
      `${needs === NEEDS ? 'Some tests will not run' : 'Some rows will be empty'}: ${root ? 'this is no Debian or Ubuntu' : 'not root, so nothing was installed'}. Missing:`,
    );
    for (const need of missing) console.log(`  ${need.command} (package ${need.packages[0]}): ${need.for}`);
    if (!root)
      console.log(`  remediation: sudo apt-get install ${[...new Set(missing.map((need) => need.packages[0]))].join(' ')}`);
    return true;
  }
  console.log(`Installing Debian packages that ${needs === NEEDS ? 'the tests need' : 'the bench compares with'}:`);
  run('apt-get', ['update', '-q'], ['ignore', 'ignore', 'inherit']);
  const known = (name) => /Candidate: (?!\(none\))/.test(run('apt-cache', ['policy', name], 'pipe').stdout ?? '');
  const wanted = missing.map((need) => ({ need, name: need.packages.find(known) ?? null }));
  for (const { need, name } of wanted) console.log(`  ${name ?? `(none has ${need.command})`}: ${need.command}, for ${need.for}`);
  const names = [...new Set(wanted.flatMap(({ name }) => name ?? []))];
  const allow = forbidServices();
  let done;
  try {
    done = run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], ['ignore', 'ignore', 'inherit']);
  } finally {
    allow();
  }
  const left = missing.filter((need) => !has(need));
  for (const need of left)
    console.log(
      `  still missing: ${need.command}; ${needs === NEEDS ? 'its tests will not run' : 'its row stays empty'}: ${need.for}`,
    );
  return done.status === 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!setup(process.argv.includes('--bench') ? BENCH_NEEDS : NEEDS)) process.exit(1);
}
