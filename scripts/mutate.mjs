// Mutation testing: changes the sources in one place at a time and checks whether a unit test fails. A mutant that survives is not tested.
//   npm run mutate                               src/diagnosis and src/trends
//   npm run mutate src/diagnosis/rules           one folder or file
//   npm run mutate src/format.ts test/unit/format.test.ts    with these tests instead of the folder's own
// Prints each mutant that survived, and the score of each file. The report is out/mutation/report.html.
import { existsSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { compileTests } from './compile-tests.mjs';

/** The sandbox's folder with the compiled tests. */
const COMPILED = 'mutated-tests';
const FIXTURES = 'test/fixtures';
const compile = process.argv.indexOf('--compile');

if (compile >= 0) {
  const [checkout, ...tests] = process.argv.slice(compile + 1);
  // Stryker does not copy links without a target, and captured trees of /proc have many.
  symlinkSync(join(checkout, FIXTURES), FIXTURES);
  await compileTests(tests, COMPILED);
} else await mutate(process.argv.slice(2));

function testsIn(path) {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(path, name));
}

/** The tests of src/A/B/FILE.ts: all of test/unit/a. */
function testsOf(source) {
  const room = source.split('/')[1];
  return existsSync(join('test/unit', room)) ? testsIn(join('test/unit', room)) : [];
}

async function mutate(paths) {
  const { Stryker } = await import('@stryker-mutator/core');
  const sources = paths.filter((path) => !path.startsWith('test/'));
  if (sources.length === 0) sources.push('src/diagnosis', 'src/trends');
  const named = paths.filter((path) => path.startsWith('test/')).flatMap(testsIn);
  const tests = [...new Set(named.length > 0 ? named : sources.flatMap(testsOf))];
  const results = await new Stryker({
    mutate: sources.flatMap((path) =>
      statSync(path).isDirectory() ? [`${path}/**/*.ts`, '!src/trends/model/kernel/assembly/**'] : [path],
    ),
    testRunner: 'tap',
    tap: { testFiles: tests.map((file) => join(COMPILED, file.replace(/\.ts$/, '.mjs'))) },
    buildCommand: `node scripts/mutate.mjs --compile ${process.cwd()} ${tests.join(' ')}`,
    coverageAnalysis: 'perTest',
    ignorePatterns: [`/${FIXTURES}`, '/out', '/dist', '/demo', '/bench', '/.git', '/docs', '/k8s', '/scenarios'],
    tempDirName: 'out/mutation/sandbox',
    tsconfigFile: 'none',
    reporters: ['clear-text', 'html', 'json'],
    htmlReporter: { fileName: 'out/mutation/report.html' },
    jsonReporter: { fileName: 'out/mutation/report.json' },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    concurrency: 2,
    timeoutMS: 20_000,
    warnings: { slow: false },
    allowConsoleColors: false,
  }).runMutationTest();
  const killed = results.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const valid = results.filter(({ status }) => ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status)).length;
  console.log(`${killed} of ${valid} mutants were found: ${((100 * killed) / valid).toFixed(1)} %`);
}
