// Fuzzes every parser for as long as one wants: `npm run fuzz -- --cases 1000000 [--seconds N] [--seed N] [--only TEXT]`.
// `--seconds`: at most so long for each parser. `--only`: the parsers whose name contains this text. `npm test` tries 300 cases of each.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { compileTests, NODE_FLAGS } from './compile-tests.mjs';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});
const files = ['test/attacks/fuzz.test.ts', 'test/attacks/fuzz-fleet.test.ts'];
const compiled = await compileTests(files);
const only = values.only === undefined ? [] : ['--test-name-pattern', values.only];
const env = {
  ...process.env,
  FUZZ_RUNS: values.cases,
  ...(values.seconds === undefined ? {} : { FUZZ_SECONDS: values.seconds }),
  ...(values.seed === undefined ? {} : { FUZZ_SEED: values.seed }),
};
for (const file of files) {
  // Not with --test, which prints nothing before all of a file has ended.
  const { status } = spawnSync(process.execPath, [...NODE_FLAGS, '--test-reporter', 'spec', ...only, compiled.outputOf(file)], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
