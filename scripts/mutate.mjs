// Mutation testing: changes the sources in one place at a time and checks whether a unit test fails. A mutant that survives is not tested.
//   npm run mutate                               src/diagnosis and src/trends
//   npm run mutate src/diagnosis/rules           one folder or file
//   npm run mutate src/format.ts test/unit/format.test.ts    with these tests instead of the folder's own
// Prints each mutant that survived, and the score of each file. All of them are in out/mutation.json.
// The mutants are Stryker's. Its runner starts a process for each test file of each mutant; here all of them run in one thread.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { compileApart } from './compile-tests.mjs';

/** A mutant that takes longer than this is killed: it waits or loops without end. */
const MUTANT_TIMEOUT_MS = 40_000;
/** The thread starts again after so many mutants, because it keeps each module that it has loaded. */
const MUTANTS_PER_THREAD = 150;

await mutate(process.argv.slice(2));

async function mutate(paths) {
  const folders = paths.filter((path) => !path.startsWith('test/'));
  const sources = (folders.length > 0 ? folders : ['src/diagnosis', 'src/trends']).flatMap((path) => filesIn(path, '.ts'));
  const named = paths.filter((path) => path.startsWith('test/')).flatMap((path) => filesIn(path, '.test.ts'));
  const tests = [...new Set(named.length > 0 ? named : sources.flatMap(testsOf))];
  const { files, mutants } = await compile(sources, tests);
  const reached = await mutantsReached(files);
  const planned = mutants.map((mutant) => ({ ...mutant, ...planOf(mutant.id, reached) }));
  const statuses = await run(
    files,
    planned.filter(({ plan }) => plan.length > 0),
  );
  report(planned.map(({ plan, hits, ...mutant }) => ({ ...mutant, status: statuses.get(mutant.id) ?? 'not reached' })));
}

function filesIn(path, suffix) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix) && !name.includes('assembly/'))
    .map((name) => join(path, name));
}

/** The tests of src/A/B/FILE.ts: all of test/unit/a. */
function testsOf(source) {
  const tests = join('test/unit', source.split('/')[1]);
  return existsSync(tests) ? filesIn(tests, '.test.ts') : [];
}

/** Compiles the tests with all mutants in the sources; a global variable switches one on. */
async function compile(sources, tests) {
  const silent = Object.fromEntries(['debug', 'info', 'warn'].map((level) => [level, () => {}]));
  const instrumenter = new Instrumenter({ ...silent, isDebugEnabled: () => false });
  const originals = sources.map((file) => ({ name: resolve(file), mutate: true, content: readFileSync(file, 'utf8') }));
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: false };
  const instrumented = await instrumenter.instrument(originals, options);
  const files = await compileApart(tests, {
    changed: new Map(instrumented.files.map(({ name, content }) => [name, content])),
    alias: { 'node:test': resolve('scripts/mutate-test-stand-in.mjs') },
  });
  const mutants = instrumented.mutants
    .filter(({ status }) => status !== 'Ignored')
    .map(({ id, fileName, location, replacement }) => ({ id, file: relative('', fileName), location, replacement }));
  return { files, mutants };
}

/** How often each test reaches each mutant. A test that fails without a mutant ends the run. */
async function mutantsReached(files) {
  const { reached, failed } = await new Promise((done, fail) => {
    const thread = new Worker(new URL('mutate-thread.mjs', import.meta.url), { workerData: { files, mutants: null } });
    thread.once('message', done).once('error', fail);
  });
  if (failed.length === 0) return reached;
  console.error(`all tests must pass before mutants are tried, and these fail:\n${failed.join('\n')}`);
  process.exit(1);
}

/** The tests that reach a mutant, by file. One that is reached while a file is loaded concerns all of its tests. */
function planOf(id, reached) {
  let hits = 0;
  const plan = reached.flatMap(({ loading, tests }, file) => {
    hits += (loading[id] ?? 0) + tests.reduce((sum, test) => sum + (test[id] ?? 0), 0);
    const chosen = tests.flatMap((test, i) => (loading[id] || test[id] ? [i] : []));
    return chosen.length === 0 ? [] : [{ file, tests: chosen }];
  });
  return { plan, hits };
}

async function run(files, mutants) {
  const statuses = new Map();
  let left = mutants;
  while (left.length > 0) {
    const tried = await runSome(files, left.slice(0, MUTANTS_PER_THREAD));
    for (const [id, status] of tried) statuses.set(id, status);
    left = left.slice(tried.length);
  }
  return statuses;
}

/** Returns the mutants that were tried: all of them, or those up to one that ended the thread. */
function runSome(files, mutants) {
  return new Promise((done) => {
    const thread = new Worker(new URL('mutate-thread.mjs', import.meta.url), { workerData: { files, mutants } });
    const tried = [];
    let timer = null;
    const end = () => {
      clearTimeout(timer);
      thread.terminate().then(() => done(tried));
    };
    const endWith = (status) => {
      tried.push([mutants[tried.length].id, status]);
      end();
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => endWith('timeout'), MUTANT_TIMEOUT_MS);
    };
    thread.on('message', (result) => {
      tried.push(result);
      if (tried.length === mutants.length) end();
      else wait();
    });
    thread.on('error', () => endWith('killed'));
    wait();
  });
}

function report(mutants) {
  mkdirSync('out', { recursive: true });
  writeFileSync('out/mutation.json', JSON.stringify(mutants));
  const isFound = ({ status }) => status === 'killed' || status === 'timeout';
  const sources = [...new Set(mutants.map(({ file }) => file))];
  for (const file of sources) {
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const { location, replacement, status } of mutants.filter((mutant) => mutant.file === file && !isFound(mutant)))
      console.log(`${file}:${location.start.line + 1} ${status}: ${original(lines, location)} => ${oneLine(replacement)}`);
  }
  const score = (name, all) => {
    const found = all.filter(isFound).length;
    console.log(`${name}: ${found} of ${all.length} mutants were found, ${((100 * found) / all.length).toFixed(1)} %`);
  };
  for (const source of sources)
    score(
      source,
      mutants.filter(({ file }) => file === source),
    );
  score('all', mutants);
}

function original(lines, { start, end }) {
  if (start.line !== end.line) return `${lines[start.line].slice(start.column)} ...`;
  return lines[start.line].slice(start.column, end.column);
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').slice(0, 100);
}
