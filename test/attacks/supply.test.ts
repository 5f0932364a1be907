import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
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
  assert.match(scripts.prepack, /build/);
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
