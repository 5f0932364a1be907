import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, watch as watchFolder, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { JDK_LINES, jdk } from '../../../scripts/jdks.mjs';
import type { Culprit } from '../../../src/culprit/types.ts';
import type { JfrEvent } from '../../../src/jfr/jfr-chunk.ts';
import type { JfrValue } from '../../../src/jfr/jfr-values.ts';
import type { CulpritAnswer } from '../../../src/outlets/status.ts';
import { compile, startJava } from '../../support/java.ts';
import { readEvents } from '../../support/jfr-events.ts';
import { MEMHOUND, watch } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';
import { type Running, run, start } from '../../support/process.ts';

const skip = missingRequirements('javac', 'cgroup', 'jcmd', 'unshare', 'mount');

/** The kinds of the files that memhound and this JVM make for recordings of it, all of them and those that are there still. */
function filesOf(t: TestContext, pid: number) {
  const name = new RegExp(`^memhound-${pid}-[0-9a-f]{16}\\.(jf[rc])$`);
  const kinds = (names: readonly string[]) => [...new Set(names.flatMap((one) => name.exec(one)?.[1] ?? []))].sort();
  const seen: string[] = [];
  const watcher = watchFolder('/tmp', (_, one) => {
    if (one !== null) seen.push(one);
  });
  t.after(() => watcher.close());
  return { made: () => kinds(seen), left: () => kinds(readdirSync('/tmp')) };
}

test('culprit names the class that a running JVM accumulates', { skip }, async (t) => {
  const java = await startJava('scenarios/HeapLeak.java', ['4', '150'], {
    flags: ['-XX:+UseSerialGC', '-Xmx200m', '-XX:TieredStopAtLevel=1'],
  });
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  const files = filesOf(t, java.pid);
  const args = ['culprit', '--json', '--for', '3s', '--pid', String(java.pid)];
  const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as Culprit;
  assert.equal(found.state === 'named' && found.culprit.name, 'byte[]', stdout);
  assert.match(stderr, /five full collections/);
  const { retention } = found as Extract<Culprit, { state: 'named' }>;
  assert.ok(retention?.state === 'known' && retention.heldBy !== null, stdout);
  assert.match(retention.heldBy.name, /^(?:HeapLeak\.\w+|java\.util\.ArrayList of byte\[\])$/);
  assert.match(retention.allocatedAt?.name ?? '', /^HeapLeak\.main:\d+$/);
  assert.deepEqual(files.made(), ['jfr'], 'its file has the pid of the JVM');
  assert.deepEqual(files.left(), [], 'the file of the recording is removed');
});

async function leakingJvm(t: TestContext): Promise<Running> {
  const java = await startJava('scenarios/HeapLeak.java', ['1', '60'], { flags: ['-XX:+UseSerialGC', '-Xmx200m'] });
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  return java;
}

const jcmd = async (java: Running, ...command: string[]) => (await run('jcmd', [String(java.pid), ...command])).stdout;

/** Waits until a search records: the name of its recording, and how long it lasts if that has an end. */
async function recordingIn(java: Running): Promise<RegExpExecArray> {
  for (;;) {
    const running = /name=(memhound-\S+) (?:duration=(\S+) )?.*\(running\)/.exec(await jcmd(java, 'JFR.check'));
    if (running !== null) return running;
    await delay(100);
  }
}

test('where memhound is killed the recording has an end of its own, and the next search removes its file', {
  skip,
}, async (t) => {
  const java = await leakingJvm(t);
  const files = filesOf(t, java.pid);
  const args = ['culprit', '--pid', String(java.pid), '--for'];
  const killed = start([process.execPath, [MEMHOUND, ...args, '1h']]);
  t.after(() => killed.stop('SIGKILL'));
  const running = await recordingIn(java);
  await killed.stop('SIGKILL');
  assert.match(running[2] ?? '', /^(?:3660s|1h 1m|61m|1h1m)$/, running[0]);
  const file = join('/tmp', `${running[1]}.jfr`);
  const old = new Date(Date.now() - 3600_000);
  utimesSync(file, old, old);
  const search = () => run(process.execPath, [MEMHOUND, ...args, '1s']);
  assert.equal((await search()).code, 0);
  assert.deepEqual(files.left(), ['jfr'], 'that of a recording which runs is left');
  await jcmd(java, 'JFR.stop', `name=${running[1]}`); // as the end of its time does
  utimesSync(file, old, old);
  assert.equal((await search()).code, 0);
  assert.deepEqual(files.left(), []);
});

test('where the JVM ends during a recording, that is said, and what the recorder wrote at its end is removed', {
  skip,
}, async (t) => {
  const java = await leakingJvm(t);
  const files = filesOf(t, java.pid);
  const searched = run(process.execPath, [MEMHOUND, 'culprit', '--pid', String(java.pid), '--for', '20s']);
  await recordingIn(java);
  await java.stop('SIGTERM');
  const { code, stdout } = await searched;
  assert.equal(code, 1);
  assert.match(stdout, /^heap: not known, because pid \d+ has ended/);
  assert.deepEqual([files.made(), files.left()], [['jfr'], []]);
});

test('a container whose /tmp is read-only cannot be asked, and what helps is said', { skip }, async (t) => {
  const mounts = 'mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp';
  const program = `exec java -Xmx64m -cp ${await compile('scenarios/ThreadLeak.java')} ThreadLeak 20 400`;
  const java = start(['unshare', ['-m', 'sh', '-c', `${mounts} && ${program}`]]);
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  for (const cause of ['threads', 'page-cache']) {
    const args = ['culprit', '--cause', cause, '--for', '1s', '--pid', String(java.pid)];
    const { code, stdout } = await run(process.execPath, [MEMHOUND, ...args]);
    assert.equal(code, 1);
    assert.match(stdout, /\/tmp of (?:its|the) container is read-only, .*\nmount an emptyDir at \/tmp of that container/);
  }
});

test('culprit names the pool of threads that a running JVM accumulates', { skip }, async (t) => {
  const java = await startJava('scenarios/ThreadLeak.java', ['20', '400']);
  t.after(() => java.stop('SIGKILL'));
  await java.line((l) => l === 'ready');
  const args = ['culprit', '--json', '--cause', 'threads', '--for', '2s', '--pid', String(java.pid)];
  const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as Culprit;
  assert.ok(found.state === 'named' && found.stand !== null, stdout);
  assert.ok(found.culprit.after > found.culprit.before && found.culprit.share >= 0.5, stdout);
  assert.match(found.stand.frame, /ThreadLeak/);
});

test('culprit names the file, the connection and the program of a running JVM, with the line of code', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-logged-'));
  const log = join(dir, 'app.log');
  const java = await startJava('scenarios/LoggedLookups.java', [log, '/bin/true']);
  t.after(async () => {
    await java.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  await java.line((l) => l === 'ready');
  const files = filesOf(t, java.pid);
  const recorded = async (cause: string) => {
    const args = ['culprit', '--json', '--cause', cause, '--for', '2s', '--pid', String(java.pid)];
    const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
    assert.equal(code, 0, stderr);
    const found = JSON.parse(stdout) as Culprit;
    assert.ok(found.state === 'recorded', stdout);
    return found;
  };
  const file = (await recorded('page-cache')).culprit;
  assert.equal(file?.name, log);
  assert.match(file.from?.line ?? '', /^LoggedLookups\$GeoClient\.lookup:\d+$/);
  assert.equal(file.from?.level, 'FINE');
  assert.match(file.from?.logger ?? '', /^java\.util\.logging\.\w+Handler$/);
  const [peer] = (await recorded('sock')).groups;
  assert.match(peer?.name ?? '', /^(?:localhost|127\.0\.0\.1):\d+$/);
  assert.match(peer?.from?.line ?? '', /^LoggedLookups(?:\$Metrics\.send|\.lambda\$drain\$0):\d+$/);
  const program = (await recorded('process')).culprit;
  assert.equal(program?.name, '/bin/true');
  assert.match(program.from?.line ?? '', /^LoggedLookups\$Thumbnails\.make:\d+$/);
  assert.equal(program.thread?.name, 'main');
  assert.deepEqual(files.made(), ['jfc', 'jfr'], 'their files have the pid of the JVM');
  assert.deepEqual(files.left(), [], 'the files of the recordings are removed');
});

test('POST /api/v1/culprit begins a search, GET tells how far it is and then which loaders became more, DELETE cancels', {
  skip,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-token-'));
  writeFileSync(join(dir, 'token'), 'sesame-opens-it', { mode: 0o600 });
  const java = await startJava('scenarios/ClassLoaderLeak.java', ['100', '100000']);
  await java.line((l) => l === 'ready');
  const hound = await watch(['--pid', String(java.pid), '--every', '1s', '--attach', '--token-file', join(dir, 'token')]);
  t.after(async () => {
    await hound.stop('SIGKILL');
    await java.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const ask = async (method: string, query = '') => {
    const headers = { Authorization: 'Bearer sesame-opens-it' };
    const answer = await fetch(`${hound.url}/api/v1/culprit${query}`, { method, headers });
    return { status: answer.status, body: (await answer.json()) as CulpritAnswer };
  };
  const done = async (): Promise<Extract<CulpritAnswer, { state: 'done' }>> => {
    for (;;) {
      const { body } = await ask('GET');
      if (body.state === 'done') return body;
      assert.equal(body.state, 'running');
      await delay(100);
    }
  };
  assert.equal((await ask('GET')).body.state, 'none');
  assert.equal((await ask('POST', '?cause=threads&for=3600')).body.state, 'running');
  assert.equal((await ask('POST', '?cause=metaspace')).status, 409);
  await ask('DELETE');
  const { culprit: cancelled } = await done();
  assert.equal(cancelled.state === 'unknown' && cancelled.because, 'cancelled');
  await ask('POST', '?cause=metaspace&for=4');
  const { culprit } = await done();
  assert.ok(culprit.state === 'named', JSON.stringify(culprit));
  assert.equal(culprit.culprit.name, 'ClassLoaderLeak$Loader');
  assert.ok(culprit.culprit.more.loaders! > 0 && culprit.culprit.more.classes! > 0, JSON.stringify(culprit));
  assert.match(culprit.parent!, /AppClassLoader$/);
});

/** Thirty threads, so that there are events, in Java 8's syntax. */
const PROGRAM = `public class Recorded {
  public static void main(String[] args) throws Exception {
    for (int i = 0; i < 30; i++) { Thread t = new Thread(() -> {}, "pool-" + i); t.start(); t.join(); }
  }
}`;

for (const line of JDK_LINES) {
  const absent = jdk(line) === null && `needs JDK ${line}, which \`node scripts/jdks.mjs ${line}\` fetches`;
  test(`events of a recording by JDK ${line} are those that its own jfr prints`, { skip: skip || absent }, (t) =>
    compareWithJfr(t, jdk(line)!),
  );
}
test('events of a recording by the installed JDK are those that its own jfr prints', { skip }, (t) =>
  compareWithJfr(t, { java: 'java', jfr: 'jfr' }),
);

async function compareWithJfr(t: TestContext, { java, jfr }: { readonly java: string; readonly jfr: string }): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-jfr-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'r.jfr');
  writeFileSync(join(dir, 'Recorded.java'), PROGRAM);
  const compiled = await run('javac', ['--release', '8', '-nowarn', '-d', dir, join(dir, 'Recorded.java')]);
  assert.equal(compiled.code, 0, compiled.stderr);
  const flags = [`-XX:StartFlightRecording=settings=profile,filename=${file},dumponexit=true`, '-Xmx64m'];
  const ran = await run(java, [...flags, '-cp', dir, 'Recorded']);
  assert.equal(ran.code, 0, ran.stderr);
  const types = ['jdk.ThreadStart', 'jdk.InitialSystemProperty', 'jdk.JavaThreadStatistics'];
  const printed = await run(jfr, ['print', '--json', '--events', types.join(), file]);
  assert.equal(printed.code, 0, printed.stderr);
  const theirs = (JSON.parse(printed.stdout) as Printed).recording.events.map(({ type, values }) => plain(type, values));
  const ours = readEvents(readFileSync(file), new Set(types)).map((event) => plain(event.type, printable(event)));
  assert.ok(theirs.length > 20, `${theirs.length} events`);
  assert.deepEqual(ours.sort(), theirs.sort());
}

interface Printed {
  readonly recording: { readonly events: readonly { readonly type: string; readonly values: Record<string, unknown> }[] };
}

/** What both say of an event: its texts and counts, and the name of its thread. Times are rounded in different ways. */
function plain(type: string, { key, value, activeCount, thread }: Record<string, unknown>): string {
  return JSON.stringify([type, key, value, activeCount, (thread as { readonly javaName?: unknown } | undefined)?.javaName]);
}

function printable({ values, chunk }: JfrEvent): Record<string, unknown> {
  const resolved = (value: JfrValue): unknown => {
    const found = chunk.resolve(value);
    return found instanceof Map ? Object.fromEntries([...found].map(([name, one]) => [name, resolved(one)])) : found;
  };
  return Object.fromEntries(
    [...values]
      .filter(([name]) => ['key', 'value', 'activeCount', 'thread'].includes(name))
      .map(([name, one]) => [name, resolved(one)]),
  );
}
