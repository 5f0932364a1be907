// Runs the tests under test/ with node:test. `npm test`: all; `npm test unit`, `npm test e2e`: one folder; or name files.
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const wanted = process.argv.slice(2);
const all = (await readdir('test', { recursive: true }))
  .filter((f) => f.endsWith('.test.ts'))
  .map((f) => join('test', f))
  .sort();
const files = wanted.length === 0 ? all : all.filter((f) => wanted.some((w) => f === w || f.startsWith(join('test', w))));
if (files.length === 0) {
  console.error(`no test matches ${wanted.join(' ')}`);
  process.exit(1);
}
const run = spawnSync(process.execPath, ['--import', 'tsx', '--test', '--test-concurrency=2', ...files], { stdio: 'inherit' });
process.exit(run.status ?? 1);
