import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { jvmNames } from '../../../../src/sources/jvm/main-class.ts';
import { otherProcesses } from '../../../../src/sources/process/other-processes.ts';

/** A /proc with these processes. */
function procOf(
  t: TestContext,
  processes: readonly { pid: number; name: string; ppid?: number; anon?: number; swap?: number; cmdline?: string }[],
) {
  const root = mkdtempSync(join(tmpdir(), 'memhound-others-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const { pid, name, ppid = 1, anon, swap = 0, cmdline = '' } of processes) {
    mkdirSync(join(root, String(pid)));
    const memory = anon === undefined ? '' : `RssAnon:\t${anon} kB\nVmSwap:\t${swap} kB\n`;
    writeFileSync(join(root, String(pid), 'status'), `Name:\t${name}\nPid:\t${pid}\nPPid:\t${ppid}\n${memory}`);
    writeFileSync(join(root, String(pid), 'cmdline'), cmdline);
  }
  return root;
}

test('processes are summed by name, with the largest one and the process that started it', (t) => {
  const root = procOf(t, [
    { pid: 1, name: 'java', ppid: 0, anon: 9000 },
    { pid: 5, name: 'chrome', anon: 100, swap: 7 },
    { pid: 6, name: 'chrome', anon: 300, ppid: 5 },
    { pid: 7, name: 'sh', anon: 20, ppid: 99 },
  ]);
  assert.deepEqual(otherProcesses(root, [1, 5, 6, 7, 8], 1), [
    {
      name: 'chrome',
      processes: 2,
      pids: [5, 6],
      anonBytes: 400 * 1024,
      swapBytes: 7 * 1024,
      pid: 6,
      parent: { pid: 5, name: 'chrome' },
    },
    { name: 'sh', processes: 1, pids: [7], anonBytes: 20 * 1024, swapBytes: 0, pid: 7, parent: null },
  ]);
});

test('a name that the kernel has cut is completed from the command line, and another program’s is not', (t) => {
  const root = procOf(t, [
    { pid: 2, name: 'headless_browse', anon: 1, cmdline: '/opt/headless_browser\0--type=gpu\0' },
    { pid: 3, name: 'worker-thread-1', anon: 1, cmdline: '/usr/bin/python3\0' },
  ]);
  assert.deepEqual(
    otherProcesses(root, [2, 3], null).map(({ name }) => name),
    ['headless_browser', 'worker-thread-1'],
  );
});

test('another JVM has the name that the search gave it, and a kernel thread has no memory', (t) => {
  const root = procOf(t, [
    { pid: 2, name: 'java', anon: 50 },
    { pid: 3, name: 'java', anon: 60 },
    { pid: 4, name: 'kworker' },
  ]);
  assert.deepEqual(
    otherProcesses(root, [2, 3, 4], 2, jvmNames(root, { otherJvms: [{ pid: 3, name: 'com.acme.Batch' }] })).map(
      ({ name }) => name,
    ),
    ['com.acme.Batch'],
  );
});

test('a JVM that the search has not seen yet has the name of its main class or jar at once, by its command line', (t) => {
  const root = procOf(t, [
    {
      pid: 2,
      name: 'java',
      anon: 50,
      cmdline: '/opt/jdk/bin/java\0-Xmx64m\0-cp\0/opt/gradle/lib\0org.gradle.launcher.GradleDaemon\x008.5\0',
    },
    { pid: 3, name: 'java', anon: 60, cmdline: 'java\0-jar\0/app/batch-1.4.jar\0--password=x\0' },
    { pid: 4, name: 'java', anon: 10, cmdline: '' },
    { pid: 5, name: 'javac', anon: 5, cmdline: 'javac\0Main\0' },
  ]);
  assert.deepEqual(
    otherProcesses(root, [2, 3, 4, 5], null, jvmNames(root, { otherJvms: [] })).map(({ name }) => name),
    ['batch.jar', 'org.gradle.launcher.GradleDaemon', 'java', 'javac'],
  );
});

test('a browser that writes its whole command line into the first argument has the name of its program', (t) => {
  const title = '/opt/tool/headless-browser-shell --type=renderer --user-data-dir=/tmp/x';
  const root = procOf(t, [{ pid: 2, name: 'headless-browse', anon: 1, cmdline: title }]);
  assert.deepEqual(
    otherProcesses(root, [2], null).map(({ name }) => name),
    ['headless-browser-shell'],
  );
});

test('what a process writes into its name is told whole, although the kernel cuts it', (t) => {
  const root = procOf(t, [
    { pid: 1, name: 'java', anon: 9 },
    { pid: 5, name: 'celery: worker ', anon: 100, cmdline: 'celery: worker /srv/tasks.py\0\0' },
  ]);
  assert.equal(otherProcesses(root, [1, 5], 1)[0]?.name, 'celery: worker /srv/tasks.py');
});

test('workers that write what they do into their names are of one name, and versions of a program are not', (t) => {
  const root = procOf(t, [
    { pid: 2, name: 'postgres: app o', anon: 10, cmdline: 'postgres: app orders 10.0.0.7(5121) idle\0' },
    { pid: 3, name: 'postgres: app o', anon: 30, cmdline: 'postgres: app orders 10.0.0.12(40) idle\0' },
    { pid: 4, name: 'python3', anon: 5 },
    { pid: 5, name: 'python2', anon: 4 },
  ]);
  assert.deepEqual(
    otherProcesses(root, [2, 3, 4, 5], null).map(({ name, processes, pid }) => [name, processes, pid]),
    [
      ['postgres: app orders *(*) idle', 2, 3],
      ['python3', 1, 4],
      ['python2', 1, 5],
    ],
  );
});
