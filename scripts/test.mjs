// Runs the tests under test/ with node:test. `npm test`: all; `npm test unit`, `npm test e2e`: one folder; or name files.
// Unit tests first, two files at a time; then, one by one, those that need the machine to themselves (real kernels, JVMs, browsers).
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { setup } from './setup.mjs';

const WHOLE_MACHINE = [join('test', 'e2e'), join('test', 'uml'), join('test', 'pod')];
const alone = (file) => WHOLE_MACHINE.some((dir) => file.startsWith(dir));

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
if (files.some(alone) && !setup()) {
  console.error('setting up the tests failed: see above');
  process.exit(1);
}
// Once, before all of them: tests run the bundle side by side.
const build = spawnSync(process.execPath, ['scripts/build.mjs', '--quiet'], { stdio: 'inherit' });
if (build.status !== 0) process.exit(1);

// Node 20 hands process.execArgv on to the test files' processes, newer Node the option `execArgv` of run().
const loader = ['--import', 'tsx'];
process.execArgv.push(...loader);

/** Both rounds as one stream of events, with one summary at the end: the sum of theirs. */
async function* rounds() {
  const totals = new Map();
  for (const [round, concurrency] of [
    [files.filter((f) => !alone(f)), 2],
    [files.filter(alone), 1],
  ]) {
    if (round.length === 0) continue;
    for await (const event of run({ files: round, concurrency, timeout: 600_000, execArgv: loader })) {
      const total = event.type === 'test:diagnostic' && /^(\w+) ([\d.]+)$/.exec(event.data.message);
      if (event.type === 'test:fail' && !(event.data.todo || event.data.skip)) process.exitCode = 1;
      if (total && event.data.nesting === 0 && !event.data.file) {
        totals.set(total[1], (totals.get(total[1]) ?? 0) + Number(total[2]));
      } else if (event.type !== 'test:summary') yield event;
    }
  }
  for (const [name, sum] of totals) {
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${Math.round(sum)}`, level: 'info' } };
  }
}

const reporter = new spec();
reporter.pipe(process.stdout);
for await (const event of rounds()) if (!reporter.write(event)) await new Promise((drained) => reporter.once('drain', drained));
reporter.end();
