// Fuzzes every parser for as long as one wants: `npm run fuzz -- --cases 1000000 [--seed N] [--only TEXT]`.
// `--only`: the parsers whose name contains this text. `npm test` tries 300 cases of each.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { compileTests, NODE_FLAGS } from './compile-tests.mjs';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});
const file = 'test/attacks/fuzz.test.ts';
const compiled = await compileTests([file]);
const only = values.only === undefined ? [] : ['--test-name-pattern', values.only];
// Not with --test, which prints nothing before all of a file has ended.
const { status } = spawnSync(process.execPath, [...NODE_FLAGS, '--test-reporter', 'spec', ...only, compiled.outputOf(file)], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_RUNS: values.cases, ...(values.seed === undefined ? {} : { FUZZ_SEED: values.seed }) },
});
process.exitCode = status ?? 1;
