import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { grownClasses } from '../../../src/culprit/grown-groups.ts';
import { attach } from '../../../src/sources/jvm/attach.ts';
import { parseHistogram } from '../../../src/sources/jvm/class-histogram.ts';
import { parseCodeCache, parseHeapInfo, parseMetaspace, parseNativeMemory } from '../../../src/sources/jvm/jcmd-output.ts';
import { startJava } from '../../support/java.ts';
import { missingRequirements } from '../../support/needs.ts';
import { type Running, start } from '../../support/process.ts';
import { processRef, ROOTS } from '../../support/process-ref.ts';

const skip = missingRequirements('javac');
const ask = (pid: number, command: string, args: string[], timeoutMs = 10_000) =>
  attach({ roots: ROOTS, process: processRef(pid), command, args, timeoutMs });
const jcmd = async (pid: number, line: string): Promise<string> => {
  const reading = await ask(pid, 'jcmd', [line]);
  return reading.state === 'read' ? reading.value : assert.fail(JSON.stringify(reading));
};
/** A program (node -e) that answers as JDK 24 does. It prints each request. Like the JVM, it names its socket once it listens. */
const FAKE = `
const net = require('node:net'), fs = require('node:fs'), path = '/tmp/.java_pid' + process.pid;
fs.rmSync(path, { force: true }); // as a JVM does at its start: one of the same pid may have been killed
process.on('exit', () => fs.rmSync(path, { force: true }));
process.on('SIGQUIT', () => net.createServer((socket) => socket.once('data', (request) => {
  console.log(JSON.stringify(request.toString()));
  socket.end(request.toString().startsWith('2') ? '0\\nsecond' : request.includes('getversion') ? '0\\n2' : '0\\nfirst');
})).listen(path + '.tmp', () => fs.renameSync(path + '.tmp', path)));
process.stdin.on('end', () => process.exit()).resume();
console.log('ready');`;

for (const collector of ['Serial', 'Parallel', 'G1', 'Z', 'Shenandoah']) {
  test(`${collector}: the JVM answers heap, native memory, metaspace and code cache`, { skip }, async () => {
    const flags = [`-XX:+Use${collector}GC`, '-Xms64m', '-Xmx64m', '-XX:NativeMemoryTracking=summary'];
    const java = await startJava('scenarios/Healthy.java', ['8', '5'], { flags });
    try {
      await java.line((l) => l === 'ready');
      const { areas } = parseHeapInfo(await jcmd(java.pid, 'GC.heap_info'));
      const heap = areas.filter((a) => !/metaspace|class space/i.test(a.name));
      const committed = heap.reduce((sum, a) => sum + (a.committedBytes ?? 0), 0);
      assert.ok(committed >= 56 * 2 ** 20 && committed <= 64 * 2 ** 20, JSON.stringify(areas));
      const nmt = parseNativeMemory(await jcmd(java.pid, 'VM.native_memory summary'))!;
      const sum = nmt.categories.reduce((s, c) => s + c.committedBytes, 0);
      assert.ok(Math.abs(sum - nmt.committedBytes) < 2 ** 20, `${sum} of ${nmt.committedBytes}`);
      assert.equal(nmt.categories.find((c) => c.name === 'Java Heap')?.committedBytes, 64 * 2 ** 20);
      const meta = parseMetaspace(await jcmd(java.pid, 'VM.metaspace'))!;
      assert.ok(meta.nonClass.usedBytes > 0 && meta.nonClass.usedBytes <= meta.nonClass.committedBytes);
      const code = parseCodeCache(await jcmd(java.pid, 'Compiler.codecache'));
      assert.ok(code.length > 0 && code.every((c) => c.usedBytes > 0 && c.usedBytes <= c.sizeBytes), JSON.stringify(code));
      assert.ok(!existsSync(`/tmp/.attach_pid${java.pid}`));
    } finally {
      await java.stop();
    }
  });
}

test('two histograms name the class that leaks', { skip }, async () => {
  const java = await startJava('scenarios/HeapLeak.java', ['5', '20']);
  try {
    await java.line((l) => l === 'ready');
    const first = parseHistogram(await jcmd(java.pid, 'GC.class_histogram'));
    await java.line((l) => l === 'done');
    const grown = grownClasses(first, parseHistogram(await jcmd(java.pid, 'GC.class_histogram')));
    assert.equal(grown[0]?.name, '[B');
    assert.ok(grown[0].bytesGrown > 10 * 2 ** 20, JSON.stringify(grown));
  } finally {
    await java.stop();
  }
});

test('a JVM with -Xrs, and a program that is none, are never signalled', { skip }, async () => {
  const java = await startJava('scenarios/Healthy.java', ['8', '5'], { flags: ['-Xrs', '-Xmx64m'] });
  const plain = start([process.execPath, ['-e', "process.stdin.resume(); console.log('ready')"]]);
  try {
    for (const program of [java, plain]) {
      await program.line((l) => l === 'ready');
      const reading = await ask(program.pid, 'jcmd', ['GC.heap_info']);
      assert.match(reading.state === 'failed' ? reading.error : reading.state, /SIGQUIT is not caught/);
      assert.ok(processRef(program.pid));
      assert.ok(!existsSync(`/tmp/.attach_pid${program.pid}`));
    }
  } finally {
    await Promise.all([java.stop(), plain.stop()]);
  }
});

const DISABLED = '-XX:+DisableAttachMechanism';
const disabling: Record<string, (t: TestContext) => Promise<Running>> = {
  'an option': () => startJava('scenarios/Healthy.java', ['8', '5'], { flags: [DISABLED, '-Xmx64m'] }),
  'an option, without hsperfdata': () =>
    startJava('scenarios/Healthy.java', ['8', '5'], { flags: [DISABLED, '-XX:-UsePerfData', '-Xmx64m'] }),
  'a file of flags': (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'memhound-flags-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'flags'), '+DisableAttachMechanism\n');
    return startJava('scenarios/Healthy.java', ['8', '5'], { flags: [`-XX:Flags=${join(folder, 'flags')}`, '-Xmx64m'] });
  },
};
for (const [by, startIt] of Object.entries(disabling))
  test(`a JVM that may not be attached to by ${by} is not signalled, and the flag is named`, { skip }, async (t) => {
    const java = await startIt(t);
    t.after(() => java.stop('SIGKILL'));
    await java.line((l) => l === 'ready');
    const reading = await ask(java.pid, 'jcmd', ['GC.heap_info']);
    assert.match(reading.state === 'failed' ? reading.error : reading.state, /started with -XX:\+DisableAttachMechanism/);
    assert.match((reading.state === 'failed' && reading.remediation) || '', /^remove that flag/);
  });

test('a flag among the arguments of the program is not that of its JVM', { skip }, async (t) => {
  const java = await startJava('scenarios/Healthy.java', ['8', '5', DISABLED]);
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  assert.match(await jcmd(java.pid, 'GC.heap_info'), /Metaspace/);
});

test('version 2 is used if arguments need it and the JVM supports it', async () => {
  const fake = start([process.execPath, ['-e', FAKE]]);
  try {
    await fake.line((l) => l === 'ready');
    const four = await ask(fake.pid, 'load', ['a', 'b', 'c', 'd']);
    assert.equal(four.state === 'read' ? four.value : JSON.stringify(four), 'second');
    const one = await ask(fake.pid, 'jcmd', ['VM.version']);
    assert.equal(one.state === 'read' ? one.value : JSON.stringify(one), 'first');
    assert.match(
      fake.output(),
      /"1\\u0000getversion\\u0000\\u0000\\u0000\\u0000"\n"2\\u000013\\u0000load\\u0000a\\u0000b\\u0000c\\u0000d\\u0000"/,
    );
  } finally {
    fake.child.stdin?.end();
    await fake.exited;
  }
});

test('a process that catches the signal and never answers costs the timeout and leaves nothing', async () => {
  const deaf = start([process.execPath, ['-e', "process.on('SIGQUIT', () => {}); process.stdin.resume(); console.log('ready')"]]);
  try {
    await deaf.line((l) => l === 'ready');
    rmSync(`/tmp/.java_pid${deaf.pid}`, { force: true }); // of a JVM of the same pid that was killed
    const reading = await ask(deaf.pid, 'jcmd', ['GC.heap_info'], 200);
    assert.match(reading.state === 'failed' ? reading.error : reading.state, /no answer to SIGQUIT within 200 ms/);
    assert.ok(!existsSync(`/tmp/.attach_pid${deaf.pid}`));
  } finally {
    await deaf.stop();
  }
});

test('a link in place of the socket is not followed', async () => {
  const liar = start([process.execPath, ['-e', "process.on('SIGQUIT', () => {}); process.stdin.resume(); console.log('ready')"]]);
  const planted = `/tmp/.java_pid${liar.pid}`;
  try {
    await liar.line((l) => l === 'ready');
    rmSync(planted, { force: true }); // of a JVM of the same pid that was killed
    symlinkSync('/run/some.sock', planted);
    const reading = await ask(liar.pid, 'jcmd', ['GC.heap_info'], 200);
    assert.match(
      reading.state === 'failed' ? reading.error : reading.state,
      /expected a socket of uid \d+, found something else/,
    );
  } finally {
    rmSync(planted, { force: true });
    await liar.stop();
  }
});
