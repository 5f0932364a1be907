// Runs the tests under test/ with node:test. `npm test`: all; `npm test unit`, `npm test e2e`: one folder; or name files.
// scripts/test-lanes.mjs says which of them run in parallel and which alone.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { compileTests, NODE_FLAGS, testFiles } from './compile-tests.mjs';
import { needsOf, wordsIn } from './needs.mjs';
import { setup } from './setup.mjs';
import { needsBundle, rounds } from './test-lanes.mjs';
import { MachineReport } from './test-machine.mjs';

const began = performance.now();
const files = await testFiles(process.argv.slice(2));
const sources = await Promise.all(files.map((file) => readFile(file, 'utf8')));
if (!setup(needsOf(sources.flatMap(wordsIn)))) console.error('not all could be installed: see above');
// Built once before all tests, because several run the bundle at once.
if (files.some(needsBundle)) {
  const build = spawnSync(process.execPath, ['scripts/build.mjs', '--quiet'], { stdio: 'inherit' });
  if (build.status !== 0) process.exit(1);
}
const compiled = await compileTests(files);

// Node 20 passes process.execArgv to the processes of test files; newer versions pass the option `execArgv` of run().
process.execArgv.push(...NODE_FLAGS);

const reporter = new spec();
reporter.pipe(process.stdout);
const machine = new MachineReport(process.env.CI);
const totals = new Map();
const seconds = new Map();

/** Runs the files of one lane. The report of a file is printed once the file is done, because other lanes report meanwhile. */
async function runLane({ files: lane, atOnce }) {
  let [held, from] = [[], null];
  const release = () => {
    for (const event of held) reporter.write(event);
    held = [];
  };
  for await (const event of run({
    files: lane.map(compiled.outputOf),
    concurrency: atOnce,
    timeout: 1_200_000,
    execArgv: NODE_FLAGS,
  })) {
    const { type, data } = event;
    machine.see(event);
    if (type === 'test:enqueue' || type === 'test:dequeue' || type === 'test:summary') continue; // these are not in the order of files
    if (type === 'test:fail' && !(data.todo || data.skip)) process.exitCode = 1;
    const total = type === 'test:diagnostic' && data.nesting === 0 && !data.file && /^(\w+) ([\d.]+)$/.exec(data.message);
    if (total) {
      totals.set(total[1], (totals.get(total[1]) ?? 0) + Number(total[2]));
      continue;
    }
    if (data.file) data.file = compiled.sourceOf(data.file);
    if (data.file && data.file !== from) {
      release();
      from = data.file;
    }
    held.push(event);
    if (data.nesting === 0 && (type === 'test:pass' || type === 'test:fail'))
      seconds.set(from, (seconds.get(from) ?? 0) + data.details.duration_ms / 1000);
  }
  release();
}

for (const lanes of rounds(files)) await Promise.all(lanes.map(runLane));

// One summary of all lanes: the totals and the slowest files.
const say = (message) => reporter.write({ type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } });
totals.set('duration_ms', performance.now() - began);
for (const [name, sum] of totals) say(`${name} ${Math.round(sum)}`);
const slowest = [...seconds].sort(([, a], [, b]) => b - a).filter(([, s]) => s >= 10);
if (slowest.length > 0) say(`slow: ${slowest.map(([file, s]) => `${relative('.', file)} ${Math.round(s)} s`).join(', ')}`);
if (machine.fails) process.exitCode = 1;
// The reporter repeats the failed tests at its end.
reporter.once('end', () => process.stdout.write(machine.lines.map((line) => `${line}\n`).join('')));
reporter.end();
