// What the tests need beyond Node: Debian packages. As root the missing ones are installed, and named; else they are only named, with
// the tests that stay away for their want. `npm test` calls this first; `node scripts/setup.mjs` alone does it too.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A command, the packages that have it (the first that the archive knows is taken), and what is tested with it. */
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
  { command: 'chromium', packages: ['chromium'], for: 'the page in a real browser' },
];

// A user's PATH may lack the sbin folders, where mkfs.ext4 and ip may live.
const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
const has = (command) =>
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

export function setup() {
  const missing = NEEDS.filter((need) => !has(need.command));
  if (missing.length === 0) return true;
  const root = process.getuid?.() === 0;
  if (!root || !has('apt-get')) {
    console.log(
      `Some tests will not run: ${root ? 'this is no Debian or Ubuntu' : 'not root, so nothing was installed'}. Missing:`,
    );
    for (const need of missing) console.log(`  ${need.command} (package ${need.packages[0]}): ${need.for}`);
    if (!root) console.log(`  mend: sudo apt-get install ${[...new Set(missing.map((need) => need.packages[0]))].join(' ')}`);
    return true;
  }
  console.log('Installing Debian packages that the tests need:');
  run('apt-get', ['update', '-q'], ['ignore', 'ignore', 'inherit']);
  const known = (name) => /Candidate: (?!\(none\))/.test(run('apt-cache', ['policy', name], 'pipe').stdout ?? '');
  const wanted = missing.map((need) => ({ need, name: need.packages.find(known) ?? null }));
  for (const { need, name } of wanted) console.log(`  ${name ?? `(none has ${need.command})`}: ${need.command}, for ${need.for}`);
  const names = [...new Set(wanted.flatMap(({ name }) => name ?? []))];
  const done = run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], ['ignore', 'ignore', 'inherit']);
  const left = missing.filter((need) => !has(need.command));
  for (const need of left) console.log(`  still missing: ${need.command}; its tests will not run: ${need.for}`);
  return done.status === 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href && !setup()) process.exit(1);
