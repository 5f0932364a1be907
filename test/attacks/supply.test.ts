import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { MIB } from '../../src/units.ts';
import { run } from '../support/process.ts';

test('what npm packs holds the licence of each package in the bundle, and installs none of them again', {
  timeout: 60_000,
}, async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const needed of ['LICENSE', 'dist/memhound.mjs', 'dist/THIRD-PARTY-LICENSES.txt'])
    assert.ok(paths.includes(needed), needed);
  assert.deepEqual(
    paths.filter((path) => !/^(?:dist|k8s|examples)\/|^(?:package\.json|LICENSE|README\.md)$/.test(path)),
    [],
  );
  const licenses = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8')
    .split(`${'-'.repeat(80)}\n`)
    .slice(1);
  const named = new Map(licenses.map((text) => [/^\s*(\S+)@/.exec(text)?.[1], text]));
  for (const name of ['express', 'ws', 'pino', 'prom-client', 'node-cron', 'lowdb', 'yaml', 'uplot', 'send', 'cookie'])
    assert.match(named.get(name) ?? '', /permi(?:ssion|t)/i, name);
  const { dependencies, optionalDependencies, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.equal(dependencies, undefined, 'they are in the bundle');
  assert.deepEqual(Object.keys(optionalDependencies), ['koffi'], 'without it fincore is asked');
  assert.match(scripts.prepack, /build.*--clean/, 'what earlier builds have left is not packed');
  assert.deepEqual(
    Object.keys(scripts).filter((name) => /^(?:pre|post)?(?:install|prepare|publish)$/.test(name)),
    [],
    'nothing of memhound runs where it is installed',
  );
});

test('a clean build makes commands, their parts, the page and the licences, and nothing else that could ship', {
  timeout: 120_000,
}, async (t) => {
  // In a folder of its own: other tests run the one of this checkout.
  const copy = mkdtempSync(join(tmpdir(), 'memhound-pack-'));
  t.after(() => rmSync(copy, { recursive: true }));
  for (const name of ['src', 'web', 'scripts', 'package.json', 'tsconfig.json', 'LICENSE', 'README.md', 'k8s', 'examples'])
    cpSync(name, join(copy, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, 'dist'));
  writeFileSync(join(copy, 'dist', 'left-by-an-earlier-build.mjs'), '');
  const packed = await run('npm', ['pack', '--dry-run', '--json', '--foreground-scripts=false'], { cwd: copy });
  assert.equal(packed.code, 0, packed.stderr);
  const [{ files, size }] = JSON.parse(packed.stdout) as [{ files: { path: string; mode: number }[]; size: number }];
  const built =
    /^dist\/(?:memhound\.mjs|commands\/[a-z]+\.cjs|commands\/parts\/[a-z]+-[A-Z0-9]{8}\.cjs|THIRD-PARTY-LICENSES\.txt)$/;
  const page = /^dist\/web\/(?:index\.html|main-[A-Z0-9]{8}\.(?:js|css))(?:\.br|\.gz)?$/;
  const beside = /^(?:package\.json|LICENSE|README\.md|k8s\/[\w/-]+\.(?:yaml|json|java)|examples\/[\w-]+\.json)$/i;
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => ![built, page, beside].some((allowed) => allowed.test(path))),
    [],
  );
  assert.deepEqual(
    files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path),
    ['dist/memhound.mjs'],
  );
  assert.ok(size < 2 * MIB, `${size} bytes`);
});

test('the lock file names no host, and each package in the bundle has a licence that allows to ship it', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { resolved?: string; license?: string }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  assert.deepEqual(
    installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path),
    [],
    'the registry of who installs is asked, and the hash says whether it is the same package',
  );
  const text = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8');
  const bundled = [...text.matchAll(/^(\S+)@[\d.]+\S* \((.+)\)$/gm)].map(([, name, licence]) => [name, licence]);
  assert.ok(bundled.length > 20, `${bundled.length} packages`);
  assert.deepEqual(
    bundled.filter(
      ([, licence]) => !/^(?:MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0)$/.test(licence ?? ''),
    ),
    [],
  );
});

test('each package that is not for one platform alone has an integrity hash in the lock file, and install scripts are those that are known', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { integrity?: string; hasInstallScript?: boolean; optional?: boolean }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  assert.deepEqual(
    installed.filter(([, { integrity, optional }]) => integrity === undefined && optional !== true).map(([path]) => path),
    [],
  );
  const scripted = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  assert.deepEqual(
    [...new Set(scripted)].filter((name) => !['esbuild', 'fsevents', 'koffi'].includes(name)),
    [],
  );
});
