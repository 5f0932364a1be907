import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { booleanFlag, readJvmArguments } from '../../../../src/sources/jvm/jvm-arguments.ts';

const PID = 7;

/** A /proc with one process; `root` and `cwd` are folders of its own. */
function proc(
  t: TestContext,
  { cmdline, environ = [] }: { readonly cmdline: readonly string[]; readonly environ?: readonly string[] },
) {
  const root = mkdtempSync(join(tmpdir(), 'memhound-arguments-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, String(PID));
  mkdirSync(join(dir, 'root/etc'), { recursive: true });
  mkdirSync(join(dir, 'cwd'));
  writeFileSync(join(dir, 'cmdline'), `${cmdline.join('\0')}\0`);
  writeFileSync(join(dir, 'environ'), environ.join('\0'));
  return { root, dir };
}

test('options come from the environment as well, and the last of them wins', (t) => {
  const { root } = proc(t, {
    cmdline: ['java', '-XX:+UsePerfData', '-jar', 'app.jar'],
    environ: ['SECRET=x', 'JAVA_TOOL_OPTIONS=-Xmx1g -Dname="two words"', '_JAVA_OPTIONS=-XX:-UsePerfData'],
  });
  const args = readJvmArguments(root, PID);
  assert.deepEqual(args.slice(0, 4), ['java', '-Xmx1g', '-Dname=two words', '-XX:+UsePerfData']);
  assert.equal(booleanFlag(args, 'UsePerfData'), false);
  assert.equal(booleanFlag(args, 'PerfDisableSharedMem'), null);
});

test('an @file is read where it stands, from the root or the working directory of the process, comments left out', (t) => {
  const { root, dir } = proc(t, {
    cmdline: ['java', '@args', '-XX:VMOptionsFile=/etc/vm', '@missing'],
    environ: ['JDK_JAVA_OPTIONS=-Xss1m'],
  });
  writeFileSync(join(dir, 'cwd/args'), '# all of them\n-Xmx50m # small\n-cp "a b"\nMain');
  writeFileSync(join(dir, 'root/etc/vm'), '-XX:+PerfDisableSharedMem');
  assert.deepEqual(
    readJvmArguments(root, PID).filter((a) => a !== ''),
    ['java', '-Xss1m', '-Xmx50m', '-cp', 'a b', 'Main', '-XX:+PerfDisableSharedMem', '@missing'],
  );
});
