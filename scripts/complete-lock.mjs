// A package registry's mirror may lack packages for other platforms than its own; npm then leaves them out of the lockfile, and `npm ci`
// refuses that lockfile everywhere. This puts them back, from the optionalDependencies of the packages that name them.
// Run it after `npm install`: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const OS = {
  android: 'android',
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  freebsd: 'freebsd',
  openharmony: 'openharmony',
};
const CPU = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];
/** Node's name of a platform, if package names use another. */
const ALIAS = { ppc64le: 'ppc64' };

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const top = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[top]) continue;
    const words = name.split('/').pop().split('-');
    const os = words.map((w) => OS[w]).find(Boolean);
    const cpu = CPU.find((c) => words.some((w) => (ALIAS[w] ?? w) === c));
    if (os === undefined || cpu === undefined || !/^\d/.test(version)) continue; // not a package for one platform
    const libc = words.some((w) => w.startsWith('musl'))
      ? ['musl']
      : words.some((w) => w.startsWith('gnu'))
        ? ['glibc']
        : undefined;
    lock.packages[top] = {
      version,
      cpu: [cpu],
      ...(entry.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os: [os],
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages for other platforms put back`);
