import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHsperfdata, parseHsperfdata, toJvmReading } from '../../../../src/sources/jvm/hsperfdata.ts';

const COLLECTORS = { serial: 'Serial', parallel: 'Parallel', g1: 'G1', zgc: 'ZGC', shenandoah: 'Shenandoah' } as const;
type Name = keyof typeof COLLECTORS;
const names = Object.keys(COLLECTORS) as Name[];
const bytesOf = (name: Name): Buffer => readFileSync(`test/fixtures/hsperf/${name}.bin`);
const jstatOf = (name: Name): Record<string, number> =>
  JSON.parse(readFileSync(`test/fixtures/hsperf/${name}.jstat.json`, 'utf8'));
const counters = (name: Name) => {
  const parsed = parseHsperfdata(bytesOf(name));
  return parsed.state === 'read' ? parsed.counters : assert.fail(parsed.error);
};
/** A generator of the project's own seed: xorshift32. */
function* random(seed: number): Generator<number, never> {
  for (let x = seed; ; ) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x >>> 0;
  }
}

for (const name of names) {
  test(`every number of a ${COLLECTORS[name]} JVM is what jstat says of the same instant`, () => {
    const ours = counters(name);
    const theirs = Object.entries(jstatOf(name));
    assert.ok(theirs.length > 100);
    // jstat makes sun.perfdata.* up from the prologue.
    for (const [key, value] of theirs) if (!key.startsWith('sun.perfdata.')) assert.equal(ours.get(key), value, key);
  });

  test(`the heap of a ${COLLECTORS[name]} JVM adds up, and its limit is -Xmx`, () => {
    const jstat = jstatOf(name);
    const jvm = toJvmReading(counters(name), { atMs: Date.now(), previous: null });
    assert.equal(jvm.collector, COLLECTORS[name]);
    const used = Object.entries(jstat).reduce(
      (s, [k, v]) => s + (/^sun\.gc\.generation\.\d\.space\.\d\.used$/.test(k) ? v : 0),
      0,
    );
    assert.equal(jvm.heapUsed.value, used);
    assert.ok(used > 8 * 2 ** 20 && used <= jvm.heapCommitted.value, `${used} of ${jvm.heapCommitted.value}`);
    assert.ok(typeof jvm.heapMax === 'number' && Math.abs(jvm.heapMax - 64 * 2 ** 20) <= 2 ** 20, String(jvm.heapMax));
    assert.equal(jvm.metaspace?.used.value, jstat['sun.gc.metaspace.used']);
    assert.equal(jvm.threads?.live, jstat['java.threads.live']);
    assert.match(jvm.version ?? '', /^17\./);
  });
}

test('no truncation of a capture makes the parser throw or hang', () => {
  const bytes = bytesOf('g1');
  for (let n = 0; n < bytes.length; n += 7) {
    const parsed = parseHsperfdata(bytes.subarray(0, n));
    assert.equal(parsed.state, 'failed', `${n} bytes`);
  }
});

test('no flipped byte makes the parser throw, hang or read outside the file', () => {
  const draw = random(20261123);
  for (const name of names) {
    const bytes = bytesOf(name);
    for (let i = 0; i < 2000; i++) {
      const copy = Buffer.from(bytes);
      for (let k = 0; k < 3; k++) copy[draw.next().value % copy.length] = draw.next().value & 255;
      const parsed = parseHsperfdata(copy);
      if (parsed.state === 'read') toJvmReading(parsed.counters, { atMs: 0, previous: null });
      else assert.match(parsed.error, /^hsperfdata: /);
    }
  }
});

test('offsets that point backwards, round in a circle or far outside are refused', () => {
  for (const [at, value] of [
    [24, -5],
    [24, 2 ** 31 - 1],
    [28, 2 ** 31 - 1],
    [28, -1],
  ] as const) {
    const copy = Buffer.from(bytesOf('serial'));
    copy.writeInt32LE(value, at);
    assert.equal(parseHsperfdata(copy).state, 'failed', `${value} at ${at}`);
  }
  const circle = Buffer.from(bytesOf('serial'));
  circle.writeInt32LE(0, circle.readInt32LE(24)); // an entry of length 0 would be walked for ever
  assert.equal(parseHsperfdata(circle).state, 'failed');
});

test('metaspace keeps its age until a collection renews it', () => {
  const before = toJvmReading(counters('g1'), { atMs: 1000, previous: null });
  const after = toJvmReading(counters('g1'), { atMs: 61_000, previous: before });
  assert.equal(after.metaspace?.used.atMs, 1000);
  assert.equal(after.heapUsed.atMs, 61_000);
});

test('arguments that may carry secrets are not passed on', () => {
  const given = counters('g1');
  const args = '-Xmx1g -Dpassword=x -XX:MaxRAMPercentage=70 -javaagent:/a.jar=key -XX:OnError=mail';
  const withArgs = { get: (name: string) => (name === 'java.rt.vmArgs' ? args : given.get(name)) };
  assert.deepEqual(toJvmReading(withArgs, { atMs: 0, previous: null }).flags, ['-Xmx1g', '-XX:MaxRAMPercentage=70']);
});

const PID = 7;
const START_TICKS = 100;
const MAPPED = `7f00-7f01 rw-s 00000000 00:01 1 /tmp/hsperfdata_app/${PID}\n`;

/** A JVM whose /tmp has no file, in a /proc of its own. */
function jvmWithoutFile(t: TestContext) {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-hsperfdata-'));
  t.after(() => rmSync(proc, { recursive: true, force: true }));
  const folder = join(proc, String(PID), 'root/tmp/hsperfdata_app');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(proc, String(PID), 'stat'), `${PID} (java) S ${'0 '.repeat(18)}${START_TICKS} 0\n`);
  writeFileSync(join(proc, String(PID), 'maps'), MAPPED);
  const reader = openHsperfdata({
    roots: { proc, cgroup: proc },
    process: { pid: PID, nspid: PID, startTicks: START_TICKS, uid: 1000, gid: 1000, name: 'java' },
  });
  t.after(() => reader.close());
  return {
    stateAt: (seconds: number) => reader.read(1_700_000_000_000 + seconds * 1000).state,
    makeFile: () => writeFileSync(join(folder, String(PID)), bytesOf('g1')),
    mapFile: (isMapped: boolean) => writeFileSync(join(proc, String(PID), 'maps'), isMapped ? MAPPED : ''),
  };
}

test('the file of a JVM that has just started is found at the next tick', (t) => {
  const { stateAt, makeFile } = jvmWithoutFile(t);
  assert.equal(stateAt(0), 'absent');
  makeFile();
  assert.equal(stateAt(10), 'read');
});

test('a JVM that has had no file for long is searched for one each minute', (t) => {
  const { stateAt, makeFile } = jvmWithoutFile(t);
  for (let at = 0; at <= 300; at += 10) assert.equal(stateAt(at), 'absent');
  makeFile();
  const found = [310, 320, 330, 340, 350, 360].map(stateAt);
  assert.ok(found[0] === 'absent' && found.at(-1) === 'read', found.join());
});

test('a file that a dead JVM left behind is looked at each minute, not at each tick', (t) => {
  const { stateAt, makeFile, mapFile } = jvmWithoutFile(t);
  makeFile();
  mapFile(false);
  for (let at = 0; at <= 300; at += 10) assert.equal(stateAt(at), 'absent');
  mapFile(true);
  const found = [310, 320, 330, 340, 350, 360].map(stateAt);
  assert.ok(found[0] === 'absent' && found.at(-1) === 'read', found.join());
});

test('the file is searched for at once when the clock was set back', (t) => {
  const { stateAt, makeFile } = jvmWithoutFile(t);
  for (let at = 0; at <= 300; at += 10) stateAt(at);
  makeFile();
  assert.equal(stateAt(-3600), 'read');
});
