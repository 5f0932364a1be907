import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import type { TestCgroup } from '../../support/cgroup.ts';
import { type FoundJvm, findJvm } from '../../support/found-jvm.ts';
import { compile } from '../../support/java.ts';
import { missingRequirements, program } from '../../support/needs.ts';
import { run } from '../../support/process.ts';

const skip = missingRequirements('root', 'javac', 'cgroup', 'unshare');
const folder = mkdtempSync(join(tmpdir(), 'memhound-ways-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let java: string[] = [];
before(async () => {
  if (skip === false)
    java = ['-Xmx64m', '-XX:+UseSerialGC', '-cp', await compile('scenarios/Healthy.java'), 'Healthy', '8', '20'];
});

const sh = (script: string) => (cgroup: TestCgroup) => cgroup.join('bash', ['-c', script, 'bash', ...java]);

for (const [how, script] of [
  ['under another name (exec -a)', 'exec -a orders java "$@"'],
  ['by a script that stays', 'java "$@"; true'],
  ['with -Djava.io.tmpdir elsewhere', 'exec java -Djava.io.tmpdir=/var/tmp "$@"'],
  ['with its options in a file', `printf '%s\\n' "$@" > ${folder}/args; exec java @${folder}/args`],
] as const)
  test(`a JVM that is started ${how} is found with its counters`, { skip, timeout: 60_000 }, async () => {
    const { target, reason } = await findJvm(sh(script), 'ready');
    assert.deepEqual(
      [target.name, target.jvm?.evidence, target.jvm?.collector, reason],
      ['Healthy', 'hsperfdata', 'Serial', null],
    );
  });

/** Starts the JVM where the script has made another /tmp for it alone; its classes are elsewhere. */
async function findWithOtherTmp(
  script: string,
  launcher = '',
  ready = 'ready',
  env: Readonly<Record<string, string>> = {},
): Promise<FoundJvm> {
  const classes = java[3]!;
  const inVarTmp = mkdtempSync('/var/tmp/memhound-ways-');
  try {
    const moved = `cp -r ${classes}/. ${inVarTmp}; ${script}; set -- "\${@/#*memhound-classes-*/${inVarTmp}}"; exec ${launcher} java "$@"`;
    const inNamespace = (cgroup: TestCgroup) => cgroup.join('unshare', ['-m', 'bash', '-c', moved, 'bash', ...java]);
    return await findJvm(inNamespace, ready, { env });
  } finally {
    rmSync(inVarTmp, { recursive: true });
  }
}

test('a JVM whose /tmp is a volume of its own is found with its counters', { skip, timeout: 60_000 }, async () => {
  const { target, reason } = await findWithOtherTmp('mount -t tmpfs t /tmp');
  assert.deepEqual([target.name, target.jvm?.evidence, reason], ['Healthy', 'hsperfdata', null]);
});

test('a JVM in a pid namespace within a pid namespace is found with its counters', { skip, timeout: 60_000 }, async () => {
  // Such a JVM removes the counters of all others in its /tmp, because it does not see their processes.
  const inside = 'unshare -pf --kill-child unshare -pf --kill-child';
  const { target, reason } = await findWithOtherTmp('mount -t tmpfs t /tmp', inside);
  assert.deepEqual([target.name, target.jvm?.evidence, reason], ['Healthy', 'hsperfdata', null]);
});

test('a program with the pid of a JVM that was killed is no JVM, though the file of its counters is still there', {
  skip,
  timeout: 60_000,
}, async () => {
  const program = `const fs = require('node:fs');
    console.log('inherited', fs.existsSync('/tmp/hsperfdata_root/' + process.pid));
    setInterval(() => {}, 1e6);`;
  // The kernel gives the next process the number after the last one.
  const inherit = `mkfifo /tmp/says; "$@" <&0 > /tmp/says & jvm=$!
    read line < /tmp/says; kill -9 $jvm; wait $jvm
    echo $((jvm - 1)) > /proc/sys/kernel/ns_last_pid; ${process.execPath} -e "$PROGRAM" & wait`;
  const namespace = `unshare -pf --kill-child --mount-proc bash -c "$INHERIT" bash`;
  const { target } = await findWithOtherTmp('mount -t tmpfs t /tmp', namespace, 'inherited true', {
    PROGRAM: program,
    INHERIT: inherit,
  });
  assert.deepEqual([target.name, target.jvm], ['node', null]);
});

for (const [how, script, why] of [
  ['is read-only', 'mount -t tmpfs -o ro t /tmp', /^its \/tmp is read-only/],
  [
    'is full',
    'mount -t tmpfs -o size=4k t /tmp && head -c 4096 /dev/zero > /tmp/full',
    /its \/tmp was full when the JVM started/,
  ],
] as const)
  test(`a JVM whose /tmp ${how} is found, and the reason for missing counters is that`, { skip, timeout: 60_000 }, async () => {
    const { target, reason } = await findWithOtherTmp(script);
    assert.equal(target.jvm?.evidence, 'libjvm');
    assert.match(reason ?? '', why);
  });

test('a JVM over whose /tmp another volume was mounted later is found, and the reason is that', {
  skip,
  timeout: 60_000,
}, async () => {
  const script = 'java "$@" | while read line; do [ "$line" = ready ] && mount -t tmpfs t /tmp; echo "$line"; done';
  const { target, reason } = await findJvm(
    (cgroup) => cgroup.join('unshare', ['-m', 'bash', '-c', script, 'bash', ...java]),
    'ready',
  );
  assert.equal(target.jvm?.evidence, 'libjvm');
  assert.match(reason ?? '', /another volume has been mounted over \/tmp/);
});

const EMBEDDING = `#include <jni.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  JavaVM *vm;
  JNIEnv *env;
  JavaVMOption options[] = {{"-Xmx64m", 0}, {"-XX:+UseSerialGC", 0}};
  JavaVMInitArgs args = {JNI_VERSION_1_8, 2, options, JNI_FALSE};
  if (JNI_CreateJavaVM(&vm, (void **)&env, &args) != JNI_OK) return 1;
  puts("embedded");
  fflush(stdout);
  pause();
}
`;
const home = skip === false ? dirname(dirname(realpathSync(program('javac')))) : '';
const compiler = ['/usr/bin/cc', '/usr/bin/gcc', '/usr/bin/tcc'].find((path) => existsSync(path));
const canEmbed = compiler !== undefined && existsSync(join(home, 'include/jni.h'));

test('a JVM inside a native program is found by its library, under the name of the program', {
  skip: skip || (!canEmbed && 'needs a C compiler, and jni.h of a JDK'),
  timeout: 60_000,
}, async () => {
  const binary = join(folder, 'orders-native');
  writeFileSync(`${binary}.c`, EMBEDDING);
  const folders = [`-I${home}/include`, `-I${home}/include/linux`, `-L${home}/lib/server`, `-Wl,-rpath,${home}/lib/server`];
  const { code, stderr } = await run(compiler!, [`${binary}.c`, ...folders, '-ljvm', '-o', binary]);
  assert.equal(code, 0, stderr);
  const { target, reason } = await findJvm((cgroup) => cgroup.join(binary, []), 'embedded');
  assert.deepEqual(
    [target.name, target.jvm?.evidence, target.jvm?.collector, reason],
    ['orders-native', 'hsperfdata', 'Serial', null],
  );
});
