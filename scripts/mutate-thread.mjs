// Runs the tests of scripts/mutate.mjs: without mutants to learn which test reaches which one, else until a test fails under each mutant.
// The compiled tests ask `globalThis.__stryker__`, whose names are Stryker's, which mutant is switched on.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { files, mutants } = workerData;
const switches = { activeMutant: undefined, currentTestId: undefined, mutantCoverage: { static: {}, perTest: {} } };
globalThis.__stryker__ = switches;
// A mutant may leave a promise behind that fails later.
process.on('unhandledRejection', () => {});

let loads = 0;
/** The tests of a file, loaded again, because a mutant may change what a module computes when it is loaded. */
async function load(file) {
  globalThis.collectedTests = [];
  await import(`${pathToFileURL(file).href}?load=${loads++}`);
  return globalThis.collectedTests;
}

async function runTest({ body, mock }) {
  const afterwards = [];
  try {
    await body({ mock, after: (hook) => afterwards.push(hook) });
  } finally {
    for (const hook of afterwards) await hook();
    mock.reset();
  }
}

async function reach(file) {
  switches.mutantCoverage = { static: {}, perTest: {} };
  switches.currentTestId = undefined;
  const failed = [];
  const tests = await load(file);
  for (const [i, test] of tests.entries()) {
    switches.currentTestId = String(i);
    await runTest(test).catch((error) => failed.push(`${file}: ${test.name}: ${error.message}`));
    switches.currentTestId = undefined;
  }
  const { static: loading, perTest } = switches.mutantCoverage;
  return { reached: { loading, tests: tests.map((_, i) => perTest[i] ?? {}) }, failed };
}

async function tryMutant({ id, plan, hits }) {
  switches.activeMutant = id;
  // A loop that has no end passes a mutant far more often than the tests do without it.
  switches.hitCount = 0;
  switches.hitLimit = 1000 + 100 * hits;
  try {
    for (const { file, tests } of plan) {
      const all = await load(files[file]);
      for (const i of tests) await runTest(all[i]);
    }
    return 'survived';
  } catch (error) {
    return /hit count limit/i.test(String(error?.message)) ? 'timeout' : 'killed';
  }
}

if (mutants === null) {
  const results = [];
  for (const file of files) results.push(await reach(file));
  parentPort.postMessage({
    reached: results.map(({ reached }) => reached),
    failed: results.flatMap(({ failed }) => failed),
  });
} else for (const mutant of mutants) parentPort.postMessage([mutant.id, await tryMutant(mutant)]);
