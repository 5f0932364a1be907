// Proves that each program that the tests need can be missing. One after the other is hidden (in a mount namespace, with
// /dev/null over the program), and the test files that have requirements are loaded, without running a test. Each test that is skipped
// now must name the program and its package. As root, or where a user may make a namespace:
//   node --import tsx scripts/prove-needs.mjs [COMMAND...]         a few seconds a program
//   node --import tsx scripts/prove-needs.mjs --run [COMMAND...]   runs the files that require it, without CI and with it
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join, resolve } from 'node:path';
import { named, needsOf, pathOf, TEST_NEEDS, wordsIn } from './needs.mjs';

const SELF = process.argv[1];
/** The test files that have requirements. */
const testFiles = () =>
  readdirSync('test', { recursive: true })
    .map((name) => join('test', name))
    .filter((file) => file.endsWith('.test.ts') && wordsIn(readFileSync(file, 'utf8')).length > 0)
    .sort();

/** Loads all test files with a node:test that runs nothing, and prints the tests as [file, name, reason or null]. */
async function list() {
  const nodeTest = createRequire(import.meta.url)('node:test');
  const seen = [];
  let file = '';
  const note = (name, options) => seen.push([file, name, typeof options === 'object' && options.skip ? options.skip : null]);
  nodeTest.test = note;
  nodeTest.describe = (name, ...rest) => {
    note(name, rest[0]);
    if (!rest[0]?.skip) rest.at(-1)();
  };
  for (const hook of ['before', 'after', 'beforeEach', 'afterEach']) nodeTest[hook] = () => {};
  syncBuiltinESMExports();
  for (file of testFiles()) await import(resolve(file));
  process.stdout.write(JSON.stringify(seen), () => process.exit());
}

/** Runs node with these commands hidden. */
function without(commands, args, options = {}) {
  const hidden = [...new Set(commands.flatMap((command) => pathOf(command) ?? []).map((file) => realpathSync(file)))];
  const script = `${hidden.map((file) => `mount --bind /dev/null '${file}' && `).join('')}exec "$0" "$@"`;
  const user = process.getuid() === 0 ? [] : ['--map-root-user'];
  const done = spawnSync('unshare', ['--mount', ...user, 'sh', '-c', script, process.execPath, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (done.error) throw done.error;
  return done;
}

function listWithout(commands) {
  const { status, stdout, stderr } = without(commands, ['--import', 'tsx', SELF, '--list']);
  if (status !== 0) throw new Error(`the test files do not load without ${commands.join(', ')}:\n${stderr}`);
  return JSON.parse(stdout);
}

function prove(needs) {
  const whole = new Map(listWithout([]).map(([file, name, reason]) => [`${file}: ${name}`, reason]));
  let wrong = 0;
  for (const need of needs) {
    const changed = listWithout([need.command, ...need.or]).filter(
      ([file, name, reason]) => whole.get(`${file}: ${name}`) !== reason,
    );
    const unnamed = changed.filter(([, , reason]) => !String(reason).includes(named(need)));
    wrong += unnamed.length + (changed.length === 0 ? 1 : 0);
    const files = new Set(changed.map(([file]) => file));
    console.log(`${named(need)}: ${changed.length} tests and suites of ${files.size} files are skipped with the reason`);
    for (const [file, name, reason] of unnamed) console.log(`  wrong: ${file}: ${name}: ${reason}`);
  }
  if (wrong > 0) process.exitCode = 1;
}

/** Runs the files that require each program through scripts/test.mjs. Nothing can be installed: apt-get is hidden too. */
function runThem(needs) {
  for (const need of needs)
    for (const CI of ['', 'true']) {
      const files = testFiles().filter((file) => needsOf(wordsIn(readFileSync(file, 'utf8'))).includes(need));
      const env = { ...process.env, CI };
      const { status, stdout } = without(['apt-get', need.command, ...need.or], ['scripts/test.mjs', ...files], { env });
      const [, failed] = /^ℹ fail (\d+)$/m.exec(stdout) ?? [];
      const [, passed] = /^ℹ pass (\d+)$/m.exec(stdout) ?? [];
      const lines = stdout.split('\n');
      const summary = lines.slice(lines.findIndex((line) => line.startsWith('missing on this machine'))).join(' ');
      console.log(`${need.command}, CI=${CI}: exit ${status}; ${passed} passed, ${failed} failed; ${summary}`);
      if (failed !== '0' || status !== (CI === '' ? 0 : 1) || !summary.includes(named(need))) process.exitCode = 1;
    }
}

const words = process.argv.slice(2);
const wanted = TEST_NEEDS.filter(({ command }) => words.includes(command));
const needs = wanted.length > 0 ? wanted : TEST_NEEDS;
if (words[0] === '--list') await list();
else if (words[0] === '--run') runThem(needs);
else prove(needs);
