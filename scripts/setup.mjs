// As root it names and installs the Debian packages that the tests need beyond Node (scripts/needs.mjs); else it names what is missing.
// `npm test` calls this first with the needs of its files; `node scripts/setup.mjs` alone installs all. With `--bench` also the programs that
// `npm run bench` compares with memhound.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { BENCH_NEEDS, pathOf, programOf, TEST_NEEDS } from './needs.mjs';

const run = (command, args, stdio = 'inherit') =>
  spawnSync(command, args, { stdio, encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });

/**
 * Debian starts the services that it installs unless this file says no (invoke-rc.d(8)). An administrator's own file is not replaced.
 * Returns a function that removes it.
 */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  return () => rmSync(policy, { force: true });
}

export function setup(needs) {
  const bench = needs === BENCH_NEEDS;
  const missing = needs.filter((need) => programOf(need) === null);
  if (missing.length === 0) return true;
  const root = process.getuid?.() === 0;
  if (!root || pathOf('apt-get') === null) {
    console.log(
      `${bench ? 'Some rows will be empty' : 'Some tests will not run'}: ${root ? 'this is no Debian or Ubuntu' : 'not root, so nothing was installed'}. Missing:`,
    );
    for (const need of missing) console.log(`  ${need.command} (package ${need.packages[0]}): ${need.for}`);
    if (!root)
      console.log(`  remediation: sudo apt-get install ${[...new Set(missing.map((need) => need.packages[0]))].join(' ')}`);
    return true;
  }
  console.log(`Installing Debian packages that ${bench ? 'the bench compares with' : 'the tests need'}:`);
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
  const left = missing.filter((need) => programOf(need) === null);
  for (const need of left)
    console.log(`  still missing: ${need.command}; ${bench ? 'its row stays empty' : 'its tests will not run'}: ${need.for}`);
  return done.status === 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!setup(process.argv.includes('--bench') ? BENCH_NEEDS : TEST_NEEDS)) process.exit(1);
}
