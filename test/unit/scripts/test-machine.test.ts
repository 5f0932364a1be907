import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { MachineReport } from '../../../scripts/test-machine.mjs';
import { run } from '../../support/process.ts';

/** Tests of which some cannot run on this machine and one finds a fault. */
const TESTS = `
import { after, before, describe, test } from 'node:test';
import { MachineFault } from '${resolve('test/support/machine-fault.ts')}';
test('runs', () => {});
test('finds a fault', () => { throw new Error('1 is not 2'); });
test('one', { skip: 'needs fincore (Debian package util-linux-extra)' }, () => {});
test('two', { skip: 'needs jstat (Debian package jdk), fincore (Debian package util-linux-extra)' }, () => {});
describe('a suite', { skip: 'needs podman (Debian package podman)' }, () => { test('within', () => {}); });
test('no right', { skip: 'needs the right to be root: this user has uid 7' }, () => {});
test('no guest', () => { throw new MachineFault('the guest kernel does not run on this processor: AMX\\nits console'); });
describe('browser', () => {
  let browser;
  before(() => { throw new MachineFault('Chromium does not start here: no sandbox'); });
  after(() => browser.close());
  test('page', () => {});
});
`;

const LOADER = import.meta.resolve('tsx');

/** The end of the output for a file's tests, and whether it fails the run: without CI and with it. */
async function reported(source: string): Promise<Record<'free' | 'ci', { readonly lines: string[]; readonly fails: boolean }>> {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-machine-'));
  try {
    const file = join(dir, 'made.test.ts');
    writeFileSync(file, source);
    const runner = `
      import { run } from 'node:test';
      import { MachineReport } from '${resolve('scripts/test-machine.mjs')}';
      const reports = { free: new MachineReport(undefined), ci: new MachineReport('true') };
      for await (const event of run({ files: ['${file}'], execArgv: ['--import', '${LOADER}'] }))
        for (const report of Object.values(reports)) report.see(event);
      const reported = Object.entries(reports).map(([name, { lines, fails }]) => [name, { lines, fails }]);
      console.log(JSON.stringify(Object.fromEntries(reported)));`;
    writeFileSync(join(dir, 'runner.mjs'), runner);
    // A run within a run does nothing, so the variable by which node:test knows one is taken away.
    const words = ['-u', 'NODE_TEST_CONTEXT', process.execPath, '--import', LOADER, join(dir, 'runner.mjs')];
    const { code, stdout, stderr } = await run('env', words);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('the end of the output lists skipped tests, faults of the machine and missing programs; with CI these are failures', async () => {
  const { free, ci } = await reported(TESTS);
  assert.deepEqual(free.lines, [
    'skipped:',
    '  needs the right to be root: 1 test',
    'faults of this machine, not of memhound:',
    '  the guest kernel does not run on this processor: AMX: 1 test',
    '  Chromium does not start here: no sandbox: 1 whole suite',
    'missing on this machine, so 2 tests and 1 whole suite did not run: fincore (Debian package util-linux-extra), jstat (Debian package jdk), podman (Debian package podman)',
  ]);
  assert.equal(free.fails, false);
  assert.equal(ci.fails, true);
  assert.deepEqual(ci.lines.slice(0, -1), free.lines);
  assert.match(ci.lines.at(-1)!, /this is a failure.*scripts\/setup\.mjs/);
});

test('a missing right is listed and is no failure, even with CI; if all tests ran, nothing is added', () => {
  const report = new MachineReport('true');
  report.see({ type: 'test:pass', data: { name: 'runs' } });
  assert.deepEqual(report.lines, []);
  report.see({ type: 'test:pass', data: { name: 'no right', skip: 'needs the right to be root: no' } });
  assert.equal(report.fails, false);
  assert.deepEqual(report.lines, ['skipped:', '  needs the right to be root: 1 test']);
});
